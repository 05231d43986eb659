"""Regions of a recurrence range: cut points in affine order, one region between neighbours."""

from __future__ import annotations

from dataclasses import dataclass

from derive.derivation import Adjoint
from derive.system import Equation
from derive.values.affine import Affine, replace
from derive.values.binders import Bound
from derive.values.facts import Facts
from derive.values.text import render_affine, render_range


@dataclass(frozen=True)
class Interval:
    """The integers lo..hi; empty if hi = lo - 1."""

    lo: Affine
    hi: Affine

    @property
    def point(self) -> Affine | None:
        """The only place in it, if the two ends are the same expression."""
        return self.lo if self.lo == self.hi else None

    def __str__(self) -> str:
        return render_affine(self.lo) if self.point else render_range(self.lo, self.hi)


class UnknownOrder(Exception):
    """Two integer expressions whose order the facts do not decide."""

    def __init__(self, left: Affine, right: Affine) -> None:
        self.left, self.right = left, right
        super().__init__(f"whether {render_affine(left)} <= {render_affine(right)} is not known")

    @property
    def likely(self) -> tuple[Affine, Affine]:
        """The order that is meant, smaller one first: sizes are not small."""
        return (self.right, self.left) if self.right.number is not None else (self.left, self.right)


def cut(domain: Interval, intervals: list[Interval], facts: Facts) -> list[Interval]:
    """Disjoint regions that cover `domain` and on each of which every interval holds everywhere or nowhere.

    Raises UnknownOrder where the facts do not order two ends.
    """
    points = [domain.lo]
    for interval in intervals:
        for point in (interval.lo, interval.hi + 1):
            if _inside(point, domain, facts):
                insert(points, point, facts)
    return _between(points, domain)


def _between(points: list[Affine], domain: Interval) -> list[Interval]:
    ends = [p - 1 for p in points[1:]] + [domain.hi]
    return [Interval(lo, hi) for lo, hi in zip(points, ends, strict=True)]


def cut_where_known(
    domain: Interval, intervals: list[Interval], facts: Facts
) -> tuple[list[Interval], list[UnknownOrder]]:
    """Disjoint regions that cover `domain`, cut at all ends of intervals whose order is known, numbers first.

    The orders that the facts do not decide are given as well: at such ends nothing is cut.
    """
    points, unknown = [domain.lo], list[UnknownOrder]()
    ends = [point for interval in intervals for point in (interval.lo, interval.hi + 1)]
    for point in sorted(ends, key=lambda p: p.number is None):
        try:
            if _inside(point, domain, facts):
                insert(points, point, facts)
        except UnknownOrder as error:
            unknown.append(error)
    return _between(points, domain), unknown


def _inside(point: Affine, domain: Interval, facts: Facts) -> bool:
    """Does a cut before `point` divide the domain? The region before it may be empty for small sizes."""
    if facts.below(point, domain.lo) or facts.below(domain.hi + 1, point):
        return False
    above, within = facts.below(domain.lo, point), facts.below(point, domain.hi + 1)
    if above and within:
        return True
    raise UnknownOrder(*((domain.lo, point) if not above else (point, domain.hi + 1)))


def insert(points: list[Affine], point: Affine, facts: Facts) -> None:
    """Put a point where it belongs in the order. Raises UnknownOrder if the facts do not say where."""
    for q, other in enumerate(points):
        if facts.same(point, other):
            return
        if facts.below(point, other):
            points.insert(q, point)
            return
        if not facts.below(other, point):
            raise UnknownOrder(point, other)
    points.append(point)


def covers(interval: Interval, region: Interval, facts: Facts) -> bool:
    """Does the interval hold on all of the region (it holds on all or on nothing of it)?"""
    return bool(facts.below(interval.lo, region.lo) and facts.below(region.hi, interval.hi))


def extent(position: Affine, bounds: tuple[Bound, ...]) -> Interval:
    """Smallest and largest value of a position when the letters run over their bounds."""
    lo = hi = position
    for bound in reversed(bounds):
        lo, hi = end_of(lo, bound, 1), end_of(hi, bound, -1)
    return Interval(lo, hi)


def end_of(value: Affine, bound: Bound, sign: int) -> Affine:
    """The smallest value over the range of one letter, or the largest if `sign` is -1."""
    if not value.terms:
        return value
    end = bound.lo if value.coefficient(bound.index) * sign > 0 else bound.hi
    return replace(value, {bound.index: end})


def region_of(equation: Equation | Adjoint, slot: int) -> Interval:
    """Where an equation holds along one slot of its target."""
    position = equation.target.at[slot]
    for bound in equation.bounds:
        if position.letter == bound.index:
            return Interval(bound.lo, bound.hi)
    return Interval(position, position)
