"""How far a variable is read: the range of an equation that nothing else shows.

A variable has to exist where it is read, and what nothing reads changes no value. So `h[L]`, with `h[0]` given,
gives `h[t] = tanh(h[t - 1])` the range 1..L. Readers whose own range is found in this way count as well: the least
ranges that satisfy all of them are found together. What is read over all of a range that is unknown says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from derive.inference.candidates import Ends
from derive.inference.sketch import Sketch
from derive.regions.regions import Interval, end_of
from derive.regions.unknown import UNKNOWN
from derive.values.affine import Affine, Index, Width, indices
from derive.values.binders import Bound
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.text import render_affine


@dataclass(frozen=True)
class Wanted:
    """The letter of equation `q` that stands alone in a slot of its left side, and has no range."""

    q: int
    slot: int
    letter: Index


class Undecided(Exception):
    """The facts do not say which of two ends lies further out."""

    def __init__(self, left: Affine, right: Affine) -> None:
        self.left, self.right = left, right
        super().__init__(f"whether {render_affine(left)} <= {render_affine(right)} is not known")


@dataclass
class Demand:
    """`found` are ranges that satisfy every reader; `undecided` says of a letter why it is not among them."""

    found: dict[Wanted, Ends] = field(default_factory=dict)
    undecided: dict[Wanted, Undecided] = field(default_factory=dict)


def demanded(sketch: Sketch) -> Demand:
    """The letters of left sides that have no range, and the ranges that their readers need."""
    demand = Demand()
    open_letters = [
        Wanted(q, slot, position.letter)
        for q, draft in enumerate(sketch.drafts)
        for slot, position in enumerate(draft.target.at)
        if position.letter and position.letter not in sketch.known[q] and _is_variable(sketch, q)
    ]
    while open_letters:
        demand.found = _settle(sketch, open_letters, demand)
        lost = {w for w in open_letters if w not in demand.found or not _is_complete(sketch, w)}
        _forget(sketch, open_letters)
        if not lost:
            break
        open_letters = [w for w in open_letters if w not in lost]
        demand.found = {}
    return demand


def _is_variable(sketch: Sketch, q: int) -> bool:
    return sketch.drafts[q].target.tensor not in ("J", "?")


def _settle(sketch: Sketch, letters: list[Wanted], demand: Demand) -> dict[Wanted, Ends]:
    """The least ranges that all readers need, none for a letter of which this is unknown; they stand in the sketch."""
    found: dict[Wanted, Ends] = {}
    changed = set(letters)
    for _ in range(2 * len(letters) + 2):
        changed = set()
        for wanted in letters:
            ends = _decided(sketch, wanted, demand)
            if ends != found.get(wanted):
                changed.add(wanted)
                _put(sketch, found, wanted, ends)
        if not changed:
            break
    return {wanted: ends for wanted, ends in found.items() if wanted not in changed}


def _decided(sketch: Sketch, wanted: Wanted, demand: Demand) -> Ends | None:
    try:
        return _needed(sketch, wanted)
    except Undecided as error:
        demand.undecided[wanted] = error
        return None


def _put(sketch: Sketch, found: dict[Wanted, Ends], wanted: Wanted, ends: Ends | None) -> None:
    _forget(sketch, [wanted])
    found.pop(wanted, None)
    if ends:
        found[wanted] = sketch.known[wanted.q][wanted.letter] = ends


def _forget(sketch: Sketch, letters: list[Wanted]) -> None:
    for wanted in letters:
        sketch.known[wanted.q].pop(wanted.letter, None)


def _needed(sketch: Sketch, wanted: Wanted) -> Ends | None:
    """The places from the first to the last at which the slot is read or given, less those that are given."""
    name, facts = sketch.drafts[wanted.q].target.tensor, sketch.shapes.facts
    given = [sketch.region(q, wanted.slot) for q in beside(sketch, wanted.q, wanted.slot)]
    read = [reach(sketch, access.at[wanted.slot], bounds) for access, bounds in _reads(sketch, name)]
    if not any(read) or None in given:
        return None
    known = [*(ends for ends in given if ends), *((r.lo, r.hi) for r in read if r)]
    ends = lowest((lo for lo, _ in known), facts), highest((hi for _, hi in known), facts)
    return _less(ends, [x for x in given if x], facts)


def _less(ends: Ends, given: list[Ends], facts: Facts) -> Ends | None:
    """What the given parts, all of which lie at an end, leave of a range."""
    lo, hi = ends
    left = list(given)
    while left:
        outer = next((g for g in left if facts.same(g[0], lo) or facts.same(g[1], hi)), None)
        if outer is None:
            return None
        left.remove(outer)
        lo, hi = (outer[1] + 1, hi) if facts.same(outer[0], lo) else (lo, outer[0] - 1)
    return None if facts.below(lo, hi) is False else (lo, hi)


def lowest(values: Iterable[Affine], facts: Facts) -> Affine:
    """The smallest one. Undecided if the facts do not say which it is."""
    left = list({facts.canonical(v): v for v in values}.values())
    for value in left:
        if all(facts.below(value, other) for other in left):
            return value
    first, second = [v for v in left if not any(facts.below(other, v) for other in left if other != v)][:2]
    raise Undecided(first, second)


def highest(values: Iterable[Affine], facts: Facts) -> Affine:
    """The largest one. Undecided if the facts do not say which it is."""
    return lowest((v * -1 for v in values), facts) * -1


def beside(sketch: Sketch, q: int, slot: int) -> list[int]:
    """The other equations of the variable that share all but this slot with equation `q`."""
    at = sketch.drafts[q].target.at
    return [
        r
        for r in sketch.defining(sketch.drafts[q].target.tensor)
        if r != q
        and all(
            bool(mine.letter) == bool(its.letter) and (mine.letter or mine == its)
            for s, (mine, its) in enumerate(zip(at, sketch.drafts[r].target.at, strict=True))
            if s != slot
        )
    ]


def _reads(sketch: Sketch, name: str) -> list[tuple[Access, tuple[Bound, ...]]]:
    return [read for q in range(len(sketch.drafts)) for read in sketch.reads(q) if read[0].tensor == name]


def _is_complete(sketch: Sketch, wanted: Wanted) -> bool:
    """Is it known of every read how far it goes?"""
    name = sketch.drafts[wanted.q].target.tensor
    if any(name in sketch.hidden(q) for q in range(len(sketch.drafts))):
        return False
    return all(reach(sketch, access.at[wanted.slot], bounds) for access, bounds in _reads(sketch, name))


def reach(
    sketch: Sketch, position: Affine, bounds: tuple[Bound, ...], around: frozenset[Index] = frozenset()
) -> Interval | None:
    """Smallest and largest value of a position; None if some range is not known, or moves with another letter.

    The letters in `around` stay as they are.
    """
    lo = hi = position
    for atom, count in position.terms:
        if isinstance(atom, Expr):
            tensor = sketch.shapes.tensors.get(atom.tensor) if isinstance(atom, Access) else None
            if tensor is None or tensor.values is None:
                return None
            ends, place = (tensor.values if count > 0 else tensor.values[::-1]), Affine.of(atom) * count
            lo, hi = lo - place + ends[0] * count, hi - place + ends[1] * count
    for bound in reversed(bounds):
        if bound.index in {*indices(lo), *indices(hi)} - around:
            if UNKNOWN in (bound.lo, bound.hi) or any(map(_moves, (lo, hi, bound.lo, bound.hi))):
                return None
            lo, hi = end_of(lo, bound, 1), end_of(hi, bound, -1)
    return None if {*indices(lo), *indices(hi)} - around else Interval(lo, hi)


def _moves(end: Affine) -> bool:
    return any(isinstance(atom, Width) and atom.letters for atom, _ in end.terms)
