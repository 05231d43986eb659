"""Terms under a condition on one axis that could not be read outside it: computed where it holds, zeros elsewhere.

[i <= n - 1] f(i + 1), i = 1..n, is f(i + 1), i = 1..n - 1, and a zero after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes

from codegen.lowering.scope import Scope
from derive.errors import Refused
from derive.order.dependence import reads
from derive.regions.conditions import condition
from derive.regions.regions import extent
from derive.values.affine import Affine, Index
from derive.values.binders import Bound
from derive.values.nodes import Bracket, Expr
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
            return Part(inner, rest)
    return None


def at_once(factors: Sequence[Expr], scope: Scope) -> tuple[tuple[Bracket, ...], tuple[Expr, ...]]:
    """Conditions on sizes and loop letters that are tested before the other factors are looked at, and those.

    Nothing is tested where the other factors stay inside their arrays anyway.
    """
    tests = tuple(f for f in factors if isinstance(f, Bracket) and _of_loops(f, scope))
    rest = tuple(f for f in factors if f not in tests)
    needed = any(not f.letters for f in tests) or any(
        _limits(f, bound.index, scope) and _leaves(rest, bound, scope) for f in tests for bound in scope.ranges
    )
    return (tests, rest) if needed else ((), tuple(factors))


def _of_loops(bracket: Bracket, scope: Scope) -> bool:
    given = any(isinstance(atom, Expr) for side in (bracket.left, bracket.right) for atom, _ in side.terms)
    return not given and set(bracket.letters) <= scope.loops


def tested(tests: Sequence[Bracket], scope: Scope) -> Scope:
    """The scope in a pass of the loops in which the conditions hold."""
    ranges = list(scope.ranges)
    facts = scope.facts.with_bounds(t.right - t.left for t in tests if t.op == "<=" and not t.letters)
    for q, bound in enumerate(ranges):
        for test in tests:
            limits = condition(test, bound.index)
            lo, hi = limits if limits is not None else (None, None)
            lo = bound.lo if lo is None or scope.facts.below(lo, bound.lo) else lo
            hi = bound.hi if hi is None or scope.facts.below(bound.hi, hi) else hi
            bound = ranges[q] = Bound(bound.index, lo, hi)
    return with_changes(scope, facts=facts, ranges=tuple(ranges))


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
