"""Statements that need each other, side by side along one index: the slots in which they run together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from derive.order.dependence import Edge, Statement, distance, edges_of, is_after, is_before, rename
from derive.regions.regions import Interval, insert
from derive.values.affine import Affine, Index
from derive.values.facts import Facts


@dataclass(frozen=True)
class Lanes:
    """Members aligned along `letter`: each stands at the letter, or at one place, in its tensor's slot of `slots`."""

    letter: Index
    members: tuple[Statement, ...]
    slots: dict[str, int]

    def place(self, member: Statement) -> Affine:
        """Where a member stands: the letter, or a single place."""
        return member.target.at[self.slots[member.target.tensor]]

    def range_of(self, member: Statement) -> Interval:
        """The places of a member along the letter."""
        place = self.place(member)
        return next((Interval(b.lo, b.hi) for b in member.bounds if place.letter == b.index), Interval(place, place))

    def goes_down(self, facts: Facts, carried: frozenset[Index]) -> bool | None:
        """The direction in which every entry is defined before it is read; None if there is none."""
        gaps = []
        for edge in edges_of(self.members, facts, carried):
            position = edge.access.at[self.slots[edge.access.tensor]]
            gap = distance(position, self.place(self.members[edge.reader]), edge.bounds)
            if gap is None:
                return None
            gaps.append(gap)
        if all(is_after(g, facts, 0) and is_before(g, facts, 0) for g in gaps):
            return None
        if all(is_before(g, facts, 0) for g in gaps):
            return False
        return True if all(is_after(g, facts, 0) for g in gaps) else None

    def regions(self, facts: Facts) -> list[tuple[Interval, tuple[Statement, ...]]]:
        """The places between neighbouring ends of the members' ranges, with the members that stand there.

        Raises UnknownOrder where the facts do not order two ends.
        """
        ends = [(own.lo, own.hi + 1) for own in map(self.range_of, self.members)]
        points: list[Affine] = []
        for point in (point for pair in ends for point in pair):
            insert(points, point, facts)
        spans = [tuple(next(q for q, p in enumerate(points) if facts.same(p, end)) for end in pair) for pair in ends]
        return [
            (Interval(lo, after - 1), tuple(m for m, s in zip(self.members, spans, strict=True) if s[0] <= q < s[1]))
            for q, (lo, after) in enumerate(zip(points, points[1:], strict=False))
        ]


def lanes_of(members: tuple[Statement, ...], edges: list[Edge], carried: frozenset[Index]) -> Iterator[Lanes]:
    """Every way to align the members, those of the first one first."""
    tried: list[dict[str, int]] = []
    for member in members:
        for letter in (b.index for b in member.bounds if b.index not in carried):
            slot = next((q for q, p in enumerate(member.target.at) if p.letter == letter), None)
            if slot is None or any(slots.get(member.target.tensor) == slot for slots in tried):
                continue
            slots = {member.target.tensor: slot}
            while any(_passed_on(edge, members, slots, carried) for edge in edges):
                pass
            tried.append(slots)
            if all(m.target.tensor in slots for m in members):
                places = [m.target.at[slots[m.target.tensor]].letter for m in members]
                aligned = (rename(m, x, letter) if x else m for m, x in zip(members, places, strict=True))
                yield Lanes(letter, tuple(aligned), slots)


def _passed_on(edge: Edge, members: tuple[Statement, ...], slots: dict[str, int], carried: frozenset[Index]) -> bool:
    """Find the slot of a reader or a writer from that of the other; False if there is nothing to find."""
    reader, writer = members[edge.reader].target, members[edge.writer].target
    if reader.tensor in slots and writer.tensor not in slots:
        letter = reader.at[slots[reader.tensor]].letter
        for q, position in enumerate(edge.access.at if letter else ()):
            if letter and position.coefficient(letter) == 1 and writer.at[q].letter not in carried:
                slots[writer.tensor] = q
                return True
    if writer.tensor in slots and reader.tensor not in slots:
        position = edge.access.at[slots[writer.tensor]]
        for q, place in enumerate(reader.at):
            if place.letter and place.letter not in carried and position.coefficient(place.letter) == 1:
                slots[reader.tensor] = q
                return True
    return False
