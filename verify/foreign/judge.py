"""A foreign gradient judged at instances of a model.

White box: the code itself on balls of 170 bits; disjoint balls prove a difference. The same code on balls that widen as
floats round tells whether its floats are its own, and how many digits they may lose. Code that cannot run on balls, or
runs otherwise on them than on floats, is a black box: its floats, within what the equations themselves may round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any, Protocol, TypeVar

import numpy as np
from flint import ctx

from derive.derivation import Derivation
from verify.case import Case, Values
from verify.foreign.casts import Casts
from verify.foreign.large import LargeCase
from verify.foreign.source import NotOnBalls
from verify.foreign.target import Result, Target
from verify.foreign.verdict import Finding
from verify.foreign.weighing import Judged, Ran, finding, shown, weighed
from verify.instance import Entry
from verify.judge import budgets_of, equation_budgets
from verify.kernel import ball_of
from verify.numbers import BITS, Undecided
from verify.run import floats
from verify.shadow import UNITS, Ties, shadows


def judge_case(case: Case, derivation: Derivation, target: Target, dtype: str = "float64") -> Judged:
    """All that can be said about a function at one instance."""
    values = target.values(case.instance, floats(dtype))
    with np.errstate(all="ignore"):
        first, findings, notes = called(case, target, values)
    if first is None:
        return Judged(tuple(findings), 0, False, "", tuple(notes))
    findings += shapes(case, first)
    casts = Casts(dtype)
    with casts.watching():
        exact, why = exact_run(case, target)
    with case.field.context():
        own, reason = ((), "") if exact is None else own_budgets(case, derivation, target, UNITS[dtype])
        loose = cache(lambda: loose_budgets(case, derivation, UNITS[dtype]))
        careless = cache(lambda: careless_budgets(case, derivation, UNITS[dtype]))
        judged = weighed(case, first.entries, Ran(exact, own, why or reason), loose, careless)
        if casts.seen and judged.white and not judged.findings:
            findings += cast_away(case, target, Casts(dtype, rounding=True))
    return replace(judged, findings=(*findings, *judged.findings), notes=(*notes, *judged.notes))


def cast_away(case: Case, target: Target, casts: Casts) -> Iterator[Finding]:
    """Entries that conversions to a coarser type make another number, in a run that is exact otherwise."""
    with casts.watching():
        found, _ = exact_run(case, target)
    for entry in sorted(case.symbolic.keys() & (found or {}).keys()):
        if found is not None and not found[entry].overlaps(case.symbolic[entry]):
            numbers = " is not ".join(values[entry].str(17, radius=False) for values in (found, case.symbolic))
            message = f"the formula is right, but after a conversion to a type of fewer digits {numbers}"
            yield finding(case, "GP103", entry, message)


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


def careless_budgets(case: Case, derivation: Derivation, unit: float) -> tuple[Values, ...]:
    """What formulas may round that take small values of functions from numbers near 1; no bounds if all is lost."""
    if isinstance(case, LargeCase):
        return case.budget(unit)
    try:
        return equation_budgets(case, derivation, unit, careless=True)
    except (Undecided, ArithmeticError):
        return ({},)


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
        which = ", ".join(str(q) for q, pair in enumerate(zip(arguments, kept, strict=True), 1) if not same_bits(*pair))
        findings.append(Finding("GP107", "arguments", f"a call changes what it is given as argument {which}", where))
    differing = (
        []
        if same_numbers(first.entries, second.entries)
        else [e for e in first.entries if not same_bits(first.entries[e], second.entries.get(e))]
    )
    if differing:
        entry = differing[0]
        one, two = first.entries[entry], second.entries.get(entry)
        if two is not None and close(one, two):
            notes.append(f"two calls differ in the last digits: {shown(entry)} is {one!r}, then {two!r}")
        else:
            findings.append(Finding("GP106", shown(entry), f"two calls give {one!r} and {two!r}", where))
    return first, findings, notes


def same_numbers(one: Values, other: Values) -> bool:
    """The same floats of one type, bit by bit."""
    if {*map(type, one.values()), *map(type, other.values())} not in ({np.float64}, {np.float32}):
        return False
    return one.keys() == other.keys() and same_bits(np.array([*one.values()]), np.array([other[e] for e in one]))


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
    """The code on exact balls, with more bits where these are too few, or why that says nothing."""
    for bits in (BITS, 4 * BITS):
        try:
            with case.field.context(), ctx.workprec(bits), Ties(equal=case.tied):
                return run(case, target, 0.0), ""
        except Undecided as error:
            why = f"{type(error).__name__}: {error}"
        except Exception as error:  # a black box, whatever it raises
            return None, f"{error}" if isinstance(error, NotOnBalls) else f"{type(error).__name__}: {error}"
    return None, why


def run(case: Case, target: Target, unit: float) -> Values:
    """Cost and gradient of the code on balls of a kind."""
    values = target.values(case.instance, lambda numbers: shadows(numbers, unit))
    return {entry: ball_of(value, unit) for entry, value in target.on_balls(values, unit).items()}
