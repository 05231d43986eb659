"""Matrix forms in LaTeX: bold capitals for matrices, bold small letters for columns.

The product of matrices is juxtaposition, the product entry by entry is always `\\odot`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from codegen.latex.layout import brackets, breadth, folded, packed
from codegen.latex.names import capital, head, letter
from codegen.latex.printer import Printer
from derive.matrix.forms import MatrixForm
from derive.matrix.nodes import (
    Applied,
    Diagonal,
    Entries,
    Hadamard,
    Identity,
    Matrix,
    Norm,
    Ones,
    Plus,
    Product,
    Raised,
    Scalar,
    Scaled,
    Series,
    Transpose,
)
from derive.values.binders import Bound, Functional, Sum
from derive.values.nodes import ONE, Access, Number
from derive.values.text import split_sign

SUM, BIG, HADAMARD, PRODUCT, ATOM = range(5)


@dataclass(frozen=True)
class MatrixPrinter:
    """Prints matrix forms with the letters of one printer."""

    printer: Printer

    def form(self, form: MatrixForm, limit: float = 34.0) -> str:
        """`left = right`, broken into aligned lines where it is wide."""
        left = self.matrix(form.left)
        terms = [self.matrix(form.right)]
        if isinstance(form.right, Plus):
            terms = [self.signed(t, first=q == 0) for q, t in enumerate(form.right.terms)]
        room = limit - breadth(left)
        lines = [part for line in packed(terms, room) for part in folded(line, room)]
        if len(lines) == 1:
            return f"{left} = {lines[0]}"
        return rf"\begin{{aligned}}[t] {left} &= " + r" \\ &\quad ".join(lines) + r" \end{aligned}"

    def matrix(self, matrix: Matrix) -> str:
        """The LaTeX of a matrix."""
        return self.piece(matrix)[0]

    def piece(self, matrix: Matrix) -> tuple[str, int]:
        """LaTeX and how tightly it binds."""
        return RENDER[type(matrix)](self, matrix)

    def bracketed(self, matrix: Matrix, least: int) -> str:
        """LaTeX that binds at least so tightly."""
        text, binds = self.piece(matrix)
        return text if binds >= least else brackets(text)

    def signed(self, term: Matrix, first: bool) -> str:
        """A term of a sum with its sign."""
        negative = isinstance(term, Scaled) and isinstance(term.factor, Scalar) and split_sign(term.factor.of)[0]
        if negative:
            assert isinstance(term, Scaled) and isinstance(term.factor, Scalar)
            size = split_sign(term.factor.of)[1]
            return "-" + self.signed(term.of if size == ONE else Scaled(Scalar(size), term.of), first=True)
        if isinstance(term, Scalar):
            return ("-" if split_sign(term.of)[0] else "" if first else "+") + self.printer.bracketed(
                split_sign(term.of)[1], 1
            )
        if isinstance(term, Ones):
            return ("" if first else "+") + r"\mathbf{1}"
        return ("" if first else "+") + self.bracketed(term, BIG)

    def symbol(self, access: Access, rank: int) -> str:
        """The bold letter of a tensor with what stands above it; an adjoint without a letter is a quotient."""
        printer, name = self.printer, access.tensor.removeprefix("d.")
        declared = dict(printer.system.errors).get(name)
        above = [printer.affine(p) for q, p in enumerate(access.at) if q in printer.raised.get(name, frozenset())]
        upper = f"^{{{','.join(above)}}}" if above else ""
        if access.tensor.startswith("d.") and declared is None and printer.inline:
            return rf"\partial {printer.objective()}/\partial {self.symbol(Access(name, access.at), rank)}"
        if access.tensor.startswith("d.") and declared is None:
            return rf"\frac{{\partial {printer.objective()}}}{{\partial {self.symbol(Access(name, access.at), rank)}}}"
        return (
            bold(self.look(declared if access.tensor.startswith("d.") else name, rank)) + upper
            if rank
            else (printer.name(name) if not access.tensor.startswith("d.") else letter(declared or name)) + upper
        )

    def look(self, name: str | None, rank: int) -> str:
        """The letter; for a matrix its capital, unless that is another tensor's letter."""
        assert name is not None
        plain = self.printer.name(name) if name in self.printer.system.by_name else letter(name)
        taken = {self.printer.name(t.name) for t in self.printer.system.tensors}
        large = capital(plain) if rank == 2 else None
        return large if large and large not in taken else plain


def bold(look: str) -> str:
    """A bold letter."""
    return rf"\boldsymbol{{{look}}}"


def render_scalar(printer: MatrixPrinter, matrix: Scalar) -> tuple[str, int]:
    """A number or another expression without axes."""
    return printer.printer.piece(matrix.of)[0], (SUM, BIG, PRODUCT, ATOM, ATOM)[printer.printer.piece(matrix.of)[1]]


def render_entries(printer: MatrixPrinter, matrix: Entries) -> tuple[str, int]:
    """`W^l`, `b^l`."""
    if isinstance(matrix.of, Access):
        return printer.symbol(matrix.of, len(matrix.axes)), ATOM
    return gradient(printer, matrix.of, len(matrix.axes)), ATOM


def gradient(printer: MatrixPrinter, of: Functional, rank: int) -> str:
    """An opaque functional, or its gradient by whole vectors."""
    if not of.by:
        rows = [printer.symbol(b, 1) if isinstance(b, Access) else printer.printer.expr(b) for b in of.bodies]
        return f"{letter(of.name)}({', '.join(rows)})"
    below = [of.bodies[k] for k, _ in of.by]
    marks = [printer.symbol(b, rank) if isinstance(b, Access) else printer.printer.expr(b) for b in below]
    return rf"\nabla_{{{' '.join(marks)}}} {letter(of.name)}"


def render_ones(printer: MatrixPrinter, matrix: Ones) -> tuple[str, int]:
    """A column or a matrix of ones."""
    across = "" if matrix.cols is None else rf" \times {printer.printer.affine(matrix.cols)}"
    return rf"\mathbf{{1}}_{{{printer.printer.affine(matrix.count)}{across}}}", ATOM


def render_identity(printer: MatrixPrinter, matrix: Identity) -> tuple[str, int]:
    """`I`."""
    return rf"\mathbf{{I}}_{{{printer.printer.affine(matrix.count)}}}", ATOM


def render_transpose(printer: MatrixPrinter, matrix: Transpose) -> tuple[str, int]:
    """`A^T`."""
    text, binds = printer.piece(matrix.of)
    plain = binds == ATOM and "^" not in text and r"\frac" not in text
    return tight(text, plain) + r"^{\top}", ATOM


def tight(text: str, plain: bool) -> str:
    """Brackets that stay small around a single letter."""
    return text if plain else f"({text})" if r"\frac" not in text and r"\sum" not in text else brackets(text)


def render_product(printer: MatrixPrinter, matrix: Product) -> tuple[str, int]:
    """`A B`."""
    return rf"{printer.bracketed(matrix.left, PRODUCT)}\,{printer.bracketed(matrix.right, PRODUCT)}", PRODUCT


def render_hadamard(printer: MatrixPrinter, matrix: Hadamard) -> tuple[str, int]:
    """`A (.) B (/) C`."""
    above = [p for p in matrix.parts if not below(p)]
    under = [p for p in matrix.parts if below(p)]
    text = r" \odot ".join(printer.bracketed(p, ATOM) for p in above) or r"\mathbf{1}"
    for part in under:
        assert isinstance(part, Raised)
        flipped = part.of if part.exponent == -1 else Raised(part.of, -part.exponent)
        text += rf" \oslash {printer.bracketed(flipped, ATOM)}"
    return text, HADAMARD


def below(matrix: Matrix) -> bool:
    """Does it stand below a fraction bar?"""
    return isinstance(matrix, Raised) and matrix.exponent < 0


def render_scaled(printer: MatrixPrinter, matrix: Scaled) -> tuple[str, int]:
    """`2 A`."""
    if isinstance(matrix.factor, Scalar):
        negative, size = split_sign(matrix.factor.of)
        if negative:
            rest = matrix.of if size == ONE else Scaled(Scalar(size), matrix.of)
            return f"-{printer.bracketed(rest, BIG)}", SUM
    text, binds = printer.piece(matrix.of)
    if isinstance(matrix.factor, Raised) and matrix.factor.exponent == -1:
        return (
            rf"\frac{{1}}{{{printer.matrix(matrix.factor.of)}}}\,{text if binds >= HADAMARD else brackets(text)}",
            BIG,
        )
    inner = text if binds in (BIG, PRODUCT, ATOM) or binds == HADAMARD else brackets(text)
    front = printer.bracketed(matrix.factor, PRODUCT)
    return rf"{front}\,{inner}".replace(r"\,\sum", r"\sum"), BIG if binds in (BIG, HADAMARD) else PRODUCT


def render_plus(printer: MatrixPrinter, matrix: Plus) -> tuple[str, int]:
    """`A + B - C`."""
    return "".join(printer.signed(t, first=q == 0) for q, t in enumerate(matrix.terms)), SUM


def render_applied(printer: MatrixPrinter, matrix: Applied) -> tuple[str, int]:
    """`f'(Z)`."""
    given = next((f.latex for f in printer.printer.system.functions if f.name == matrix.function), "")
    name = head(matrix.function, given)
    if len(matrix.orders) == 1:
        name += "'" * matrix.orders[0]
    elif any(matrix.orders):
        name += f"^{{({','.join(map(str, matrix.orders))})}}"
    inside = ", ".join(printer.matrix(a) for a in matrix.args)
    tall = r"\frac" in inside or r"\sum" in inside
    return f"{name}{brackets(inside) if tall else f'({inside})'}", ATOM


def render_raised(printer: MatrixPrinter, matrix: Raised) -> tuple[str, int]:
    """`A^(.)2`."""
    text, binds = printer.piece(matrix.of)
    power = printer.printer.expr(Number(matrix.exponent))
    plain = binds == ATOM and "^" not in text
    return rf"{tight(text, plain)}^{{\odot {power}}}", ATOM


def render_diagonal(printer: MatrixPrinter, matrix: Diagonal) -> tuple[str, int]:
    """`diag(u)`."""
    inverse = isinstance(matrix.of, Raised) and matrix.of.exponent == -1
    text = printer.matrix(matrix.of.of if isinstance(matrix.of, Raised) and inverse else matrix.of)
    return rf"\operatorname{{diag}}{brackets(text)}" + ("^{-1}" if inverse else ""), ATOM


def render_series(printer: MatrixPrinter, matrix: Series) -> tuple[str, int]:
    """A sum over layers."""
    return f"{signs(printer.printer, matrix.bounds)} {printer.bracketed(matrix.of, BIG)}", BIG


def signs(printer: Printer, bounds: tuple[Bound, ...]) -> str:
    """Sum signs, outermost first."""
    return printer.expr(Sum(ONE, bounds)).removesuffix(" 1")


def render_norm(printer: MatrixPrinter, matrix: Norm) -> tuple[str, int]:
    """`|A|^2`."""
    return rf"\lVert {printer.matrix(matrix.of)}\rVert^{{2}}", ATOM


RENDER: dict[type, Callable[[MatrixPrinter, Any], tuple[str, int]]] = {
    Scalar: render_scalar,
    Entries: render_entries,
    Ones: render_ones,
    Identity: render_identity,
    Transpose: render_transpose,
    Product: render_product,
    Hadamard: render_hadamard,
    Scaled: render_scaled,
    Plus: render_plus,
    Applied: render_applied,
    Raised: render_raised,
    Diagonal: render_diagonal,
    Series: render_series,
    Norm: render_norm,
}
