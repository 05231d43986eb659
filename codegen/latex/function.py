"""Functions of matrices in LaTeX: `(K^{-1})_{jk}`, `log|det K|`."""

from __future__ import annotations

from codegen.latex.letters import Letters
from derive.values.affine import Affine
from derive.values.binders import Bound, MatrixFunction
from derive.values.nodes import Access, Expr

INVERSE_TRANSPOSED = r"^{-\mathsf T}"


def function_of_matrix(printer: Letters, expr: MatrixFunction) -> str:
    """The matrix by its letter if it is a whole tensor, else by its entry in square brackets with the two letters."""
    matrix, turned = whole(printer, expr.bodies[0], expr.bounds)
    if expr.op == "det":
        return rf"\det {matrix}"
    if expr.op == "logdet":
        return rf"\ln\left|\det {matrix}\right|"
    right = f" {whole(printer, expr.bodies[1], expr.bounds[:1])[0]}" if expr.op == "solve" else ""
    power = INVERSE_TRANSPOSED if turned else "^{-1}"
    places = ",".join(map(printer.affine, expr.at))
    return rf"\left({matrix}{power}{right}\right)_{{{places}}}"


def whole(printer: Letters, body: Expr, bounds: tuple[Bound, ...]) -> tuple[str, bool]:
    """A matrix or a vector, and whether its letter means the transposed one."""
    letters = tuple(Affine.of(b.index) for b in bounds)
    if isinstance(body, Access) and not body.tensor.startswith("d.") and body.at in (letters, letters[::-1]):
        return printer.name(body.tensor), body.at != letters
    names = ",".join(printer.index(b.index.name) for b in bounds)
    return rf"\left[{printer.expr(body)}\right]_{{{names}}}", False
