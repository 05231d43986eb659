"""Terms under a condition on one axis that could not be read outside it: computed where it holds, zeros elsewhere.

[i <= n - 1] f(i + 1), i = 1..n, is f(i + 1), i = 1..n - 1, and a zero after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.lowering.scope import Scope
from derive.calculus.rules import condition
from derive.errors import Refused
from derive.order.dependence import reads
from derive.regions.regions import extent
from derive.values.affine import Affine, Index
from derive.values.binders import Bound
from derive.values.nodes import Bracket, Expr, mul
from derive.values.text import render_affine, render_expr


@dataclass(frozen=True)
class Part:
    """The range on which the conditions on its letter hold, and the factors without them."""

    inner: Bound
    factors: tuple[Expr, ...]


def part_of(factors: Sequence[Expr], bounds: Sequence[Bound], scope: Scope) -> Part | None:
    """The first of `bounds` whose conditions keep the other factors inside their arrays; None if none do.

    Refused where the sizes do not say which of two conditions is the narrower one.
    """
    for bound in bounds:
        limits = [(f, own) for f in factors if (own := _limits(f, bound.index, scope))]
        rest = tuple(f for f in factors if all(f is not g for g, _ in limits))
        if limits and _leaves(rest, bound, scope):
            inner = bound
            for factor, own in limits:
                inner = _narrower(inner, own, factor, scope)
            if not scope.never_negative(inner.hi - inner.lo + 1):
                raise _unknown(inner.lo, inner.hi + 1, mul(*factors))
            return Part(inner, rest)
    return None


def check_loops(factors: Sequence[Expr], scope: Scope) -> None:
    """Refused for a condition on a loop letter outside which an array would be left: the loop must be divided."""
    for bound in scope.ranges:
        limits = [own for f in factors if (own := _limits(f, bound.index, scope))]
        rest = tuple(f for f in factors if not _limits(f, bound.index, scope))
        if limits and _leaves(rest, bound, scope):
            _, hi = limits[0]
            raise _unknown(bound.lo, hi + 1 if hi is not None else bound.hi, mul(*factors))


def _limits(factor: Expr, letter: Index, scope: Scope) -> tuple[Affine | None, Affine | None] | None:
    return condition(factor, letter) if isinstance(factor, Bracket) and factor.op == "<=" else None


def _leaves(factors: tuple[Expr, ...], bound: Bound, scope: Scope) -> bool:
    """May the factors be read outside their arrays when the letter runs over all of its range?"""
    around = (*scope.ranges, *(b for b in scope.axes.values() if b.index != bound.index), bound)
    for access, bounds in (found for f in factors for found in reads(f, around)):
        for slot, position in enumerate(access.at):
            if position.coefficient(bound.index):
                used = extent(position, bounds)
                lo, hi = scope.tensors[access.tensor].range_of(slot, access.at)
                lo, hi = extent(lo, bounds).hi, extent(hi, bounds).lo
                if not (scope.facts.below(lo, used.lo) and scope.facts.below(used.hi, hi)):
                    return True
    return False


def _narrower(bound: Bound, limits: tuple[Affine | None, Affine | None], factor: Expr, scope: Scope) -> Bound:
    lo, hi = limits
    below = scope.facts.below
    if lo is not None and not below(lo, bound.lo):
        if not below(bound.lo, lo):
            raise _unknown(bound.lo, lo, factor)
        bound = Bound(bound.index, lo, bound.hi)
    if hi is not None and not below(bound.hi, hi):
        if not below(hi, bound.hi):
            raise _unknown(hi, bound.hi, factor)
        bound = Bound(bound.index, bound.lo, hi)
    return bound


def _unknown(left: Affine, right: Affine, expr: Expr) -> Refused:
    return Refused(
        f"where {render_expr(expr)} is 0 depends on the sizes",
        fix=f"declare model.assume({render_affine(left)} <= {render_affine(right)})",
    )
