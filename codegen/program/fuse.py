"""Neighbouring loops over the same range become one."""

from __future__ import annotations

from codegen.program.array import Line, Pick, Read, Repeat, Span
from codegen.program.walks import assigns, values
from derive.values.affine import Affine, Index
from derive.values.facts import Facts


def fused(lines: tuple[Line, ...], facts: Facts) -> tuple[Line, ...]:
    """`for l: A` then `for l: B` is `for l: A, B` if B reads from A only what A has written by then."""
    done: list[Line] = []
    for line in lines:
        last = done[-1] if done else None
        if (
            isinstance(last, Repeat)
            and isinstance(line, Repeat)
            and _same_loop(last, line, facts)
            and _may_fuse(last, line)
        ):
            done[-1] = Repeat(last.bound, last.down, fused((*last.body, *line.body), facts))
        else:
            done.append(line)
    return tuple(done)


def _same_loop(one: Repeat, two: Repeat, facts: Facts) -> bool:
    return (
        one.bound.index == two.bound.index
        and facts.same(one.bound.lo, two.bound.lo)
        and facts.same(one.bound.hi, two.bound.hi)
    )


def _may_fuse(one: Repeat, two: Repeat) -> bool:
    """Loops that were made for keys alone may run either way; a scheduled one may not."""
    if one.down != two.down and (_carries(one) or _carries(two)):
        return False
    letter = one.bound.index
    written: dict[str, list[Read]] = {}
    for line, _ in assigns(one.body):
        written.setdefault(line.target.store, []).append(line.target)
    for line, _ in assigns(two.body):
        for value in values(line.value):
            if isinstance(value, Read) and not _all_earlier(value, written.get(value.store, []), letter, one.down):
                return False
    return True


def _all_earlier(read: Read, targets: list[Read], letter: Index, down: bool) -> bool:
    return all(_earlier(read, target, letter, down) for target in targets)


def _carries(loop: Repeat) -> bool:
    """Does a pass of the loop read what another pass writes?"""
    own = {a.target.store: a.target for a, _ in assigns(loop.body)}
    reads = [v for a, _ in assigns(loop.body) for v in values(a.value) if isinstance(v, Read) and v.store in own]
    return any(_elsewhere(r, own[r.store], loop.bound.index) for r in reads)


def _elsewhere(read: Read, target: Read, letter: Index) -> bool:
    pairs = _pairs(read, target)
    return not pairs or any(_ends(r) != _ends(t) and _holds((*_ends(r), *_ends(t)), letter) for r, t in pairs)


def _earlier(read: Read, target: Read, letter: Index, down: bool) -> bool:
    """Is the entry that is read written in this pass or an earlier one? One axis that says so is enough."""
    for here, there in _pairs(read, target):
        if not _holds(_ends(there), letter) or len(_ends(here)) != len(_ends(there)):
            continue
        gaps = [(r - t).number for r, t in zip(_ends(here), _ends(there), strict=True)]
        if all(gap is not None and (gap >= 0 if down else gap <= 0) for gap in gaps):
            return True
    return False


def _pairs(read: Read, target: Read) -> list[tuple[Pick, Pick]]:
    """What stands at the same axis in both."""
    here, there = (*read.keys, *read.picks), (*target.keys, *target.picks)
    return list(zip(here, there, strict=True)) if len(here) == len(there) else []


def _holds(places: tuple[Affine, ...], letter: Index) -> bool:
    return any(p.coefficient(letter) for p in places)


def _ends(pick: Pick) -> tuple[Affine, ...]:
    """A place, or both ends of a span."""
    if isinstance(pick, Affine):
        return (pick,)
    return (pick.start, pick.stop) if isinstance(pick, Span) and not pick.whole else ()
