"""Sums, products and roots in which only some parts are exponential: which parts belong together.

Terms that cancel far out or at w = 0, as in 1 - sigmoid, must become one rational function; terms that do not,
as in z + tanh(z), stay as they were written.
"""

from __future__ import annotations

import sympy
from sympy import Symbol

from codegen.stable.exponential import is_exponential, rewrite_exponential
from codegen.stable.plain import Workspace, call, lowered, plain
from derive.scalar.charts import exponential_family
from derive.values.nodes import Expr, add, mul, power


def rewrite_sum(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """A sum: its exponential terms together, with the terms free of exponentials that they cancel against."""
    z = work.z
    if not formula.is_Add or not is_exponential(formula, z):
        return None
    terms = list(formula.args)
    waves = [term for term in terms if is_exponential(term, z) and exponential_family((term,), z)]
    smooth = [term for term in terms if term not in waves and term.is_rational_function(z)]
    found = exponential_family((sympy.Add(*waves),), z) if waves else None
    if found is None:
        return None
    partners = cancelling(found[0], found[2][0], smooth, z)
    group = sympy.Add(*waves, *partners)
    rest = [term for term in terms if term not in waves and term not in partners]
    built = None if len(waves) == 1 and rest and not partners else rewrite_exponential(group, work)
    if built is None:
        built = add(*(lowered(term, work) for term in (*waves, *partners)))
    kept = [lowered(term, work) for term in sorted(rest, key=lambda term: (term.has(z), sympy.default_sort_key(term)))]
    return add(*kept, built)


def cancelling(t: Symbol, ratio: sympy.Expr, smooth: list[sympy.Expr], z: Symbol) -> list[sympy.Expr]:
    """Which terms free of exponentials to take in: those that cancel the exponential ones far out, or at t = 1."""
    constants = [term for term in smooth if not term.has(z)]
    top, bottom = (sympy.Poly(part, t) for part in sympy.fraction(sympy.cancel(ratio)))
    limits = (
        [sympy.S.Zero if top.degree() < bottom.degree() else top.LC() / bottom.LC()]
        if top.degree() <= bottom.degree()
        else []
    )
    limits += [top.nth(0) / bottom.nth(0)] if bottom.nth(0) != 0 else []
    if bottom.eval(1) != 0:
        limits.append((top.eval(1) / bottom.eval(1)).subs(z, 0))
    for chosen in (smooth, constants):
        if chosen and any(sympy.cancel(limit + sympy.Add(*chosen)) == 0 for limit in limits):
            return chosen
    return []


def rewrite_product(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """A product of exponential and other factors: the exponential ones together."""
    if not formula.is_Mul:
        return None
    waves = [factor for factor in formula.args if is_exponential(factor, work.z)]
    rest = [factor for factor in formula.args if factor not in waves]
    joined = sympy.Mul(*waves)
    if not waves or not any(factor.has(work.z) for factor in rest) or len(waves) < 2:
        return None
    built = rewrite_exponential(joined, work)
    return None if built is None else mul(lowered(sympy.Mul(*rest), work), built)


def rewrite_root(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """x^(-r) = (1/x)^r, for x with exponentials and r no integer: 1/x is bounded where x overflows"""
    if not formula.is_Pow or formula.exp.is_integer or not formula.exp.is_number or formula.exp > 0:
        return None
    if isinstance(formula, sympy.exp) or not is_exponential(formula.base, work.z):
        return None
    inverse = rewrite_exponential(1 / formula.base, work)
    if inverse is None:
        return None
    if formula.exp == -sympy.S.Half:
        return call("sqrt", inverse)
    return power(inverse, plain(-formula.exp, work))
