"""Every rewrite of the table is an identity, by SymPy or by balls at 1,000 points; reports list those that are used."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sympy
from flint import arb, ctx, fmpq
from sympy import erf, exp, log

from codegen.lower import lower
from codegen.render import render_module
from codegen.report.document import render_report
from codegen.rewriting.rewrites import TABLE, Rewrite, used
from derive import Model, Sum, derive
from derive.library import sigmoid, softmax

PROVED = [row for row in TABLE if row.evidence == "proved"]
CHECKED = [row for row in TABLE if row.evidence == "checked"]
BALLS: dict[str, Any] = {
    "exp": lambda v: v.exp(),
    "log": lambda v: v.log(),
    "gamma": lambda v: v.gamma(),
    "loggamma": lambda v: v.lgamma(),
    "Abs": abs,
}


def vanishes(difference: Any) -> bool:
    """0 by SymPy: as it is, by functions rewritten, or by its derivative and its value at one point."""
    for form in (difference, difference.rewrite(exp), difference.rewrite(erf)):
        if sympy.simplify(sympy.expand_log(form, force=True)) == 0:
            return True
    letters = sorted(difference.free_symbols, key=str)
    slopes = [sympy.simplify(sympy.diff(difference, letter).rewrite(exp)) for letter in letters]
    start = sympy.simplify(difference.subs(dict.fromkeys(letters, 1)))
    return all(slope == 0 for slope in slopes) and abs(sympy.N(start, 50)) < 1e-40


@pytest.mark.parametrize("row", PROVED, ids=lambda row: row.name)
def test_sympy_proves_the_identity(row: Rewrite) -> None:
    left = sympy.limit(row.left, sympy.Symbol("x", real=True), 0) if "limit" in row.condition else row.left
    assert vanishes(left - row.right)
    assert not vanishes(left - row.right + sympy.Rational(1, 10**9))


def ball(formula: Any, values: dict[Any, Any]) -> Any:
    if formula.is_Rational:
        return arb(fmpq(int(formula.p), int(formula.q)))
    if formula.is_Symbol:
        return values[formula]
    parts = [ball(part, values) for part in formula.args]
    if formula.is_Add:
        return sum(parts[1:], parts[0])
    if formula.is_Mul:
        return sympy.prod(parts)
    if formula.is_Pow and not isinstance(formula, exp):
        return parts[0] ** parts[1]
    return BALLS[type(formula).__name__](*parts)


@pytest.mark.parametrize("row", CHECKED, ids=lambda row: row.name)
def test_balls_agree_at_1000_points(row: Rewrite) -> None:
    dice = random.Random(row.name)
    with ctx.workprec(170):
        for _ in range(1000):
            size = fmpq(dice.randint(1, 10**6), 10 ** dice.randint(2, 6))
            low = "z < 0" in row.condition
            values = {s: arb(-size if low else size) for s in row.left.free_symbols}
            gap = ball(row.left, values) - ball(row.right, values)
            assert gap.contains(0) and gap.rad() < 1e-20


def derivation_of(formula: Any) -> Any:
    with Model("one", "One function.") as model:
        m, n = model.sizes("m n")
        i, j = model.indices("i j")
        y = model.data(y=(m, n))
        z = model.parameters(z=(m, n))
        model.minimise(Sum(formula(z, y, i, j), i))
    return derive(model)


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        (
            lambda z, y, i, j: Sum(log(1 + exp(-y[i, j] * z[i, j])), j),
            ["logarithm of exponentials", "two-sided exponential"],
        ),
        (lambda z, y, i, j: log(Sum(exp(z[i, j]), j)) * Sum(y[i, j], j), ["row shift"]),
        (lambda z, y, i, j: Sum(y[i, j] * log(y[i, j] * exp(z[i, j])), j), ["0 log 0"]),
        (lambda z, y, i, j: Sum(y[i, j] * (1 - sigmoid(z[i, j])), j), ["two-sided exponential"]),
        (lambda z, y, i, j: Sum(y[i, j] * z[i, j] ** 2, j), []),
    ],
)
def test_the_report_lists_the_rewrites_that_a_model_uses(formula: Any, names: list[str]) -> None:
    derivation = derivation_of(formula)
    found = [row.name for row in used(lower(derivation))]
    assert set(names) <= set(found)
    assert names or not found
    text = render_module(derivation, source="one.py", digest="0")
    report = render_report(derivation, text, source="one.py", digest="0", certificate=None)
    assert ("Stable forms" in report) == bool(found)
    assert all(row.evidence in report for row in TABLE if row.name in found)


def test_rows_of_softmax_are_shifted() -> None:
    derivation = derivation_of(lambda z, y, i, j: -Sum(y[i, j] * log(softmax(z[i, j], j)), j))
    assert [row.name for row in used(lower(derivation))] == ["row shift", "logarithm by definition"]
