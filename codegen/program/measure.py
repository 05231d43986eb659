"""Where sizes can be read off the arrays that a function is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codegen.program.array import Store
from derive.errors import Refused
from derive.regions.regions import extent
from derive.values.affine import Affine, Index, Node, Size, Width, indices
from derive.values.binders import Bound
from derive.values.facts import Facts
from derive.values.text import render_affine


@dataclass(frozen=True)
class Measure:
    """A size: the length of axis `axis` of a store at `keys`, or its last key if `axis` is None, plus `offset`.

    The sum is `times` the size.
    """

    store: str
    keys: tuple[Affine, ...]
    axis: int | None
    offset: int
    times: int = 1


def measure_size(name: str, stores: tuple[Store, ...]) -> Measure:
    """The first given array that shows a size, else a multiple of it: parameters, keys, data. Refused if none does."""
    for times in (1, None):
        for measure in _measures(Size(name), stores):
            if times in (None, measure.times):
                return measure
    raise Refused(
        f"no array that is given shows the size {name}", fix=f"declare data or a parameter with {name} in its shape"
    )


def unshown(sizes: tuple[str, ...], stores: tuple[Store, ...], facts: Facts) -> tuple[str, ...]:
    """The sizes that no given array shows, nor any equality: numbers of steps, which are arguments of the code."""
    tied = {a for left, right in facts.equal for a in (*sizes_in(Affine.of(left)), *sizes_in(right))}
    return tuple(name for name in sizes if Size(name) not in tied and next(_measures(Size(name), stores), None) is None)


def _measures(atom: Size, stores: tuple[Store, ...]) -> Iterator[Measure]:
    """Every place that shows a size, or a multiple of it."""
    for store in sorted(stores, key=lambda s: (s.role != "parameter", len(s.keys))):
        for number, axis in enumerate(store.axes if _given(store) and not store.keys else ()):
            length = axis.hi - axis.lo + 1
            times = length.coefficient(atom)
            offset = (length - Affine.of(atom) * times).number
            if times > 0 and offset is not None:
                yield Measure(store.name, (), number, -offset, times)
        if _given(store) and len(store.keys) == 1:
            offset = (store.keys[0].hi - atom).number
            if offset is not None:
                yield Measure(store.name, (), None, -offset)


def _given(store: Store) -> bool:
    return store.role in ("data", "parameter")


def measure_width(width: Width, loops: Mapping[Index, Bound], stores: tuple[Store, ...], facts: Facts) -> Measure:
    """An array that shows a width at a position, inside the given loops."""
    for store in sorted(filter(_given, stores), key=lambda s: s.role != "parameter"):
        for number, axis in enumerate(store.axes):
            gap = axis.hi - axis.lo + 1
            shown = next((a for a, c in gap.terms if isinstance(a, Width) and a.name == width.name and c == 1), None)
            if not isinstance(shown, Width) or (gap - shown).number is None:
                continue
            keys = _solve(shown.at, width.at, store, loops, facts)
            if keys is not None:
                return Measure(store.name, keys, number, -int((gap - shown).constant))
    raise Refused(f"no array that is given shows the width {render_affine(Affine.of(width))}")


def _solve(
    shown: Affine, wanted: Affine, store: Store, loops: Mapping[Index, Bound], facts: Facts
) -> tuple[Affine, ...] | None:
    """The keys at which `shown` equals `wanted`, if they exist at every pass of the loops."""
    letters = [k.index for k in store.keys]
    mine = [x for x in indices(shown) if x in letters]
    if not mine:
        return () if not letters and facts.same(shown, wanted) else None
    if len(letters) != 1 or shown.coefficient(mine[0]) != 1:
        return None
    key = wanted - (shown - mine[0])
    reach = extent(key, tuple(loops.values()))
    lo, hi = store.keys[0].lo, store.keys[0].hi
    return (key,) if facts.below(lo, reach.lo) and facts.below(reach.hi, hi) else None


def sizes_in(affine: Affine) -> tuple[Node, ...]:
    """The sizes and widths in an expression, those inside widths included."""
    found: list[Node] = []
    for atom, _ in affine.terms:
        if isinstance(atom, Width):
            found.extend(sizes_in(atom.at))
        if isinstance(atom, (Size, Width)):
            found.append(atom)
    return tuple(found)
