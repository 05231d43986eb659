"""Neighbouring loops over the same range become one."""

from __future__ import annotations

from codegen.array import Line, Pick, Read, Repeat, Span, assigns, values
from derive.affine import Affine, Index
from derive.facts import Facts


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
    reads = (v for a, _ in assigns(loop.body) for v in values(a.value) if isinstance(v, Read))
    return any(
        r.store in own and _places(r, loop.bound.index) != _places(own[r.store], loop.bound.index) for r in reads
    )


def _earlier(read: Read, target: Read, letter: Index, down: bool) -> bool:
    """Is the entry that is read written in this pass or an earlier one?"""
    gaps = [here - there for here, there in zip(_places(read, letter), _places(target, letter), strict=False)]
    if len(_places(read, letter)) != len(_places(target, letter)) or not gaps:
        return False
    late = [g for g in gaps if g.number is None or (g.number < 0 if down else g.number > 0)]
    return not late


def _places(read: Read, letter: Index) -> list[Affine]:
    """The keys and picks in which the loop letter stands."""
    found = [*read.keys, *(p for pick in read.picks for p in _pick_places(pick))]
    return [p for p in found if p.coefficient(letter)]


def _pick_places(pick: Pick) -> tuple[Affine, ...]:
    if isinstance(pick, Affine):
        return (pick,)
    return (pick.start, pick.stop) if isinstance(pick, Span) and not pick.whole else ()
