"""How far a tensor reaches: the range of a letter that stands in shifted and strided places only.

In `Sum(w[s] * x[r + s - 1], s)`, with w of F and x of N places, all entries exist for r = 1..N - F + 1. This is the
range if it begins at 1, as places do, or next to a place that is given; every other one could be a slip.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.inference.candidates import Ends
from derive.inference.demand import Undecided, beside, highest, lowest, reach
from derive.inference.sketch import Sketch
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound
from derive.values.nodes import Access


@dataclass(frozen=True)
class Supply:
    """The largest range for which every entry exists, and whether it is the only one that can be meant.

    `uneven` is an end that is a whole number for some sizes only, as twice what it is, and the like.
    """

    ends: Ends | None = None
    sure: bool = False
    uneven: tuple[Affine, int] | None = None
    undecided: Undecided | None = None


class _Uneven(Exception):
    """An end of a range that is a whole number for some sizes only: `value` / `divisor`."""

    def __init__(self, value: Affine, divisor: int) -> None:
        self.value, self.divisor = value, divisor
        super().__init__()


def supplied(sketch: Sketch, q: int, letter: Index) -> Supply:
    """What the tensors in statement `q` allow for a letter; nothing if one of them is not known."""
    reads = [(a, b) for a, b in sketch.reads(q) if any(letter in indices(p) for p in a.at)]
    limits, uneven = list[Limit | None](), list[_Uneven]()
    for read, slot in [(found, slot) for found in reads for slot in _slots(found[0], letter)]:
        try:
            limits.append(_limit(sketch, slot, read, letter))
        except _Uneven as error:
            uneven.append(error)
    if uneven:
        least = min(uneven, key=lambda e: e.value.constant)
        return Supply(uneven=(least.value, least.divisor))
    if None in limits or not limits:
        return Supply()
    try:
        return _joined(sketch, q, letter, reads, [x for x in limits if x])
    except Undecided as error:
        return Supply(undecided=error)


def _slots(access: Access, letter: Index) -> list[int]:
    return [slot for slot, position in enumerate(access.at) if letter in indices(position)]


Read = tuple[Access, tuple[Bound, ...]]


@dataclass(frozen=True)
class Limit:
    """The places at which a letter reads one slot of a tensor inside of it."""

    slot: tuple[str, int]
    lo: Affine
    hi: Affine


def _limit(sketch: Sketch, slot: int, read: Read, letter: Index) -> Limit | None:
    """The places of the letter at which a slot is read inside of the tensor."""
    access, bounds = read
    tensor = sketch.shapes.tensors.get(access.tensor)
    others = tuple(b for b in bounds if b.index != letter)
    used = reach(sketch, access.at[slot], others, frozenset((letter,)))
    if tensor is None or used is None or tensor.slots[slot].index.name.startswith("@"):
        return None
    lo, hi = tensor.range_of(slot, access.at)
    step = used.lo.coefficient(letter)
    if step != used.hi.coefficient(letter) or not step or indices(lo) or indices(hi):
        return None
    below, above = lo - (used.lo - Affine.of(letter) * step), hi - (used.hi - Affine.of(letter) * step)
    if step < 0:
        below, above, step = above * -1, below * -1, -step
    facts = sketch.shapes.facts
    return Limit(
        (access.tensor, slot),
        _quotient(facts.canonical(below), step, step - 1),
        _quotient(facts.canonical(above), step, 0),
    )


def _quotient(value: Affine, divisor: int, more: int) -> Affine:
    """The largest integer not above (value + more) / divisor. _Uneven if it depends on what the sizes are."""
    if any(count % divisor for _, count in value.terms):
        raise _Uneven(value, divisor)
    return Affine(tuple((a, c // divisor) for a, c in value.terms), (value.constant + more) // divisor)


def _joined(
    sketch: Sketch, q: int, letter: Index, reads: list[tuple[Access, tuple[Bound, ...]]], limits: list[Limit]
) -> Supply:
    facts, allowed = sketch.shapes.facts, set[Ends]()
    for slot in {x.slot for x in limits}:
        mine = [x for x in limits if x.slot == slot]
        allowed.add((highest((x.lo for x in mine), facts), lowest((x.hi for x in mine), facts)))
    if len(allowed) > 1:
        return Supply()
    (found,) = allowed
    if facts.below(found[0], found[1] + 1) is not True:
        return Supply(found, undecided=Undecided(*found))
    alone = any(p.letter == letter for access, _ in reads for p in access.at)
    return Supply(found, not alone and _begins(sketch, q, letter, found))


def _begins(sketch: Sketch, q: int, letter: Index, ends: Ends) -> bool:
    """Does the range begin where ranges do: at 1, or next to what other equations of the variable give?"""
    facts = sketch.shapes.facts
    if facts.same(ends[0], Affine.of(1)):
        return True
    slots = [s for s, p in enumerate(sketch.drafts[q].target.at) if p.letter == letter]
    given = [sketch.region(r, slot) for slot in slots for r in beside(sketch, q, slot)]
    return any(facts.same(x[1] + 1, ends[0]) for x in given if x)
