"""What code gives, on floats and on balls, weighed against the right numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, log10
from typing import Protocol

from flint import arb

from verify.case import Values
from verify.codes import named
from verify.foreign.verdict import Finding
from verify.instance import Entry
from verify.judge import exactly, inside
from verify.unroll import OBJECTIVE

DIGITS = 50  # as many as balls of 170 bits tell
FEW = 12  # a ball that leaves fewer digits open says nothing
TOLD = 100  # floats tell a tensor that is so many times what rounding may change
UNTOLD = "at no point does rounding leave its floats a digit: judge it at others"
NOTHING = arb("nan")  # of an entry that is not returned


Budgets = Callable[[], tuple[Values, ...]]


class Known(Protocol):
    """Right numbers at one point, the equations that they come from, and where the point lies."""

    @property
    def symbolic(self) -> Values: ...
    @property
    def equations(self) -> dict[Entry, str]: ...
    @property
    def at(self) -> str: ...


@dataclass(frozen=True)
class Judged:
    """What one instance says: findings, certain digits, whether the code ran on balls, and why not."""

    findings: tuple[Finding, ...]
    digits: int
    white: bool
    why: str = ""
    notes: tuple[str, ...] = ()
    blind: frozenset[str] = frozenset()  # tensors of which rounding leaves floats no digits


@dataclass(frozen=True)
class Ran:
    """What code gives on balls: its exact results, what its floats may round to, and why there is none of these."""

    exact: Values | None
    own: tuple[Values, ...]
    why: str = ""


def weighed(case: Known, found: Values, ran: Ran, loose: Budgets, careless: Budgets | None = None) -> Judged:
    """Floats, and the same code on balls, against the right numbers.

    `loose`: what these themselves may round to; `careless`: what formulas that lose digits may round to.
    """
    exact, entries = ran.exact, [entry for entry in case.symbolic if entry in found]
    faithful = exact is not None and not ran.why and all_fit(found, list(found), ran.own)
    if exact is None or not (faithful or overlapping(case, exact, entries)):
        why = ran.why or "its floats do not come from the same computation on balls"
        blind = blind_to(case, entries, loose())
        digits = digits_of(case, found, [e for e in entries if e[0] not in blind])
        return Judged(tuple(black(case, found, entries, loose(), careless)), digits, False, why, blind=blind)
    findings, sure = white(case, exact, entries)
    notes: tuple[str, ...] = ()
    if not faithful:
        wrong = {f.block for f in findings}
        missed = [f for f in lost(case, found, entries, ran.own, loose) if f.block not in wrong]
        notes = tuple(f"{f.block}: {f.message}, {f.where}" for f in missed if of_cost(f, found, ran))
        findings += [f for f in missed if not of_cost(f, found, ran)]
    return Judged(tuple(findings), sure, True, notes=notes)


def all_fit(found: Values, entries: list[Entry], allowed: tuple[Values, ...]) -> bool:
    """Are floats finite and within a budget?"""
    if len(allowed) > 1 or not allowed[0]:
        return all(fits(found, entry, allowed) for entry in entries)
    balls, floats = map(allowed[0].get, entries), [float(found[entry]) for entry in entries]
    pairs = zip(balls, map(arb, floats), strict=True)
    return all(map(isfinite, floats)) and all(ball is None or ball.overlaps(value) for ball, value in pairs)


def fits(found: Values, entry: Entry, allowed: tuple[Values, ...]) -> bool:
    """Is a float finite and within a budget?"""
    return isfinite(float(found[entry])) and inside(found[entry], entry, allowed)


def overlapping(case: Known, exact: Values, entries: list[Entry]) -> bool:
    """Do all balls hold the right numbers?"""
    right = case.symbolic
    return all(entry in exact for entry in entries) and all(exact[entry].overlaps(right[entry]) for entry in entries)


def scales(case: Known) -> dict[str, float]:
    """The size of the largest entry of every tensor; 1 if balls cannot tell them all from 0."""
    found: dict[str, float] = {}
    for (name, _), value in case.symbolic.items():
        found[name] = max(found.get(name, 0.0), float(value.abs_lower()))
    return {name: largest or 1.0 for name, largest in found.items()}


def certain(gap: float, scale: float) -> int:
    """How many digits two numbers have in common that are so far apart at most, relative to a scale."""
    return DIGITS if not gap else min(DIGITS, int(-log10(gap / scale))) if gap < scale else 0


def white(case: Known, exact: Values, entries: list[Entry]) -> tuple[list[Finding], int]:
    """Entries whose exact result is another number, and how many digits of all entries are certain."""
    largest, right = scales(case), case.symbolic
    if overlapping(case, exact, entries):
        gaps: dict[str, float] = {}
        for entry in entries:
            name, gap = entry[0], float((exact[entry] - right[entry]).abs_upper())
            if gap > gaps.get(name, -1.0):
                gaps[name] = gap
        sure = min((certain(gap, largest[name]) for name, gap in gaps.items()), default=0)
        if sure >= FEW:
            return [], sure
    findings, digits = list[Finding](), list[int]()
    for entry in sorted(entries):
        mine = exact.get(entry, NOTHING)
        digits.append(certain(float((mine - right[entry]).abs_upper()), largest[entry[0]]))
        if entry not in exact or not mine.overlaps(right[entry]):
            message = f"{mine.str(20, radius=False)} is not {right[entry].str(20, radius=False)}"
            findings.append(finding(case, "GP109" if entry == OBJECTIVE else "GP101", entry, message))
        elif digits[-1] < FEW:
            findings.append(finding(case, "GP111", entry, f"only {digits[-1]} digits can be told apart"))
    return findings, min(digits, default=0)


def lost(
    case: Known, found: Values, entries: list[Entry], own: tuple[Values, ...], loose: Budgets
) -> Iterator[Finding]:
    """Floats outside of what the code's own operations, and the equations, may round."""
    for entry in sorted(entries):
        if not fits(found, entry, own) and not fits(found, entry, loose()):
            right = case.symbolic[entry].str(17, radius=False)
            yield finding(case, "GP103", entry, f"the formula is right, but {found[entry]!r} is not {right}")


def of_cost(lost: Finding, found: Values, ran: Ran) -> bool:
    """Is it a cost that overflows, or may lose all digits there? It says nothing about the gradient."""
    return lost.block == shown(OBJECTIVE) and (bool(ran.why) or not isfinite(float(found[OBJECTIVE])))


def black(
    case: Known, found: Values, entries: list[Entry], allowed: tuple[Values, ...], careless: Budgets | None
) -> Iterator[Finding]:
    """Floats that rounding does not explain; undecided where that of another formula for the same might."""
    if all_fit(found, entries, allowed):
        return
    for entry in sorted(entries):
        if fits(found, entry, allowed):
            continue
        bar = float(allowed[0][entry].rad()) if entry in allowed[0] else 0.0
        message = f"{found[entry]!r} is not {case.symbolic[entry].str(17, radius=False)}, rounding allows {bar:.1e}"
        overflow = entry == OBJECTIVE and not isfinite(float(found[entry]))
        if overflow or careless is not None and fits(found, entry, careless()):
            yield finding(case, "GP111", entry, f"{message}; a formula that loses digits may be so far off")
        else:
            yield finding(case, "GP109" if entry == OBJECTIVE else "GP102", entry, message)


def blind_to(case: Known, entries: list[Entry], allowed: tuple[Values, ...]) -> frozenset[str]:
    """The tensors of the gradient of which rounding leaves floats no digits."""
    largest, wide = scales(case), dict[str, float]()
    for entry in entries:
        if entry != OBJECTIVE and entry in allowed[0]:
            wide[entry[0]] = max(wide.get(entry[0], 0.0), float(allowed[0][entry].rad()))
    return frozenset(name for name, bar in wide.items() if bar * TOLD > largest[name])


def never_told(judged: Sequence[Judged], names: Iterable[str]) -> list[Finding]:
    """Findings for the blocks of which rounding leaves floats no digits at any point."""
    blocks = [f"d.{name}" for name in names if judged and all(name in one.blind for one in judged)]
    return [Finding("GP111", block, f"{named('GP111')}: {UNTOLD}") for block in blocks]


def digits_of(case: Known, found: Values, entries: list[Entry]) -> int:
    """The digits that floats have in common with the right numbers."""
    largest = scales(case)
    gaps = [
        abs(float((exactly(found[e]) - case.symbolic[e]).mid())) / largest[e[0]]
        for e in entries
        if isfinite(float(found[e]))
    ]
    worst = max(gaps, default=1.0)
    return 16 if worst < 1e-16 else max(0, int(-log10(worst)))


def finding(case: Known, code: str, entry: Entry, message: str) -> Finding:
    """A finding about one entry."""
    equation = case.equations.get(entry, "")
    return Finding(code, shown(entry), f"{named(code)}: {message}", case.at, equation)


def shown(entry: Entry) -> str:
    """`d.w[2, 1, 3]`"""
    name, at = entry
    return "J" if entry == OBJECTIVE else f"d.{name}{list(at) if at else ''}"
