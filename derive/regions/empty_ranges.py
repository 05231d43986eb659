"""Sums over ranges that become empty at an end: there the sum is 0, and is not looked at.

Sum_{p=t+1}^{n} f(p, w[p, t+1]), t = 1..n, would read w[., n+1] at t = n, where the range is empty.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.regions.regions import Interval, extent
from derive.system import System, accesses
from derive.values.affine import Affine, indices
from derive.values.binders import Bound, Sum
from derive.values.nodes import Bracket, Expr, Mul


def empty_ends(term: Expr, outer: tuple[Bound, ...], system: System) -> Iterator[Bracket]:
    """Sum_{p=a}^{b} f(p) = [a <= b] Sum_{p=a}^{b} f(p), where f would leave an array if the range is empty."""
    letters = {b.index for b in outer}
    for part in term.factors if isinstance(term, Mul) else (term,):
        for bound in part.bounds if isinstance(part, Sum) else ():
            moving = {*indices(bound.lo), *indices(bound.hi)}
            length = extent(bound.hi - bound.lo, outer).lo
            if len(moving) == 1 and moving <= letters and not system.facts.below(Affine.of(0), length):
                assert isinstance(part, Sum)
                (letter,) = moving
                if any(_leaves(part.body, b, outer, system) for b in outer if b.index == letter):
                    yield Bracket("<=", bound.lo, bound.hi)


def _leaves(expr: Expr, moving: Bound, outer: tuple[Bound, ...], system: System) -> bool:
    """Is an entry read outside of its array, at a position with this letter and others of the target alone?"""
    letters = {b.index for b in outer}
    for access in accesses(expr):
        tensor = system.tensor(access.tensor.removeprefix("d."))
        for slot, position in enumerate(access.at):
            own = set(indices(position))
            if moving.index in own and own <= letters:
                used, there = extent(position, outer), Interval(*tensor.range_of(slot, access.at))
                if not (system.facts.below(there.lo, used.lo) and system.facts.below(used.hi, there.hi)):
                    return True
    return False
