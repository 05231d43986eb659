"""What is known of ranges while some equations still lack one: slots of variables, and letters of equations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as with_changes

from derive.inference.candidates import Ends, candidates, is_base, letters_of
from derive.regions.shapes import Draft, Ranges, Shapes
from derive.regions.unknown import UNKNOWN, range_of
from derive.system import Slot, Tensor, accesses
from derive.values.affine import Index, indices
from derive.values.binders import Bound
from derive.values.nodes import Access
from derive.values.scopes import scoped
from derive.values.walks import walk_inside

NOWHERE: Ends = UNKNOWN, UNKNOWN


@dataclass
class Sketch:
    """`drafts` are all statements, with letters of their own for every sum; `known` has the ranges of each.

    In `shapes` the variables that are `unfinished` have the slots of which the range is known.

    Every range here follows from declared tensors and stated ranges alone, or is an answer that was found since.
    """

    drafts: tuple[Draft, ...]
    known: list[Ranges]
    shapes: Shapes
    unfinished: tuple[str, ...]

    def defining(self, name: str) -> list[int]:
        """The numbers of the equations of a variable."""
        return [q for q, draft in enumerate(self.drafts) if draft.target.tensor == name]

    def missing(self) -> Iterator[tuple[int, Index]]:
        """The letters without a range, with the number of their statement."""
        for q, draft in enumerate(self.drafts):
            yield from ((q, x) for x in letters_of(draft) if x not in self.known[q])

    def region(self, q: int, slot: int) -> Ends | None:
        """Where an equation holds along one slot of its target, None if that is not known."""
        position = self.drafts[q].target.at[slot]
        return self.known[q].get(position.letter) if position.letter else (position, position)

    def around(self, q: int) -> tuple[Bound, ...]:
        """The ranges of the letters that stand on the left side, or free."""
        free = [x for p in self.drafts[q].target.at for x in indices(p)]
        return tuple(Bound(x, *self.known[q].get(x, NOWHERE)) for x in free)

    def reads(self, q: int) -> Iterator[tuple[Access, tuple[Bound, ...]]]:
        """Every entry that a statement reads, with the ranges of the letters around it; none inside a position."""
        for node, bounds in walk_inside(self.drafts[q].value, self.around(q)):
            if isinstance(node, Access):
                yield node, tuple(self._settled(q, b, bounds) for b in bounds)

    def hidden(self, q: int) -> set[str]:
        """The tensors that a statement reads inside a position."""
        found = list(accesses(self.drafts[q].value))
        for access, _ in self.reads(q):
            found.remove(access)
        return {access.tensor for access in found}

    def _settled(self, q: int, bound: Bound, bounds: tuple[Bound, ...]) -> Bound:
        if bound.hi == UNKNOWN:
            return Bound(bound.index, *self.known[q].get(bound.index, NOWHERE))
        like = next((x for x in indices(bound.hi) if bound.hi == range_of(x)), None)
        if like is None:
            return bound
        stated = next(((b.lo, b.hi) for b in bounds if b.index == like and b.hi != UNKNOWN), NOWHERE)
        return Bound(bound.index, *self.known[q].get(like, stated))


def sketched(drafts: tuple[Draft, ...], shapes: Shapes) -> Sketch:
    """Everything that follows from slots in which letters stand alone, also of variables of which a part is known."""
    drafts = tuple(with_changes(d, value=scoped(d.value, {})) for d in drafts)
    unfinished = tuple(dict.fromkeys(d.target.tensor for d in drafts if d.target.tensor not in shapes.tensors))
    seen = Shapes(shapes.tensors, shapes.facts)
    seen.regional = shapes.regional
    sketch = Sketch(drafts, [dict(d.over) for d in drafts], seen, unfinished)
    while _grow(sketch):
        pass
    return sketch


def _grow(sketch: Sketch) -> bool:
    """Find ranges once more, given those that are known. Does anything come of it?"""
    before = sum(map(len, sketch.known))
    tensors, names = sketch.shapes.tensors, dict.fromkeys(d.target.tensor for d in sketch.drafts)
    unfinished = [n for n in names if n not in tensors]
    sketch.shapes = Shapes(
        {**tensors, **{n: _outline(sketch, n) for n in names if n in unfinished}}, sketch.shapes.facts
    )
    for q, draft in enumerate(sketch.drafts):
        for letter, found in candidates(draft, sketch.shapes, weak=False).items():
            sketch.known[q].setdefault(letter, found[0][0])
    for name in sketch.unfinished:
        _share(sketch, name)
    return sum(map(len, sketch.known)) > before


def _outline(sketch: Sketch, name: str) -> Tensor:
    """A variable of which some slots are known, the others marked as a single place is, which shows no range."""
    mine = sketch.defining(name)
    slots = []
    for slot in range(len(sketch.drafts[mine[0]].target.at)):
        ends = _hull(sketch, mine, slot)
        slots.append(Slot(Index(f"+{slot}"), *ends) if ends else Slot(Index(f"@{slot}"), UNKNOWN, UNKNOWN))
    return Tensor(name, "variable", tuple(slots))


def _hull(sketch: Sketch, mine: list[int], slot: int) -> Ends | None:
    """The range that all equations of a variable have along a slot, if it is one."""
    found = [sketch.region(q, slot) for q in mine]
    ends = found[0]
    letter = sketch.drafts[mine[0]].target.at[slot].letter
    return ends if letter and ends and _constant(ends) and all(x == ends for x in found) else None


def _constant(ends: Ends) -> bool:
    return not any(indices(end) for end in ends)


def _share(sketch: Sketch, name: str) -> None:
    """An equation for P[0, j, k] has the ranges of j and k that the other equations of P have there, if it is one."""
    mine = sketch.defining(name)
    for q in mine:
        for slot, position in enumerate(sketch.drafts[q].target.at):
            letter = position.letter
            if letter and letter not in sketch.known[q]:
                others = [sketch.region(r, slot) for r in mine if sketch.drafts[r].target.at[slot].letter]
                ends = {x for x in others if x}
                if len(ends) == 1 and all(map(_constant, ends)) and is_base(sketch.drafts[q], slot):
                    sketch.known[q][letter] = ends.pop()
