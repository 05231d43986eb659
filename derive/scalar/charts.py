"""Charts: a quantity t in which a formula is rational, and whose own derivative is known.

Sigmoid is rational in t = exp(-z) with t' = -t. A chart is what law finding and stable forms share: one eliminates
t, the other replaces it by a power of exp(-|z|).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import sympy
from sympy import Expr, Symbol
from sympy.functions.elementary.hyperbolic import HyperbolicFunction


@dataclass(frozen=True)
class Chart:
    """`ratio`, rational in `t`, equals the formula where t is `meaning`; `rate` is t' as a function of t."""

    ratio: Expr
    t: Symbol
    meaning: Expr
    rate: Expr


def find_chart(formula: Expr, z: Symbol) -> Chart | None:
    """The first chart in which the formula is rational: t = z, exp(g z), tan(g z), or a root of z."""
    if formula.is_rational_function(z):
        return Chart(formula, z, z, sympy.S.One)
    for attempt in (exponential_chart, tangent_chart, root_chart):
        chart = attempt(formula, z)
        if chart is not None and not chart.ratio.has(z) and not chart.rate.has(z):
            return chart
    return None


def exponential_chart(formula: Expr, z: Symbol) -> Chart | None:
    """t = exp(w), t' = w' t: every exponential is c t^k with one w; the ratio may still hold z."""
    found = exponential_family((formula,), z)
    if found is None:
        return None
    t, exponent, (ratio,) = found
    return Chart(ratio, t, sympy.exp(exponent), exponent.diff(z) * t)


def exponential_family(formulas: tuple[Expr, ...], z: Symbol) -> tuple[Symbol, Expr, tuple[Expr, ...]] | None:
    """t, w and the formulas as rational functions of t = exp(w) and z, with one w for all of them."""
    together = sympy.Tuple(*(in_exponentials(formula, z) for formula in formulas))
    waves = outer_exponentials(together, z)
    if not waves:
        return None
    parts = [sympy.expand(wave.args[0]).as_independent(z, as_Add=True) for wave in waves]
    base = parts[0][1]
    counts = [sympy.cancel(part / base) for _, part in parts]
    if not all(count.is_Rational for count in counts):
        return None
    step = reduce(sympy.gcd, counts)
    t = fresh("t", together)
    powers = {
        wave: sympy.exp(offset) * t ** (count / step)
        for wave, (offset, _), count in zip(waves, parts, counts, strict=True)
    }
    ratios = tuple(together.xreplace(powers))
    if not all(ratio.is_rational_function(t, z) for ratio in ratios):
        return None
    return t, sympy.expand(base * step), ratios


def outer_exponentials(formula: Expr, z: Symbol) -> list[Expr]:
    """Exponentials of z that stand in no other one, in order of appearance."""
    if isinstance(formula, sympy.exp) and formula.has(z):
        return [formula]
    return list(dict.fromkeys(wave for arg in formula.args for wave in outer_exponentials(arg, z)))


def tangent_chart(formula: Expr, z: Symbol) -> Chart | None:
    """t = tan(w), t' = w' (1 + t^2)."""
    tangents = ordered(formula, lambda node: isinstance(node, sympy.tan) and node.has(z))
    if len(tangents) != 1:
        return None
    t = fresh("t", formula)
    ratio = formula.xreplace({tangents[0]: t})
    if not ratio.is_rational_function(t):
        return None
    return Chart(ratio, t, tangents[0], tangents[0].args[0].diff(z) * (1 + t**2))


def root_chart(formula: Expr, z: Symbol) -> Chart | None:
    """t = z^(1/q), t' = t^(1 - q)/q."""
    roots = ordered(formula, lambda node: node.is_Pow and node.base == z and node.exp.is_Rational)
    q = sympy.ilcm(1, 1, *(root.exp.q for root in roots))
    if q == 1:
        return None
    t = fresh("t", formula)
    ratio = formula.xreplace({root: t ** (root.exp * q) for root in roots}).xreplace({z: t**q})
    if not ratio.is_rational_function(t):
        return None
    return Chart(ratio, t, z ** sympy.Rational(1, q), t ** (1 - q) / q)


def in_exponentials(formula: Expr, z: Symbol) -> Expr:
    """Hyperbolic functions and powers c^z of `z` written with exp; everything else as it is."""
    if not formula.args or not formula.has(z):
        return formula
    args = tuple(in_exponentials(arg, z) for arg in formula.args)
    if isinstance(formula, HyperbolicFunction) and type(formula) in HYPERBOLIC:
        top, bottom = HYPERBOLIC[type(formula)](sympy.exp(args[0]))
        return top / bottom
    if formula.is_Pow and formula.exp.has(z) and not formula.base.has(z):
        return sympy.exp(args[1] * sympy.log(args[0]))
    return formula if args == formula.args else formula.func(*args)


HYPERBOLIC = {
    sympy.tanh: lambda t: (t**2 - 1, t**2 + 1),
    sympy.coth: lambda t: (t**2 + 1, t**2 - 1),
    sympy.sinh: lambda t: (t**2 - 1, 2 * t),
    sympy.cosh: lambda t: (t**2 + 1, 2 * t),
    sympy.sech: lambda t: (2 * t, t**2 + 1),
    sympy.csch: lambda t: (2 * t, t**2 - 1),
}


# Symbols and order.


def rational(formula: Expr) -> Expr:
    """Decimals as the rationals they are written as: 1.7159 is 17159/10000."""
    floats = ordered(formula, lambda node: node.is_Float)
    return formula.xreplace({number: sympy.Rational(str(number)) for number in floats}) if floats else formula


def real(formula: Expr) -> tuple[Expr, dict[Symbol, Symbol]]:
    """The formula in real symbols, and the way back: SymPy believes an undeclared symbol to be complex."""
    symbols = sorted(formula.free_symbols, key=lambda s: (s.name, sympy.default_sort_key(s)))
    changed = {s: real_symbol(s) for s in symbols if real_symbol(s) != s}
    return formula.xreplace(changed), {new: old for old, new in changed.items()}


def real_symbol(symbol: Symbol) -> Symbol:
    """The real symbol of this name; a symbol declared real stays itself."""
    return symbol if symbol.is_real else sympy.Symbol(symbol.name, real=True)


def fresh(name: str, formula: Expr) -> Symbol:
    """A positive symbol whose name, with as many primes as needed, does not stand in the formula."""
    taken = sorted(s.name for s in formula.free_symbols)
    while name in taken:
        name += "'"
    return sympy.Symbol(name, positive=True)


def ordered(formula: Expr, wanted: Callable[[Expr], bool]) -> list[Expr]:
    """The distinct nodes for which `wanted(node)` holds, in order of appearance."""
    return list(dict.fromkeys(n for n in sympy.preorder_traversal(formula) if wanted(n)))
