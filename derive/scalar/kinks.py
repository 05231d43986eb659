"""Kinks: derivatives of formulas with Max, Min, Abs, sign and Piecewise, by one stated convention.

relu'(0) = 0 and sign(0) = 0; in a Max or Min a number wins a tie, otherwise the argument that is printed first,
and exactly one argument receives the derivative; in a Piecewise the branch that holds at the point. SymPy answers
with Heaviside, 1/2 at 0, and DiracDelta; neither leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from derive.scalar.charts import ordered, real, real_symbol

KINKED = (sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside, sympy.floor, sympy.ceiling)
UNWANTED = (sympy.Heaviside, sympy.DiracDelta, sympy.Subs, sympy.Derivative)
REVERSED = {sympy.Gt: sympy.Lt, sympy.Lt: sympy.Gt, sympy.Ge: sympy.Le, sympy.Le: sympy.Ge}


def derivative(formula: Expr, argument: Symbol) -> Expr:
    """The derivative by `argument`, kinks by convention; the result has no Heaviside, DiracDelta, Subs, Derivative."""
    if formula.has(AppliedUndef, sympy.DiracDelta):
        raise ValueError(f"{formula} has no formula-level derivative: give every function in it by its formula")
    plain, original = real(stepless(formula))
    result = differentiate(plain, real_symbol(argument))
    if result.has(*UNWANTED):
        raise ValueError(f"SymPy cannot differentiate {formula} by {argument}: got {result}")
    return result.xreplace(original)


def differentiate(formula: Expr, x: Symbol) -> Expr:
    """d f(x, k(x)) = f_x + Sum_k f_k k', with k the outermost kinked parts"""
    parts = outermost(formula)
    names = {part: sympy.Dummy(f"k{n}", real=True) for n, part in enumerate(parts)}
    skeleton = formula.xreplace(names)
    total = skeleton.diff(x)
    for part, name in names.items():
        inner = differentiate_kink(part, x) if part.has(x) else sympy.S.Zero
        if inner != 0:
            total += skeleton.diff(name) * inner
    return total.xreplace({name: part for part, name in names.items()})


def differentiate_kink(part: Expr, x: Symbol) -> Expr:
    """|u|' = sign(u) u'; sign, floor, ceiling are flat; Piecewise, Max, Min differentiate the branch that holds"""
    if isinstance(part, sympy.Abs):
        return sympy.sign(part.args[0]) * differentiate(part.args[0], x)
    if isinstance(part, (sympy.Max, sympy.Min)) and len(part.args) > 2:
        return sympy.Add(*(sympy.Piecewise((slope, wins), (0, True)) for wins, slope in winners(part, x) if slope != 0))
    if isinstance(part, (sympy.Max, sympy.Min, sympy.Piecewise)):
        return sympy.Piecewise(*((differentiate(value, x), condition) for condition, value in alternatives(part, x)))
    return sympy.S.Zero


def winners(part: Expr, x: Symbol) -> Iterator[tuple[Boolean, Expr]]:
    """When each argument of a Max or Min receives the derivative, which excludes all others, and its derivative.

    As nested branches the conditions of many arguments would be repeated in one another.
    """
    over, equal = (sympy.Gt, sympy.Ge) if isinstance(part, sympy.Max) else (sympy.Lt, sympy.Le)
    args = ranked(part.args)
    for q, arg in enumerate(args):
        first = [linear(over(arg, other), x) for other in args[:q]]
        yield sympy.And(*first, *(linear(equal(arg, other), x) for other in args[q + 1 :])), differentiate(arg, x)


def outermost(formula: Expr) -> list[Expr]:
    """Kinked parts that stand in no other kinked part, in order of appearance."""
    if isinstance(formula, KINKED):
        return [formula]
    return list(dict.fromkeys(part for arg in formula.args for part in outermost(arg)))


def stepless(formula: Expr) -> Expr:
    """Heaviside(u, h) as 0 below, h at and 1 above u = 0."""
    steps = ordered(formula, lambda node: isinstance(node, sympy.Heaviside))
    for step in reversed(steps):  # the innermost stand last
        u, at_zero = step.args
        formula = formula.subs(step, sympy.Piecewise((0, u < 0), (at_zero, sympy.Eq(u, 0)), (1, True)))
    return formula


def alternatives(part: Expr, x: Symbol) -> list[tuple[Boolean, Expr]]:
    """The values of a kinked node with their conditions; the first condition that holds decides."""
    if isinstance(part, sympy.Piecewise):
        return [(linear(condition, x), value) for value, condition in part.args]
    if isinstance(part, sympy.Abs):
        u = part.args[0]
        return [(linear(u > 0, x), u), (linear(u < 0, x), -u), (sympy.true, sympy.S.Zero)]
    if isinstance(part, sympy.sign):
        u = part.args[0]
        return [(linear(u > 0, x), sympy.S.One), (linear(u < 0, x), sympy.S.NegativeOne), (sympy.true, sympy.S.Zero)]
    if isinstance(part, (sympy.Max, sympy.Min)):
        wins = sympy.Ge if isinstance(part, sympy.Max) else sympy.Le
        args = ranked(part.args)
        rest = [(sympy.And(*(linear(wins(arg, other), x) for other in args if other != arg)), arg) for arg in args[:-1]]
        return [*rest, (sympy.true, args[-1])]
    return [(sympy.true, part)]


def ranked(args: tuple[Expr, ...]) -> list[Expr]:
    """The arguments of a Max or Min as the convention ranks them: numbers, then the printed order."""
    return sorted(args, key=lambda arg: (not arg.is_number, sympy.default_sort_key(arg)))


def linear(condition: Boolean, x: Symbol) -> Boolean:
    """A comparison linear in `x` with a slope of known sign, solved for `x`; any other as it is."""
    if isinstance(condition, (sympy.And, sympy.Or)):
        return condition.func(*(linear(arg, x) for arg in condition.args))
    if not isinstance(condition, Relational) or not condition.has(x):
        return condition
    difference = sympy.expand(condition.lhs - condition.rhs)
    if not difference.is_polynomial(x) or sympy.degree(difference, x) != 1:
        return condition
    slope, offset = difference.coeff(x, 1), difference.coeff(x, 0)
    if slope.is_positive or (slope.is_nonzero and not isinstance(condition, tuple(REVERSED))):
        return condition.func(x, sympy.cancel(-offset / slope))
    if slope.is_negative:
        return REVERSED.get(condition.func, condition.func)(x, sympy.cancel(-offset / slope))
    return condition


def pieces(formula: Expr, x: Symbol) -> list[tuple[Boolean, Expr]]:
    """The smooth branches with disjoint conditions, those that can be seen to be empty left out."""
    return [(describe(conditions, x), value) for conditions, value in expand_kinks(formula, x, ())]


def expand_kinks(formula: Expr, x: Symbol, known: tuple[Boolean, ...]) -> Iterator[tuple[tuple[Boolean, ...], Expr]]:
    """Branches of the innermost kinked part first, each under the conditions known so far."""
    kinked = [part for part in ordered(formula, lambda node: isinstance(node, KINKED)) if part.has(x)]
    if not kinked:
        yield known, formula
        return
    innermost = kinked[-1]
    refused: tuple[Boolean, ...] = ()
    for condition, value in alternatives(innermost, x):
        conditions = (*known, *refused, condition)
        refused = (*refused, sympy.Not(condition))
        if interval(conditions, x) is not None:
            yield from expand_kinks(formula.xreplace({innermost: value}), x, conditions)


Interval = tuple[Expr, bool, Expr, bool]  # lower end, whether it belongs; upper end, whether it belongs
WHOLE: Interval = (sympy.S.NegativeInfinity, False, sympy.S.Infinity, False)


def interval(conditions: tuple[Boolean, ...], x: Symbol) -> Interval | None:
    """The interval on which all numeric comparisons of `x` hold, None if it is empty; others are not looked at."""
    lo, lo_in, hi, hi_in = WHOLE
    for condition in atoms(conditions):
        if condition == sympy.false:
            return None
        if not isinstance(condition, Relational) or condition.lhs != x or not condition.rhs.is_number:
            continue
        cut, equal, kind = condition.rhs, not isinstance(condition, (sympy.Gt, sympy.Lt)), condition.func
        if kind in (sympy.Gt, sympy.Ge, sympy.Eq) and (cut > lo or (cut == lo and lo_in and not equal)):
            lo, lo_in = cut, equal
        if kind in (sympy.Lt, sympy.Le, sympy.Eq) and (cut < hi or (cut == hi and hi_in and not equal)):
            hi, hi_in = cut, equal
    removed = [c.rhs for c in atoms(conditions) if isinstance(c, sympy.Ne) and c.lhs == x]
    lo_in, hi_in = lo_in and lo not in removed, hi_in and hi not in removed
    return None if lo > hi or (lo == hi and not (lo_in and hi_in)) else (lo, lo_in, hi, hi_in)


def atoms(conditions: tuple[Boolean, ...]) -> list[Boolean]:
    """The parts of a conjunction, nested ones opened, disjunctions left alone."""
    return [atom for c in conditions for atom in (atoms(c.args) if isinstance(c, sympy.And) else [c])]


def describe(conditions: tuple[Boolean, ...], x: Symbol) -> Boolean:
    """The conjunction, its numeric comparisons of `x` merged into one interval."""
    found = interval(conditions, x)
    assert found is not None
    lo, lo_in, hi, hi_in = found
    numeric = [c for c in atoms(conditions) if isinstance(c, Relational) and c.lhs == x and c.rhs.is_number]
    inner = [c for c in numeric if isinstance(c, sympy.Ne) and lo < c.rhs < hi]
    rest = [c for c in atoms(conditions) if c not in numeric]
    if lo == hi:
        return sympy.And(sympy.Eq(x, lo), *rest)
    below = [] if lo == -sympy.oo else [x >= lo if lo_in else x > lo]
    above = [] if hi == sympy.oo else [x <= hi if hi_in else x < hi]
    return sympy.And(*below, *above, *inner, *rest)
