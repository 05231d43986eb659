"""A foreign gradient judged at instances of a model.

White box: the code itself on balls of 170 bits; disjoint balls prove a difference. The same code on balls that widen as
floats round tells whether its floats are its own, and how many digits they may lose. Code that cannot run on balls, or
runs otherwise on them than on floats, is a black box: its floats, within what the equations themselves may round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from math import log10
from typing import Any, Protocol, TypeVar

import numpy as np

from derive.derivation import Derivation
from verify.case import Case, Values
from verify.codes import named
from verify.foreign.large import LargeCase
from verify.foreign.source import NotOnBalls
from verify.foreign.target import Result, Target
from verify.foreign.verdict import Finding
from verify.instance import Entry
from verify.judge import budgets_of, equation_budgets, exactly, inside
from verify.kernel import ball_of
from verify.run import floats
from verify.shadow import UNITS, Ties, shadows
from verify.unroll import OBJECTIVE

DIGITS = 50  # as many as balls of 170 bits tell
FEW = 12  # a ball that leaves fewer digits open says nothing


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


def judge_case(case: Case, derivation: Derivation, target: Target, dtype: str = "float64") -> Judged:
    """All that can be said about a function at one instance."""
    values = target.values(case.instance, floats(dtype))
    with np.errstate(all="ignore"):
        first, findings, notes = called(case, target, values)
    if first is None:
        return Judged(tuple(findings), 0, False, "", tuple(notes))
    findings += shapes(case, first)
    exact, why = exact_run(case, target)
    with case.field.context():
        own, reason = own_budgets(case, derivation, target, UNITS[dtype])
        loose = cache(lambda: loose_budgets(case, derivation, UNITS[dtype]))
        judged = weighed(case, first.entries, Ran(exact, own, why or reason), loose)
    return replace(judged, findings=(*findings, *judged.findings), notes=tuple(notes))


@dataclass(frozen=True)
class Ran:
    """What code gives on balls: its exact results, what its floats may round to, and why there is none of these."""

    exact: Values | None
    own: tuple[Values, ...]
    why: str = ""


def weighed(case: Known, found: Values, ran: Ran, loose: Callable[[], tuple[Values, ...]]) -> Judged:
    """Floats, and the same code on balls, against the right numbers; `loose`: what these themselves may round to."""
    exact, own = ran.exact, ran.own
    faithful = exact is not None and not ran.why and all(fits(found, entry, own) for entry in found)
    if exact is None or not (faithful or all(agrees(case, exact, e) for e in wanted(case, found))):
        why = ran.why or "its floats do not come from the same computation on balls"
        return Judged(tuple(black(case, found, loose())), digits_of(case, found), False, why)
    findings = list(white(case, exact, found))
    wrong = {f.block for f in findings}
    findings += [f for f in lost(case, found, own, loose) if f.block not in wrong]
    largest = scales(case)
    sure = min((certain(case, exact, e, largest[e[0]]) for e in wanted(case, found)), default=0)
    return Judged(tuple(findings), sure, True)


def own_budgets(case: Case, derivation: Derivation, target: Target, unit: float) -> tuple[tuple[Values, ...], str]:
    """What the code's own operations may round, or what the equations may and why."""
    if not isinstance(case, LargeCase):
        return budgets_of(case, derivation, lambda unit: run(case, target, unit), unit)
    try:
        return (run(case, target, unit),), ""
    except Exception as error:
        return case.budget(unit), f"{type(error).__name__}: {error}"


def loose_budgets(case: Case, derivation: Derivation, unit: float) -> tuple[Values, ...]:
    """What the equations may round, some times over."""
    return case.budget(unit) if isinstance(case, LargeCase) else equation_budgets(case, derivation, unit)


def called(case: Case, target: Target, values: dict[str, Any]) -> tuple[Result | None, list[Finding], list[str]]:
    """Two calls on floats: what the first one gives, and whether they are pure."""
    arguments = target.layout.arguments(values)
    return twice(lambda given: target.on_floats(values, given), arguments, case.at)


class Called(Protocol):
    """What a call gives, entry by entry."""

    @property
    def entries(self) -> dict[Entry, Any]: ...


Answer = TypeVar("Answer", bound=Called)


def twice(call: Callable[[Any], Answer], arguments: Any, where: str) -> tuple[Answer | None, list[Finding], list[str]]:
    """Two calls with the same arguments: what the first one gives, and whether they are pure."""
    kept, again = deepcopy(arguments), deepcopy(arguments)
    try:
        first, second = call(arguments), call(again)
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        return None, [Finding("GP113", "gradient", message, where)], []
    findings, notes = list[Finding](), list[str]()
    if not same_bits(arguments, kept):
        findings.append(Finding("GP107", "arguments", "a call changes what it is given", where))
    differing = [e for e in first.entries if not same_bits(first.entries[e], second.entries.get(e))]
    if differing:
        entry = differing[0]
        one, two = first.entries[entry], second.entries.get(entry)
        if two is not None and close(one, two):
            notes.append(f"two calls differ in the last digits: {shown(entry)} is {one!r}, then {two!r}")
        else:
            findings.append(Finding("GP106", shown(entry), f"two calls give {one!r} and {two!r}", where))
    return first, findings, notes


def close(one: Any, two: Any) -> bool:
    """Do two floats differ by rounding only?"""
    return bool(abs(float(one) - float(two)) <= 2.0**-46 * max(abs(float(one)), abs(float(two))))


def same_bits(one: Any, other: Any) -> bool:
    """The same values, bit by bit, in lists, dicts and arrays."""
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same_bits(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same_bits, one, other))
    if isinstance(one, (np.ndarray, np.generic, float)):
        left, right = np.asarray(one), np.asarray(other)
        return left.shape == right.shape and left.dtype == right.dtype and left.tobytes() == right.tobytes()
    return one is other or type(one) is type(other) and (repr(one) == repr(other))


def shapes(case: Case, result: Result) -> list[Finding]:
    """Blocks that are missing or have another shape."""
    return [Finding("GP108", f"d.{label}", what, case.instance.where) for label, what in result.misshapen.items()]


def exact_run(case: Case, target: Target) -> tuple[Values | None, str]:
    """The code on exact balls, or why that says nothing."""
    try:
        with case.field.context(), Ties(equal=case.tied):
            return run(case, target, 0.0), ""
    except Exception as error:  # a black box, whatever it raises
        return None, f"{error}" if isinstance(error, NotOnBalls) else f"{type(error).__name__}: {error}"


def run(case: Case, target: Target, unit: float) -> Values:
    """Cost and gradient of the code on balls of a kind."""
    values = target.values(case.instance, lambda numbers: shadows(numbers, unit))
    return {entry: ball_of(value, unit) for entry, value in target.on_balls(values, unit).items()}


def wanted(case: Known, found: Values) -> list[Entry]:
    """The entries that can be compared."""
    return [entry for entry in sorted(case.symbolic) if entry in found]


def fits(found: Values, entry: Entry, allowed: tuple[Values, ...]) -> bool:
    """Is a float finite and within a budget?"""
    return bool(np.isfinite(float(found[entry]))) and inside(found[entry], entry, allowed)


def agrees(case: Known, exact: Values, entry: Entry) -> bool:
    """Does the ball of an entry hold the right number?"""
    return entry in exact and bool(exact[entry].overlaps(case.symbolic[entry]))


def certain(case: Known, exact: Values, entry: Entry, scale: float) -> int:
    """How many digits of an entry two balls have in common, relative to the largest entry of its tensor."""
    gap = float((exact[entry] - case.symbolic[entry]).abs_upper())
    return DIGITS if not gap else min(DIGITS, int(-log10(gap / scale))) if gap < scale else 0


def scales(case: Known) -> dict[str, float]:
    """The size of the largest entry of every tensor; 1 if balls cannot tell them all from 0."""
    found: dict[str, float] = {}
    for (name, _), value in case.symbolic.items():
        found[name] = max(found.get(name, 0.0), float(value.abs_lower()))
    return {name: largest or 1.0 for name, largest in found.items()}


def white(case: Known, exact: Values, found: Values) -> Iterator[Finding]:
    """Entries whose exact result is another number."""
    largest = scales(case)
    for entry in wanted(case, found):
        if not agrees(case, exact, entry):
            message = f"{exact[entry].str(20, radius=False)} is not {case.symbolic[entry].str(20, radius=False)}"
            yield finding(case, "GP109" if entry == OBJECTIVE else "GP101", entry, message)
        elif (sure := certain(case, exact, entry, largest[entry[0]])) < FEW:
            yield finding(case, "GP111", entry, f"only {sure} digits can be told apart")


def lost(
    case: Known, found: Values, own: tuple[Values, ...], loose: Callable[[], tuple[Values, ...]]
) -> Iterator[Finding]:
    """Floats outside of what the code's own operations, and the equations, may round."""
    for entry in wanted(case, found):
        if not fits(found, entry, own) and not fits(found, entry, loose()):
            yield finding(
                case,
                "GP103",
                entry,
                f"the formula is right, but {found[entry]!r} is not {case.symbolic[entry].str(17, radius=False)}",
            )


def black(case: Known, found: Values, allowed: tuple[Values, ...]) -> Iterator[Finding]:
    """Floats that rounding does not explain."""
    for entry in wanted(case, found):
        if not fits(found, entry, allowed):
            bar = float(allowed[0][entry].rad()) if entry in allowed[0] else 0.0
            wanted_text = case.symbolic[entry].str(17, radius=False)
            message = f"{found[entry]!r} is not {wanted_text}, rounding allows {bar:.1e}"
            yield finding(case, "GP109" if entry == OBJECTIVE else "GP102", entry, message)


def digits_of(case: Known, found: Values) -> int:
    """The digits that floats have in common with the right numbers."""
    largest = scales(case)
    gaps = [
        abs(float((exactly(found[e]) - case.symbolic[e]).mid())) / largest[e[0]]
        for e in wanted(case, found)
        if np.isfinite(float(found[e]))
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
