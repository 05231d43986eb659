"""What blocks show as they stand: exchanged ones, single wrong entries, constant ratios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from math import hypot, nan
from typing import Any

from verify.diagnosis.evidence import Block, Witness, one, shown
from verify.diagnosis.matching import Match
from verify.unroll import OBJECTIVE

NEAR = 1e-12  # a bound is met, in floats
ZERO = 0


def exchanged(seen: Sequence[Witness]) -> Match | None:
    """Wrong blocks that hold what belongs to other blocks, at every instance; some may hold nothing, 0."""
    sources: dict[Block, set[Block]] = {}
    empty: dict[Block, bool] = {}
    for witness in seen:
        with witness.case.field.context():
            for block in witness.wrong_blocks - {OBJECTIVE}:
                fitting = {other for other in witness.blocks if other != block and holds(witness, block, other)}
                sources[block] = sources[block] & fitting if block in sources else fitting
                empty[block] = empty.get(block, True) and all(witness.same(e, ZERO) for e in witness.blocks[block])
    pairs = sorted((block, min(others)) for block, others in sources.items() if others)
    zeros = sorted(block for block, others in sources.items() if not others and empty[block])
    if not pairs or len(pairs) + len(zeros) < len(sources):
        return None
    if not any(len(w.blocks[b]) > 1 for w in seen for b, _ in pairs if b in w.blocks):
        return None
    says = [f"{shown(block)} holds what belongs to {shown(other)}" for block, other in pairs]
    says += [f"{shown(block)} holds 0" for block in zeros]
    return Match("swapped blocks", "", ", ".join(says))


def clipped(seen: Sequence[Witness]) -> Match | None:
    """Wrong entries that are a bound where the right ones exceed it; blocks whose norm is a bound."""
    for kind in (of_entries, of_norms):
        bounds = [bound for witness in seen for bound in kind(witness)]
        if len(bounds) > 1 and all(abs(one - bounds[0]) <= NEAR * bounds[0] for one in bounds):
            what = "each entry" if kind is of_entries else "the norm of the whole gradient"
            names = sorted({name for w in seen for name, _ in w.wrong_blocks if name != "J"})
            about = ", ".join(f"d.{name}" for name in names)
            return Match("clipped", "", f"{what} is cut off at {bounds[0]:.6g} in {about}")
    return None


def of_entries(witness: Witness) -> list[float]:
    """The sizes of wrong entries, if all are equal and the right numbers are larger with the same sign; else nan."""
    found = []
    for entry in witness.wrong:
        if entry != OBJECTIVE:
            mine, right = (float(v.mid()) for v in (witness.found[entry], witness.case.symbolic[entry]))
            found.append(abs(mine) if mine * right > 0 and abs(mine) < abs(right) else nan)
    return found


def of_norms(witness: Witness) -> list[float]:
    """The norm of what is wrong, if it is a multiple of the right numbers, smaller than these; else nan."""
    wrong = [e for e in witness.found if witness.block(e) in witness.wrong_blocks - {OBJECTIVE}]
    if not wrong:
        return []
    mine, right = ([float(values[e].mid()) for e in wrong] for values in (witness.found, witness.case.symbolic))
    own, due = hypot(*mine), hypot(*right)
    alike = own < due and all(abs(a * due - b * own) <= NEAR * own * due for a, b in zip(mine, right, strict=True))
    return [own if alike else nan]


def holds(witness: Witness, block: Block, other: Block) -> bool:
    """Does a block hold the right entries of another one?"""
    mine, theirs = witness.blocks[block], witness.blocks[other]
    return len(mine) == len(theirs) and all(
        witness.same(a, witness.case.symbolic[b]) for a, b in zip(mine, theirs, strict=True)
    )


def transposed(seen: Sequence[Witness]) -> Match | None:
    """One wrong block that holds its own right entries with two positions exchanged."""
    names = {name for w in seen for name, _ in w.wrong_blocks if name != "J"}
    if len(names) != 1:
        return None
    (name,) = names
    slots = len(seen[0].case.instance.system.tensor(name).slots)
    for order in permutations(range(slots)):
        if order != tuple(range(slots)) and all(turned(witness, name, order) for witness in seen):
            return Match("transposed weight", "", f"d.{name} is transposed")
    return None


def turned(witness: Witness, name: str, order: tuple[int, ...]) -> bool:
    """Are all entries those of a permuted array?"""
    right = witness.case.symbolic
    with witness.case.field.context():
        return all(
            (other := (name, tuple(e[1][q] for q in order))) in right and witness.same(e, right[other])
            for e in witness.found
            if e[0] == name
        )


def lonely(seen: Sequence[Witness]) -> Match | None:
    """Blocks in which one entry is wrong, the first or the last or one at the same place, and all others right."""
    wrong = [(w, block) for w in seen for block in sorted(w.wrong_blocks) if block != OBJECTIVE]
    large = [(w, block) for w, block in wrong if len(w.blocks[block]) > 2]
    if not large or any(sum(e in w.wrong for e in w.blocks[block]) > 1 for w, block in wrong):
        return None
    widest = max((w for w, _ in large), key=lambda w: len(w.found))
    large = [(w, block) for w, block in large if w is widest]
    entries = {block: next(e for e in w.blocks[block] if e in w.wrong) for w, block in large}
    says = ", ".join(f"{one(entry)}{ratio(seen, block)}" for block, entry in sorted(entries.items()))
    return Match("one wrong element", "", f"all entries are right but {says}")


def ratio(seen: Sequence[Witness], block: Block) -> str:
    """A constant factor of the wrong entries of a block."""
    found: list[tuple[Witness, Any]] = []
    for witness in seen:
        for entry in witness.blocks.get(block, ()):
            right = witness.case.symbolic[entry]
            if entry in witness.wrong and not right.contains(0):
                with witness.case.field.context():
                    found.append((witness, witness.found[entry] / right))
    numbers = {f"{float(number.mid()):.9g}" for _, number in found}
    several = len({id(witness) for witness, _ in found}) > 1
    return f", which stands times {numbers.pop()}" if len(numbers) == 1 and several else ""


def ratios(seen: Sequence[Witness], blocks: set[Block]) -> Iterator[str]:
    """Constant ratios of whole blocks, for what has no name."""
    for block in sorted(blocks):
        if text := ratio(seen, block):
            yield f"d.{shown(block).removeprefix('d.')}{text}"
