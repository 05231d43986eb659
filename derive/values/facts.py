"""What is known about sizes: lower bounds and equalities, and the order of integer expressions that follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from derive.values.affine import Affine, Index, Node, Size, Width, replace


@dataclass(frozen=True)
class Facts:
    """`equal` maps a width or size to the expression it equals; `at_least` lists expressions known to be >= 0."""

    equal: tuple[tuple[Node, Affine], ...] = ()
    at_least: tuple[Affine, ...] = ()

    def canonical(self, affine: Affine) -> Affine:
        """The expression with every declared equality used, left to right."""
        return replace(affine, dict(self.equal)) if self.equal else affine

    def same(self, left: Affine, right: Affine) -> bool:
        """Are the two equal for all sizes that the facts allow?"""
        return self.canonical(left) == self.canonical(right)

    def below(self, left: Affine, right: Affine) -> bool | None:
        """Is left <= right: yes for all sizes, no for all sizes, or unknown (None)."""
        gap = self.canonical(right) - self.canonical(left)
        if self._never_negative(gap):
            return True
        return False if self._never_negative(gap * -1 - 1) else None

    def _never_negative(self, gap: Affine) -> bool:
        """Put size = lower bound + something >= 0 for every size; then no coefficient may be negative."""
        for bound in self.at_least:
            solved = _largest(self.canonical(bound))
            count = gap.coefficient(solved) if solved else 0
            if solved and count:
                rest = self.canonical(bound) - solved
                gap = gap + (rest * -1 - solved) * count + Affine.of(_Slack(bound)) * count
        floor = sum(c for a, c in gap.terms if isinstance(a, (Size, Width)))
        return all(c >= 0 for _, c in gap.terms) and gap.constant + floor >= 0

    def with_bounds(self, bounds: Iterable[Affine]) -> Facts:
        """These facts and `bounds`, each >= 0; the sharpest bound of one size comes first."""
        merged = {b.key: b for b in (*self.at_least, *bounds) if b.number is None}
        return Facts(self.equal, tuple(sorted(merged.values(), key=lambda b: (len(b.terms) == 1, b.constant, b.key))))


def never_equal(left: Affine, right: Affine, facts: Facts) -> bool:
    """Do two sizes differ whatever they are, such as n and 2*n?"""
    return bool(facts.below(left + 1, right) or facts.below(right + 1, left))


@dataclass(frozen=True, eq=False)
class _Slack(Node):
    """The amount, >= 0, by which a bound is exceeded."""

    of: Affine

    @cached_property
    def key(self) -> str:
        return f"slack({self.of.key})"


def _largest(bound: Affine) -> Node | None:
    """The size that a bound `size - ... >= 0` limits from below: the last one with coefficient 1."""
    sizes = [a for a, c in bound.terms if c == 1 and isinstance(a, (Size, Width, Index))]
    return sizes[-1] if sizes else None
