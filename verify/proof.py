"""Proof of a step by SymPy: what differs is scalar algebra, and the difference reduces to 0.

Common structure is peeled off first; sums, brackets and entries are then atoms, equal if their keys are.
"""

from __future__ import annotations

import math

import sympy

from derive.scalar.laws import derivative
from derive.system import Equation, System
from derive.values.affine import Affine, Index, Node
from derive.values.binders import Sum
from derive.values.nodes import Access, Add, Call, Constant, Expr, Mul, Number, Pow
from derive.values.walks import walk

LARGEST = 60  # nodes
MOST = 3000  # terms after expansion


def proved(before: Expr, after: Expr, system: System) -> bool:
    """Does SymPy reduce before - after to 0? False also where that is not tried."""
    if before == after:
        return True
    if isinstance(before, Sum) and isinstance(after, Sum) and before.bounds == after.bounds:
        return proved(before.body, after.body, system)
    terms = (before.terms, after.terms) if isinstance(before, Add) and isinstance(after, Add) else ((), ())
    if terms[0] and len(terms[0]) == len(terms[1]) and all(proved(b, a, system) for b, a in zip(*terms, strict=True)):
        return True
    if sum(1 for expr in (before, after) for _ in walk(expr)) > LARGEST:
        return False
    return reduces(before, after, system, inline=False) or reduces(before, after, system, inline=True)


def reduces(before: Expr, after: Expr, system: System, inline: bool) -> bool:
    """Is before - after, as an expression in its atoms, identically 0?"""
    try:
        return _vanishes(before, after, system, inline)
    except RecursionError:  # SymPy comparing the conditions of a Piecewise: not reduced, so not proved
        return False


def _vanishes(before: Expr, after: Expr, system: System, inline: bool) -> bool:
    atoms: dict[str, sympy.Symbol] = {}
    return vanishes(scalar(before, system, atoms, inline) - scalar(after, system, atoms, inline))


def vanishes(difference: sympy.Expr) -> bool:
    """Does SymPy reduce a scalar expression to 0? With a kink in it that is tried no further."""
    if difference.has(sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs, sympy.sign):
        return bool(difference == 0)
    fraction = sympy.together(difference)
    return monomials(fraction) <= MOST and bool(sympy.cancel(fraction) == 0)


def monomials(expr: sympy.Expr) -> int:
    """An upper bound of the terms after expansion, which `cancel` would have to sort."""
    if isinstance(expr, sympy.Add):
        return sum(map(monomials, expr.args))
    if isinstance(expr, sympy.Mul):
        return math.prod(map(monomials, expr.args))
    if isinstance(expr, sympy.Pow) and expr.exp.is_Integer:
        return int(monomials(expr.base) ** min(abs(int(expr.exp)), 12))
    return 1


def scalar(expr: Expr, system: System, atoms: dict[str, sympy.Symbol], inline: bool) -> sympy.Expr:
    """The expression in SymPy; with `inline`, entries defined by a scalar function are replaced by it."""

    def part(child: Expr) -> sympy.Expr:
        return scalar(child, system, atoms, inline)

    if isinstance(expr, Number):
        return sympy.Rational(expr.value.numerator, expr.value.denominator)
    if isinstance(expr, Constant):
        return getattr(sympy, expr.name)
    if isinstance(expr, Add):
        return sympy.Add(*map(part, expr.terms))
    if isinstance(expr, Mul):
        return sympy.Mul(*map(part, expr.factors))
    if isinstance(expr, Pow):
        return part(expr.base) ** part(expr.exponent)
    if isinstance(expr, Call):
        return applied(expr, system, tuple(map(part, expr.args)), atoms)
    definition = defining(expr, system) if inline and isinstance(expr, Access) else None
    if definition is not None:
        return part(definition)
    return atoms.setdefault(expr.key, sympy.Symbol(f"u{len(atoms)}", real=True))


def applied(call: Call, system: System, args: tuple[sympy.Expr, ...], atoms: dict[str, sympy.Symbol]) -> sympy.Expr:
    """f^(orders)(args) by the formula of f; an atom if f has none."""
    function = system.function(call.function, len(args))
    if function.formula is None:
        return atoms.setdefault(f"{call.function}{call.orders}{args}", sympy.Symbol(f"u{len(atoms)}", real=True))
    formula = function.formula
    for argument, order in zip(function.arguments, call.orders, strict=True):
        for _ in range(order):
            formula = derivative(formula, argument)
    return formula.subs(dict(zip(function.arguments, args, strict=True)), simultaneous=True)


def defining(entry: Access, system: System) -> Expr | None:
    """The right side that defines an entry, if it is one function of entries and one equation holds there."""
    if entry.tensor.startswith("d.") or system.tensor(entry.tensor).role != "variable":
        return None
    general = [e for e in system.equations_of(entry.tensor) if all(isinstance(p.alone, Index) for p in e.target.at)]
    fixed = [e for e in system.equations_of(entry.tensor) if e not in general and not may_meet(e, entry)]
    if len(general) != 1 or len(fixed) + 1 < len(system.equations_of(entry.tensor)):
        return None
    value = general[0].value
    values: dict[Node, Affine] = {p.alone: q for p, q in zip(general[0].target.at, entry.at, strict=True) if p.alone}
    return value.replaced(values) if isinstance(value, Call) else None


def may_meet(equation: Equation, entry: Access) -> bool:
    """Is the entry written at the very place that the equation fixes?"""
    return all(p == q or isinstance(p.alone, Index) for p, q in zip(equation.target.at, entry.at, strict=True))
