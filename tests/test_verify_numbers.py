"""Numbers, oracles and scalar functions of the interpreter."""

from fractions import Fraction

import mpmath
import pytest
import sympy
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st
from models import derivation, system

from derive.language.functions import function
from derive.system import System
from verify.case import sharp
from verify.duals import Dual, combine
from verify.formula import Formulas
from verify.instance import instance
from verify.numbers import Balls, Exact, Undecided
from verify.sizes import Sizes

SIGMOID = system("mlp")
Z = sympy.Symbol("z", real=True)


def with_functions(*functions) -> System:
    base = SIGMOID
    return System(**{**{f: getattr(base, f) for f in base.__dataclass_fields__}, "functions": functions})


rationals = st.fractions(min_value=-3, max_value=3, max_denominator=50)


@given(rationals)
def test_law_of_the_sigmoid_holds_exactly_over_oracles(value):
    formulas, z = Formulas(SIGMOID, Exact(1)), (fmpq(value.numerator, value.denominator),)
    a, slope = formulas.call("sigmoid", z, (0,)), formulas.call("sigmoid", z, (1,))
    assert slope == a * (1 - a)
    assert formulas.call("exp", z, (3,)) == formulas.call("exp", z, (0,))


def test_oracle_answers_by_seed_and_argument_only():
    first, second, other = Exact(1), Exact(1), Exact(2)
    second.elementary("exp", (fmpq(7),))
    assert first.elementary("exp", (fmpq(1, 3),)) == second.elementary("exp", (fmpq(1, 3),))
    assert first.elementary("exp", (fmpq(1, 3),)) != other.elementary("exp", (fmpq(1, 3),))
    assert first.unknown("f", (fmpq(1),), (0,)) != first.unknown("f", (fmpq(1),), (1,))


def test_power_of_an_oracle_obeys_its_derivative():
    field = Exact(3)
    half = fmpq(1, 2)
    assert field.power(fmpq(5), half - 1) * 5 == field.power(fmpq(5), half)


@pytest.mark.parametrize(
    "formula",
    [
        sympy.tanh(Z),
        sympy.log(1 + sympy.exp(Z)),
        sympy.sqrt(1 + Z**2),
        sympy.atan(2 * Z),
        sympy.erf(Z),
        sympy.loggamma(2 + Z),
        Z * sympy.exp(-(Z**2) / 3),
        sympy.Abs(Z) ** 3,
        sympy.Max(0, Z) ** 2,
        (1 + Z**2) ** sympy.Rational(-1, 3),
        sympy.Piecewise((Z, Z > 0), (sympy.exp(Z) - 1, True)),
        sympy.sin(Z) / (2 + sympy.cos(Z)),
        2**Z,
        sympy.pi * Z,
    ],
    ids=str,
)
@pytest.mark.parametrize("at", [Fraction(-7, 10), Fraction(13, 10)])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_functions_and_derivatives_on_balls(formula, at, order):
    formulas = Formulas(with_functions(function("f", lambda z: formula.subs(Z, z))), Balls(0))
    with Balls(0).context(), mpmath.workdps(60):
        found = formulas.call("f", (Balls(0).rational(at),), (order,))
        wanted = mpmath.diff(sympy.lambdify(Z, formula, "mpmath"), mpmath.mpf(at.numerator) / at.denominator, order)
        middle = mpmath.mpf(found.mid().str(60, radius=False))
        assert abs(middle - wanted) < mpmath.mpf(10) ** -(45 if order == 0 else 20)
        assert float(found.rad()) < 1e-40


@pytest.mark.parametrize(
    ("formula", "slope"),
    [
        (sympy.Max(0, Z), 0),
        (sympy.Abs(Z), 0),
        (sympy.sign(Z), 0),
        (sympy.Min(0, Z), 0),
        (sympy.Piecewise((Z, Z > 0), (Z / 3, True)), Fraction(1, 3)),
        (sympy.Piecewise((2 * Z, Z >= 0), (Z, True)), 2),
    ],
    ids=str,
)
def test_kinks_follow_the_stated_convention(formula, slope):
    formulas = Formulas(with_functions(function("f", lambda z: formula.subs(Z, z))), Exact(0))
    slope = Fraction(slope)
    assert formulas.call("f", (fmpq(0),), (1,)) == fmpq(slope.numerator, slope.denominator)


def test_comparison_that_balls_cannot_decide_raises():
    formulas = Formulas(with_functions(function("f", lambda z: sympy.Max(0, z))), Balls(0))
    with pytest.raises(Undecided, match="cannot be decided"):
        formulas.call("f", (arb(0, 1e-30),), (0,))
    with pytest.raises(Undecided, match="not finite"):
        Balls(0).elementary("log", (arb(-1),))


@given(rationals, rationals)
def test_unknown_functions_on_balls_are_polynomials_with_their_derivatives(x, y):
    field = Balls(4)
    with field.context():
        args = (field.rational(x), field.rational(y))
        step = Fraction(1, 10**9)
        for k in range(2):
            orders = tuple(int(q == k) for q in range(2))
            moved = [tuple(field.rational(v + s * step * (q == k)) for q, v in enumerate((x, y))) for s in (1, -1)]
            up, down = (field.unknown("f", m, (0, 0)) for m in moved)
            gap = (up - down) / field.rational(2 * step) - field.unknown("f", args, orders)
            assert float(abs(gap).upper()) < 1e-15


def test_dual_numbers_add_up_by_entry():
    a, b = Dual(fmpq(2), {"a": fmpq(1)}), Dual(fmpq(3), {"b": fmpq(1)})
    product = a * b - a + 1
    assert product.value == 5
    assert product.parts == {"a": 2, "b": 2}
    assert combine(({"a": 1}, 2), ({"a": 1, "b": 1}, 3)) == {"a": 5, "b": 3}


def test_symbolic_model_needs_no_formula():
    formulas = Formulas(derivation("theorems").system, Exact(0))
    assert formulas.call("f", (fmpq(1, 2),), (1,)) != formulas.call("f", (fmpq(1, 2),), (0,))


def test_wide_balls_are_computed_again_with_more_bits(monkeypatch):
    monkeypatch.setattr("verify.case.BITS", 12)
    drawn = instance(SIGMOID, Sizes((), (("m", 2), ("L", 3))))
    assert sharp(derivation("mlp"), drawn, 0).field.bits == 12 * 16
