"""Inverse, solution, determinant: the identities of their derivatives are proved, and models that use them agree."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
import sympy
from flint import fmpq, fmpq_mat
from sympy import Eq, KroneckerDelta, Piecewise, exp, tanh

from codegen.latex.printer import Printer
from codegen.render import render_module
from derive import Model, ModelError, Sum, derive
from derive.calculus.matrix_slopes import SLOPES
from derive.library import det, inverse, logdet, solve
from derive.values.affine import Affine, Index, Size
from derive.values.binders import Bound, MatrixFunction
from derive.values.nodes import Access, Expr, Mul, Number
from derive.values.text import render_expr
from verify.agreement import agree
from verify.elimination import Arithmetic, eliminate
from verify.linear import Routines
from verify.run import load
from verify.shadow import shadows

J, K, N = Index("j"), Index("k"), Affine.of(Size("n"))
BOUNDS = (Bound(J, Affine.of(1), N), Bound(K, Affine.of(1), N))
A, B = Access("A", (Affine.of(J), Affine.of(K))), Access("b", (Affine.of(J),))


def node(op: str, *at: int) -> MatrixFunction:
    return MatrixFunction(op, (A, B) if op == "solve" else (A,), BOUNDS, tuple(Affine.of(p) for p in at))


def value(expr: Expr, matrix: sympy.Matrix, right: sympy.Matrix) -> sympy.Expr:
    """The meaning of a slope, by SymPy's own matrices."""
    if isinstance(expr, Number):
        return sympy.Rational(expr.value.numerator, expr.value.denominator)
    if isinstance(expr, Mul):
        return sympy.prod(value(f, matrix, right) for f in expr.factors)
    assert isinstance(expr, MatrixFunction)
    at = [int(p.constant) - 1 for p in expr.at]
    if expr.op == "inverse":
        return matrix.inv()[at[0], at[1]]
    if expr.op == "solve":
        return (matrix.inv() * right)[at[0]]
    return matrix.det() if expr.op == "det" else sympy.log(matrix.det())


PLACES: dict[str, tuple[tuple[int, ...], ...]] = {
    "inverse": ((1, 2), (2, 2)),
    "solve": ((1,), (2,)),
    "det": ((),),
    "logdet": ((),),
}


@pytest.mark.parametrize("op", SLOPES)
@pytest.mark.parametrize("size", [2, 3])
def test_every_slope_is_proved_by_sympy(op: str, size: int) -> None:
    """The derivative of the formula of a 2 by 2 and of a 3 by 3 matrix, less the slope, is 0 identically."""
    matrix = sympy.Matrix(size, size, lambda p, q: sympy.Symbol(f"a{p}{q}"))
    right = sympy.Matrix(size, 1, lambda p, q: sympy.Symbol(f"b{p}"))
    for at in PLACES[op]:
        of = node(op, *at)
        for p in range(size):
            for q in range(size):
                slope = SLOPES[op][0](of, Affine.of(p + 1), Affine.of(q + 1))
                truth = sympy.diff(value(of, matrix, right), matrix[p, q])
                assert sympy.cancel(truth - value(slope, matrix, right)) == 0
            if op == "solve":
                slope = SLOPES[op][1](of, Affine.of(p + 1))
                assert sympy.cancel(sympy.diff(value(of, matrix, right), right[p]) - value(slope, matrix, right)) == 0


@pytest.mark.parametrize("op", ["inverse", "solve", "det"])
def test_slopes_of_larger_matrices_are_equal_rationals(op: str) -> None:
    """f(A + t dA) - f(A) - t slope.dA is of order t^2: its quotient by t^2 is the same polynomial part at t and t/2."""
    dice, size, t = Random(op), 5, sympy.Symbol("t")
    matrix = sympy.Matrix(size, size, lambda p, q: sympy.Rational(dice.randint(-9, 9), 7) + 5 * (p == q))
    right = sympy.Matrix(size, 1, lambda p, q: sympy.Rational(dice.randint(-9, 9), 7))
    for p, q in ((1, 3), (4, 4)):
        moved = matrix.copy()
        moved[p - 1, q - 1] += t
        of = node(op, *PLACES[op][0])
        if op == "det":
            truth = sympy.diff(moved.det(), t).subs(t, 0)
        else:
            column = moved.adjugate() * (right if op == "solve" else sympy.eye(size)[:, of.at[1].constant - 1])
            truth = sympy.diff(column[of.at[0].constant - 1] / moved.det(), t).subs(t, 0)
        assert sympy.nsimplify(truth) == value(SLOPES[op][0](of, Affine.of(p), Affine.of(q)), matrix, right)


# models

Stated = Callable[[Model], None]


def built(stated: Stated) -> Model:
    with Model("stated") as model:
        stated(model)
    return model


def text_of(model: Model) -> str:
    return render_module(derive(model), source="stated.py", digest="0")


def verdict(model: Model, text: str | None = None) -> Any:
    derivation = derive(model)
    return agree(derivation.system, derivation, load(text or text_of(model), "stated"))


def both(model: Model) -> None:
    """A and b of a system of equations are trained."""
    n = model.sizes("n")
    j, k = model.indices("j k")
    c = model.data(c=(n,))
    A, b = model.parameters(A=(n, n), b=(n,))
    u = model.variables("u")
    u[k] = solve(A[j, k], b[j], j, k)
    model.minimise(Sum(c[k] * tanh(u[k]), k))


def inside(model: Model) -> None:
    """Functions of a matrix that is no variable, inside an expression."""
    n = model.sizes("n")
    j, k = model.indices("j k")
    x = model.data(x=(n, n))
    A, s = model.parameters(A=(n, n), s=())
    model.minimise(
        Sum(tanh(inverse(A[j, k] + s * x[j, k], j, k)), j, k)
        + logdet(A[j, k] + s * x[j, k], j, k) / 2
        + det(A[k, j], j, k)
    )


def batch(model: Model) -> None:
    """One matrix for every sample, and a right side for every sample."""
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m, n))
    s = model.parameters(s=(n,))
    K, u = model.variables("K u")
    K[i, j, k] = x[i, j] * x[i, k] + exp(s[j]) * KroneckerDelta(j, k)
    u[i, k] = solve(K[i, j, k], y[i, j], j, k)
    model.minimise(Sum(y[i, k] * u[i, k], i, k) + Sum(logdet(K[i, j, k], j, k), i))


def several(model: Model) -> None:
    """Several right sides with one and with two letters of their own, and a transposed matrix."""
    m, n, r = model.sizes("m n r")
    i, j, k, p = model.indices("i j k p")
    x, y = model.data(x=(n, m), y=(n, r, m))
    A = model.parameters(A=(n, n))
    u, v = model.variables("u v")
    u[k, i] = solve(A[k, j], x[j, i], j, k)
    v[i, k, p] = solve(A[j, k], y[j, p, i], j, k)
    model.minimise(Sum(v[i, k, p] ** 2 * u[k, i], i, k, p))


def layers(model: Model) -> None:
    """One system of equations for every layer, of the layer's size."""
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x = model.data(x=(m, n(1)))
    A = model.parameters(A=(l, n(l), n(l)), over=(l, 1, L))
    w = model.parameters(w=(l, n(l), n(l - 1)), over=(l, 2, L))
    a, h = model.variables("a h")
    a[1, i, k] = x[i, k]
    h[l, i, k] = solve(A[l, j, k], a[l, i, j], j, k)
    a[l, i, j] = Sum(w[l, j, k] * h[l - 1, i, k], k)
    model.minimise(Sum(h[L, i, j] ** 2, i, j) / m - Sum(logdet(A[l, j, k], j, k), l))


def nested(model: Model) -> None:
    """The inverse of an inverse, read on its diagonal."""
    n = model.sizes("n")
    j, k = model.indices("j k")
    y = model.data(y=(n, n))
    A = model.parameters(A=(n, n))
    B = model.variables("B")
    B[j, k] = inverse(inverse(A[j, k], j, k) / 8 + KroneckerDelta(j, k), j, k)
    model.minimise(Sum(B[j, k] * y[k, j], j, k) + Sum(B[j, j], j))


def low_rank(model: Model) -> None:
    """The matrix is a sum, written where it is used."""
    m, n, r = model.sizes("m n r")
    i, j, k, p = model.indices("i j k p")
    x = model.data(x=(m, n))
    W, s = model.parameters(W=(n, r), s=())
    K = Sum(W[j, p] * W[k, p], p) + exp(s) * KroneckerDelta(j, k)
    model.minimise(logdet(K, j, k) + Sum(x[i, k] * solve(K, x[i, j], j, k), i, k) / m)


def deltas(model: Model) -> None:
    """Kronecker deltas of both kinds, and a mask."""
    n = model.sizes("n")
    j, k = model.indices("j k")
    x = model.data(x=(n, n))
    A, s = model.parameters(A=(n, n), s=())
    B, e = model.variables("B e")
    e[j, k] = Piecewise((s, Eq(j, k)), (0, True)) + Piecewise((A[j, k], k <= j), (0, True)) * x[j, k]
    B[j, k] = A[j, k] * KroneckerDelta(j, k) + s * KroneckerDelta(k, 1) * x[j, k] + e[j, k]
    model.minimise(Sum(B[j, k] ** 2, j, k) + Sum(A[j, k] ** 2 * KroneckerDelta(j, k), j, k))


@pytest.mark.parametrize("stated", [both, inside, batch, several, layers, nested, low_rank, deltas])
def test_a_model_agrees_on_balls(stated: Stated) -> None:
    found = verdict(built(stated))
    assert found.good, "\n".join(map(str, found.failures))
    assert not [c for c in found.checks if "black" in c.grade]


def test_the_adjoint_of_a_solution_is_a_solution_of_the_transposed_equations() -> None:
    derivation = derive(built(both))
    assert render_expr(derivation["d.b"].value) == "solve(A[j, p], d.u[p], p, j)"
    assert render_expr(derivation["d.A"].value) == "-u[k]*solve(A[j, p], d.u[p], p, j)"


def test_one_solution_serves_both_adjoints_and_nothing_is_inverted() -> None:
    gradient = text_of(built(both)).partition("def _cost_and_gradient")[2].partition("\ndef ")[0]
    assert gradient.count("_solution(A.T") == 1
    assert "dA = -u * db[:, None]" in gradient
    assert "np.linalg.inv" not in text_of(built(both))


def test_what_is_equal_is_computed_once() -> None:
    text = text_of(built(inside))
    bodies = text[text.index("def _forward") : text.index("def forward")]
    assert bodies.count("A + s * x") == 1
    assert bodies.count("_inverse(J_matrix,") == 1


def test_a_stack_of_matrices_is_solved_at_once() -> None:
    text = text_of(built(batch))
    assert 'u = _solution(K, y[..., None], "K")[..., 0]' in text
    assert "np.eye(n, dtype=x.dtype)" in text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("_solution(A.T,", "_solution(A,"),
        ('_solution(A, b, "A")', '_solution(A.T, b, "A")'),
    ],
)
def test_a_forgotten_transposition_is_found(right: str, wrong: str) -> None:
    model = built(both)
    text = text_of(model)
    assert right in text
    assert not verdict(model, text.replace(right, wrong)).good


def test_a_lost_sign_of_a_slope_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    model = built(both)
    honest = SLOPES["solve"]
    monkeypatch.setitem(SLOPES, "solve", (lambda *a: Mul((Number(Fraction(-1)), honest[0](*a))), honest[1]))
    assert not verdict(model).good


@pytest.mark.parametrize("stated", [both, inside])
def test_a_singular_matrix_is_an_error_with_its_name(stated: Stated) -> None:
    module = load(text_of(built(stated)), "stated")
    zeros = {"A": np.zeros((3, 3)), "b": np.ones(3), "s": np.zeros(())}
    given = {"c": np.ones(3)} if stated is both else {"x": np.ones((3, 3))}
    parameters = {n: zeros[n] for n in (("A", "b") if stated is both else ("A", "s"))}
    with pytest.raises(np.linalg.LinAlgError, match=r"^(A|J_matrix) is singular$"):
        module.cost(parameters, **given)


def test_a_logarithm_of_a_singular_determinant_is_an_error() -> None:
    def stated(model: Model) -> None:
        n = model.sizes("n")
        j, k = model.indices("j k")
        A = model.parameters(A=(n, n))
        model.minimise(logdet(A[j, k], j, k))

    module = load(text_of(built(stated)), "stated")
    with pytest.raises(np.linalg.LinAlgError, match="A is singular"):
        module.cost({"A": np.ones((2, 2))})


def test_latex_of_functions_of_matrices() -> None:
    system = built(low_rank).system
    printer = Printer(system)
    own = MatrixFunction("inverse", (A,), BOUNDS, (Affine.of(J), Affine.of(K)))
    assert printer.expr(own) == r"\left(A^{-1}\right)_{j,k}"
    assert printer.expr(node("logdet")) == r"\ln\left|\det A\right|"
    assert printer.expr(node("det")) == r"\det A"
    turned = MatrixFunction("solve", (A, Access("b", (Affine.of(K),))), BOUNDS[::-1], (Affine.of(J),))
    assert printer.expr(turned) == r"\left(A^{-\mathsf T} b\right)_{j}"


# errors


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda x, z, j, k: inverse(x[j, k], j, j), "inverse takes two different indices"),
        (lambda x, z, j, k: inverse(z[j], j, k), "index k does not stand in the matrix of inverse"),
        (lambda x, z, j, k: solve(x[j, k], 1, j, k), "index j does not stand in the right side of solve"),
        (lambda x, z, j, k: solve(x[j, k], z[j] * z[k], j, k), "index k stands in the right side of solve"),
        (lambda x, z, j, k: Sum(inverse(x[j, k], j, k), j, k), "which is not square"),
        (lambda x, z, j, k: logdet(x[j, k], j, k), "logdet of a matrix with rows 1..m and columns 1..n"),
        (lambda x, z, j, k: sympy.Determinant(sympy.MatrixSymbol("A", 2, 2)) * z[1], "Determinant is not supported"),
    ],
)
def test_what_cannot_be_meant(write: Callable[..., Any], what: str) -> None:
    def stated(model: Model) -> None:
        m, n = model.sizes("m n")
        j, k = model.indices("j k")
        x = model.data(x=(m, n))
        z = model.parameters(z=(m,))
        model.minimise(write(x, z, j, k) + Sum(z[j] ** 2, j))

    with pytest.raises(ModelError, match=re.escape(what)):
        built(stated)


# elimination


@pytest.mark.parametrize("size", [1, 2, 5])
def test_elimination_is_that_of_flint(size: int) -> None:
    dice = Random(size)
    rows = [[fmpq(dice.randint(-9, 9), 7) for _ in range(size)] for _ in range(size)]
    rows[0][0] = fmpq(0) if size > 1 else rows[0][0]
    unit = [[fmpq(p == q) for q in range(size)] for p in range(size)]
    found = eliminate(rows, unit, Arithmetic(lambda v: 1 / v, abs))
    truth = fmpq_mat(size, size, [v for row in rows for v in row])
    assert found.determinant == truth.det()
    assert [v for row in found.solution for v in row] == truth.inv().entries()


def test_a_singular_matrix_is_not_eliminated() -> None:
    with pytest.raises(ZeroDivisionError):
        eliminate([[1, 2], [2, 4]], [[1], [1]], Arithmetic(lambda v: Fraction(1, v), abs))


def test_functions_of_stacked_balls_are_those_of_numpy() -> None:
    drawn = np.random.default_rng(0).integers(-9, 9, (2, 3, 3)) + 12 * np.eye(3, dtype=int)
    right = np.random.default_rng(1).integers(-9, 9, (2, 3, 1))
    balls, sides = (shadows(np.vectorize(Fraction, otypes=[object])(v), 0.0) for v in (drawn, right))
    floats = np.vectorize(lambda ball: float(ball.ball.mid()), otypes=[float])
    routines = Routines()
    np.testing.assert_allclose(floats(routines.inv(balls)), np.linalg.inv(drawn), rtol=1e-12)
    np.testing.assert_allclose(floats(routines.solve(balls, sides)), np.linalg.solve(drawn, right), rtol=1e-12)
    np.testing.assert_allclose(floats(routines.solve(balls[0], sides[0, :, 0])), np.linalg.solve(drawn, right)[0, :, 0])
    np.testing.assert_allclose(floats(routines.det(balls)), np.linalg.det(drawn), rtol=1e-12)
    np.testing.assert_allclose(floats(routines.slogdet(balls)[1]), np.linalg.slogdet(drawn)[1], rtol=1e-12)
    assert list(routines.slogdet(balls)[0]) == list(np.linalg.slogdet(drawn)[0])
