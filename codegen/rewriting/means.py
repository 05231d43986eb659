"""Means that may saturate: r = Sum_i f(z[i]) / m, f > 0 a rational function of exp(z).

1 - r = Sum_i (1 - f(z[i])) / m, if there are m terms: another such mean.
Where all f(z[i]) round to 0 or to 1, log r and f(z[k]) / r are still finite, and are found from log f:
log r = log(Sum_i exp(log f(z[i])) / m), f(z[k]) / r = m exp(log f(z[k])) / Sum_i exp(log f(z[i])).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy

from codegen.stable.composed import factors_of, raised
from codegen.stable.forms import stable
from derive.scalar.charts import exponential_family
from derive.values.affine import Affine, Index, Size
from derive.values.binders import Bound, Sum, fresh
from derive.values.facts import Facts
from derive.values.match import Binding, match
from derive.values.nodes import MINUS_ONE, ONE, ZERO, Access, Add, Count, Expr, Number, add, mul, power


@dataclass(frozen=True)
class Mean:
    """The sum of `part` over `bound`, times `weight` > 0; `entry` is the r that it is, or of which it is 1 - r.

    `log` is the logarithm of the part, stable as it stands.
    """

    entry: Access
    part: Expr
    bound: Bound
    weight: Expr
    log: Expr = ONE

    def place(self, factor: Expr) -> Binding | None:
        """Where in the sum a factor stands; None if it is no part."""
        return match(self.part, factor, frozenset({self.bound.index}))


def complement(expr: Expr) -> Expr | None:
    """q, of 1 - q"""
    if not isinstance(expr, Add) or len(expr.terms) != 2 or expr.terms.count(ONE) != 1:
        return None
    return mul(MINUS_ONE, next(t for t in expr.terms if t != ONE))


def mean_of(entry: Access, value: Expr, rest: bool, facts: Facts, taken: frozenset[Index]) -> Mean | None:
    """r = c Sum_i f, c > 0; for the rest 1 - r = c Sum_i (p/q - f), where c = q/p over the number of terms"""
    outer = factors_of(value)
    sums = [f for f in outer if isinstance(f, Sum)]
    if len(sums) != 1 or len(sums[0].bounds) != 1:
        return None
    (bound,) = sums[0].bounds
    inside = factors_of(sums[0].body)
    own = [f for f in inside if bound.index in f.letters]
    weight = mul(ONE, *(f for f in outer if f is not sums[0]), *(f for f in inside if f not in own))
    if not own or not all(map(_positive, factors_of(weight))):
        return None
    letter = fresh(bound.index, taken)
    part = mul(*own).replaced({bound.index: Affine.of(letter)})
    if rest:
        share = without_counts([*factors_of(weight), Count(facts.canonical(bound.hi - bound.lo + 1))])
        if not isinstance(share, Number):
            return None
        part = (complement(part) if share == ONE else None) or add(power(share, MINUS_ONE), mul(MINUS_ONE, part))
    return Mean(entry, part, Bound(letter, bound.lo, bound.hi), weight)


def _positive(factor: Expr) -> bool:
    """A positive number, or a power of a size, which is not 0."""
    base, exponent = raised(factor)
    if isinstance(base, Number):
        return base.value > 0 and exponent == ONE
    return isinstance(base, Count) and isinstance(base.of.alone, Size) and isinstance(exponent, Number)


def saturates(formula: sympy.Expr, symbol: sympy.Symbol) -> bool:
    """Is it positive, a rational function of exp(w), and is its logarithm stable?"""
    found = exponential_family((formula,), symbol)
    if found is None or found[2][0].has(symbol):
        return False
    if not sympy.factor(sympy.together(found[2][0].subs(found[0], sympy.exp(found[1])))).is_positive:
        return False
    return stable(sympy.log(formula), symbol).rule == "logarithm of exponentials"


def multiplied_out(expr: Expr, chosen: Callable[[Expr], bool]) -> list[Expr]:
    """(p + q + r + s) t = (r + s) t + p t + q t, p and q the chosen terms"""
    factors = factors_of(expr)
    for k, factor in enumerate(factors):
        if isinstance(factor, Add) and any(map(chosen, factor.terms)):
            others = add(*(t for t in factor.terms if not chosen(t)))
            parts = [*([others] if others != ZERO else []), *filter(chosen, factor.terms)]
            products = (mul(*factors[:k], part, *factors[k + 1 :]) for part in parts)
            return [term for product in products for term in multiplied_out(product, chosen)]
    return [expr]


def without_counts(factors: list[Expr]) -> Expr:
    """m / m = 1"""
    kept = list(factors)
    for factor in factors:
        below = power(factor, MINUS_ONE)
        if isinstance(factor, Count) and below in kept:
            kept.remove(factor)
            kept.remove(below)
    return mul(*kept)


def divisors(product: Expr) -> list[tuple[Expr, Expr, int]]:
    """(r^-k, r, k) for all factors that divide."""
    found = []
    for factor in factors_of(product):
        base, exponent = raised(factor)
        if isinstance(exponent, Number) and exponent.value < 0 and exponent.value.denominator == 1:
            found.append((factor, base, -int(exponent.value)))
    return found
