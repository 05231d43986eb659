"""Laws: the derivative of a scalar function in terms of its own value, found by elimination.

A function is brought to a chart: a = R(t) rational in a quantity t whose own derivative t' is known, such as
t = exp(-z) with t' = -t. Then a' = R'(t) t', and eliminating t between the two equations leaves the law, a' in
terms of a. Nothing is looked up, and no law is returned that has not been proved by putting R(t) back into it.
Derivatives at kinks follow the conventions of `derive.scalar.kinks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.polys.polyerrors import BasePolynomialError

from derive.scalar.charts import Chart, find_chart, rational, real, real_symbol
from derive.scalar.kinks import KINKED, Interval, atoms, derivative, differentiate, interval, linear, pieces, stepless

__all__ = ["Law", "branch_laws", "derivative", "derive_law", "find_law", "value_condition"]


Step = tuple[str, Expr, Expr]  # label, left side, right side


@dataclass(frozen=True)
class Law:
    """A law and how it was found, for the report."""

    derivative: Expr
    law: Expr
    steps: tuple[Step, ...]


def find_law(formula: Expr, argument: Symbol, value: Symbol) -> Expr | None:
    """f' as a rational expression in `value` and the parameters, or None if there is none."""
    found = derive_law(formula, argument, value)
    return found.law if found else None


def derive_law(formula: Expr, argument: Symbol, value: Symbol) -> Law | None:
    """The law with the steps that lead to it, or None."""
    formula = rational(sympy.sympify(formula))
    if value in formula.free_symbols:
        raise ValueError(f"{value} stands for the value of {formula} and cannot stand inside it")
    if formula.has(AppliedUndef, *KINKED):
        return None
    plain, original = real(formula)
    z = real_symbol(argument)
    chart = find_chart(plain, z)
    if chart is None:
        return None
    try:
        found = eliminate(chart, value)
    except BasePolynomialError:
        return None
    if found is None:
        return None
    law, steps = found
    derived = plain.diff(z)
    steps = (("definition", value, plain), *steps)
    restored = tuple((label, lhs.xreplace(original), rhs.xreplace(original)) for label, lhs, rhs in steps)
    return Law(derived.xreplace(original), law.xreplace(original), restored)


def eliminate(chart: Chart, value: Symbol) -> tuple[Expr, tuple[Step, ...]] | None:
    """From a = R(t) and a' = R'(t) t' to a' = law(a), by a resultant in t; None if a' is not rational in a."""
    ratio = sympy.cancel(chart.ratio)
    slope = sympy.cancel(ratio.diff(chart.t) * chart.rate)
    prime = sympy.Symbol(f"{value.name}'", real=True)
    top, bottom = sympy.fraction(ratio)
    between: tuple[Step, ...] = ()
    first = sympy.Poly(value * bottom - top, chart.t)
    if not ratio.has(chart.t):
        law = sympy.S.Zero
    elif first.degree() == 1:
        inverse = sympy.factor(-first.nth(0) / first.nth(1))
        law = sympy.cancel(slope.xreplace({chart.t: inverse}))
        between = ((f"solve for {chart.t}", chart.t, inverse),)
    else:
        top, bottom = sympy.fraction(slope)
        removed = sympy.resultant(first.as_expr(), prime * bottom - top, chart.t)
        candidates = [sympy.Poly(factor, prime) for factor, _ in sympy.factor_list(removed)[1] if factor.has(prime)]
        linear = [c for c in candidates if c.degree() == 1]
        if not linear:
            return None
        law = sympy.cancel(-linear[0].nth(0) / linear[0].nth(1))
        between = ((f"eliminate {chart.t}", linear[0].as_expr(), sympy.S.Zero),)
    if sympy.expand((law.xreplace({value: ratio}) - slope).as_numer_denom()[0]) != 0:
        return None
    law = textbook(law, value)
    substituted: tuple[Step, ...] = (
        ("substitute", chart.t, chart.meaning),
        (f"value in {chart.t}", value, sympy.factor(ratio)),
    )
    if chart.t == chart.meaning:
        substituted = ()
    steps = (*substituted, ("derivative", prime, sympy.factor(slope)), *between, ("law", prime, law))
    return law, steps


# Form: how a textbook writes a law.


def textbook(law: Expr, value: Symbol) -> Expr:
    """Factored, `a*(1 - a)`; (c - a)(c + a) as c^2 - a^2; constants positive inside brackets, signs in front."""
    top, bottom = sympy.fraction(sympy.cancel(law))
    scale, upper = split(top, value)
    unscale, lower = split(bottom, value)
    scale, factors = scale / unscale, [*upper, *((f, -n) for f, n in lower)]
    shown: list[tuple[Expr, int]] = []
    for factor, power in squares(factors):
        lead = sympy.Poly(factor, value).LC()
        if lead.is_Integer and lead % 10 == 0:  # decimals: 2.94 - a**2 rather than 294 - 100*a**2
            factor, scale = sympy.expand(factor / abs(lead)), scale * abs(lead) ** power
        if factor.subs(value, 0).could_extract_minus_sign():
            factor, scale = -factor, scale * (-1) ** power
        shown.append((factor, power))
    brackets = [k for k, (factor, power) in enumerate(shown) if factor.is_Add and power % 2]
    if brackets and scale.could_extract_minus_sign():
        k = brackets[0]
        shown[k], scale = (-shown[k][0], shown[k][1]), -scale
    parts = [factor**power for factor, power in shown]
    if scale.is_Rational and scale != 1 and len(parts) == 1 and parts[0].is_Add:
        return sympy.Mul(scale, parts[0], evaluate=False)  # SymPy would multiply it in
    return sympy.Mul(scale, *parts)


def split(polynomial: Expr, value: Symbol) -> tuple[Expr, list[tuple[Expr, int]]]:
    """The factors free of `value` as one product, and the others with their powers."""
    scale, factors = sympy.factor_list(polynomial)
    own = [(factor, power) for factor, power in factors if factor.has(value)]
    return sympy.Mul(scale, *(f**n for f, n in factors if not f.has(value))), own


def squares(factors: list[tuple[Expr, int]]) -> list[tuple[Expr, int]]:
    """(c - a)(c + a) = c^2 - a^2"""
    sums = [(factor, power) for factor, power in factors if factor.is_Add]
    if len(sums) == 2 and sums[0][1] == sums[1][1] == 1:
        product = sympy.expand(sums[0][0] * sums[1][0])
        if len(product.args) == 2:
            return [pair for pair in factors if pair not in sums] + [(product, 1)]
    return factors


# Branches: one law on each side of a kink.


def branch_laws(formula: Expr, argument: Symbol, value: Symbol) -> tuple[tuple[Boolean, Expr | None], ...]:
    """(condition, law or None) for each branch; the conditions are disjoint and stand in the argument."""
    plain, original = real(stepless(rational(sympy.sympify(formula))))
    z = real_symbol(argument)
    found = []
    for condition, branch in pieces(plain, z):
        point = isinstance(condition, sympy.Eq) and condition.lhs == z
        law = differentiate(plain, z).subs(z, condition.rhs) if point else find_law(branch, z, value)
        found.append((condition.xreplace(original), None if law is None else law.xreplace(original)))
    return tuple(found)


def value_condition(formula: Expr, argument: Symbol, value: Symbol, condition: Boolean) -> Boolean | None:
    """`z > c` as `a > f(c)`, which is the same where f is continuous, never falls, and rises on that side of c.

    None if `condition` is not one comparison with a number, or if this is not proved.
    """
    plain, original = real(stepless(rational(sympy.sympify(formula))))
    z = real_symbol(argument)
    cut = linear(condition.xreplace({old: new for new, old in original.items()}), z)
    if not isinstance(cut, (sympy.Gt, sympy.Ge, sympy.Lt, sympy.Le)) or cut.lhs != z or not cut.rhs.is_number:
        return None
    parts = []
    for where, branch in pieces(plain, z):
        part = interval((where,), z)
        if part is None or not all(isinstance(atom, Relational) and atom.lhs == z for atom in atoms((where,))):
            return None
        if part[0] != part[2]:
            parts.append((part, branch))
    slopes = [rising(branch, z, part) for part, branch in parts]
    strict = [slope for slope, (part, _) in zip(slopes, parts, strict=True) if touches(cut, part)]
    if None in slopes or not strict or not all(strict) or not continuous(parts, z):
        return None
    return cut.func(value, plain.subs(z, cut.rhs).xreplace(original))


def rising(branch: Expr, z: Symbol, part: Interval) -> bool | None:
    """True if the branch rises on the interval, False if it is flat or rises weakly, None if neither is proved."""
    lo, _, hi, _ = part
    inside = sympy.Symbol("inside", positive=True)
    place = lo + inside if lo.is_finite else hi - inside if hi.is_finite else z
    slope = sympy.factor(branch.diff(z)).xreplace({z: place})
    return True if slope.is_positive else False if slope.is_nonnegative else None


def continuous(parts: list[tuple[Interval, Expr]], z: Symbol) -> bool:
    """Neighbouring branches have equal values at the cut between them, and no part of the line is missing."""
    line = sorted(parts, key=lambda part: float(part[0][0]))
    return all(
        left[2] == right[0] and sympy.simplify((f - g).subs(z, right[0])) == 0
        for (left, f), (right, g) in pairwise(line)
    )


def touches(cut: Relational, part: Interval) -> bool:
    """Whether f must rise on this interval for the cut to be seen in the value: on the side next to the cut."""
    lo, _, hi, _ = part
    above = isinstance(cut, (sympy.Gt, sympy.Le))  # z > c and z <= c are told apart by what lies above c
    return bool(lo <= cut.rhs < hi) if above else bool(lo < cut.rhs <= hi)
