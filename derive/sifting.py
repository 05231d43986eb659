"""Sifting: a Kronecker delta with a summed index removes the sum, and leaves the index's range as a condition."""

from __future__ import annotations

from derive.affine import Affine, Node, indices, replace
from derive.expression import (
    ONE,
    ZERO,
    Bound,
    Bracket,
    Expr,
    Mul,
    Sum,
    free_indices,
    mul,
    substitute,
    summed,
)
from derive.facts import Facts
from derive.regions import extent


def sift_term(term: Expr, outer: tuple[Bound, ...], facts: Facts) -> Expr:
    """One term with every solvable delta used. What stays as a bracket is a condition or a guard.

    `outer` are the ranges of the letters of the target; a condition that they imply is dropped.
    """
    bounds = list(term.bounds) if isinstance(term, Sum) else []
    body = term.body if isinstance(term, Sum) else term
    factors = list(body.factors) if isinstance(body, Mul) else [body]
    conditions: list[Bracket] = []
    while (solved := _solvable(factors, bounds)) is not None:
        bound, value = solved
        values: dict[Node, Affine] = {bound.index: value}
        factors = [substitute(f, values) for f in factors]
        bounds = [Bound(b.index, replace(b.lo, values), replace(b.hi, values)) for b in bounds if b != bound]
        conditions = [_substituted(c, values) for c in conditions]
        conditions += [Bracket("<=", bound.lo, value), Bracket("<=", value, bound.hi)]
        factors = [f for f in factors if not (isinstance(f, Bracket) and f.op == "=" and facts.same(f.left, f.right))]
    known = (*outer, *bounds)
    places = _places(factors, outer)
    there = tuple(Bound(b.index, replace(b.lo, places), replace(b.hi, places)) for b in known if b.index not in places)
    conditions = [c for c in conditions if not implied(_substituted(c, places), there, facts)]
    if any(isinstance(f, Bracket) and f.op == "=" and _never(f, known, facts) for f in factors):
        return ZERO
    return _assembled(factors, conditions, bounds)


def _substituted(bracket: Bracket, values: dict[Node, Affine]) -> Bracket:
    return Bracket(bracket.op, replace(bracket.left, values), replace(bracket.right, values))


def _solvable(factors: list[Expr], bounds: list[Bound]) -> tuple[Bound, Affine] | None:
    """The first summed index that a delta determines, and its value."""
    for factor in factors:
        if isinstance(factor, Bracket) and factor.op == "=":
            gap = factor.left - factor.right
            for bound in bounds:
                count = gap.coefficient(bound.index)
                rest = gap - Affine.of(bound.index) * count
                if abs(count) == 1 and bound.index not in indices(rest):
                    return bound, rest * -count
    return None


def _places(factors: list[Expr], outer: tuple[Bound, ...]) -> dict[Node, Affine]:
    """Where a delta holds a letter of the target to one place."""
    letters = [b.index for b in outer]
    found: dict[Node, Affine] = {}
    for factor in factors:
        if isinstance(factor, Bracket) and factor.op == "=":
            for letter in letters:
                count = (factor.left - factor.right).coefficient(letter)
                rest = factor.left - factor.right - Affine.of(letter) * count
                if abs(count) == 1 and not indices(rest):
                    found[letter] = rest * -count
    return found


def implied(bracket: Bracket, bounds: tuple[Bound, ...], facts: Facts) -> bool:
    """Does `left <= right` hold for all letters in their ranges?"""
    for bound in bounds:
        if bracket.right.letter == bound.index and facts.same(bracket.left, bound.lo):
            return True
        if bracket.left.letter == bound.index and facts.same(bracket.right, bound.hi):
            return True
    gap = bracket.right - bracket.left
    return facts.below(Affine.of(0), extent(gap, bounds).lo) is True


def _never(bracket: Bracket, bounds: tuple[Bound, ...], facts: Facts) -> bool:
    """Are the two sides different for all letters in their ranges?"""
    reach = extent(bracket.left - bracket.right, bounds)
    zero = Affine.of(0)
    return facts.below(reach.hi, zero - 1) is True or facts.below(zero + 1, reach.lo) is True


def _assembled(factors: list[Expr], conditions: list[Bracket], bounds: list[Bound]) -> Expr:
    """Conditions on free letters stand before the sum, those on summed letters inside it."""
    letters = {b.index for b in bounds}
    kept = [f for f in factors if not isinstance(f, Bracket)]
    brackets = [*(f for f in factors if isinstance(f, Bracket)), *conditions]
    outside = [c for c in brackets if not letters & set(free_indices(c))]
    inside = [c for c in brackets if letters & set(free_indices(c))]
    return mul(*outside, summed(mul(*kept, *inside, ONE), tuple(bounds)))
