"""Mistakes that the findings themselves tell: few digits, something kept between calls, arguments that change."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from math import inf, isfinite, log10

import numpy as np

from verify.case import Case
from verify.foreign.target import Target
from verify.instance import Entry
from verify.run import floats
from verify.unroll import OBJECTIVE

MODIFIES, STATEFUL, FEW_DIGITS = "GP107", "GP106", "GP103"
TYPES = (("float16", 2.0**-17, 2.0**-8), ("float32", 2.0**-30, 2.0**-20))  # from, to: what rounding to a type may do
ALIKE = 1e-9


def told(target: Target, cases: Collection[Case], codes: Collection[str]) -> tuple[str, ...]:
    """A line for the gravest of these findings."""
    plain = [case for case in cases if not case.instance.note]
    if MODIFIES in codes:
        return ("modifies its input: work on a new array, `x = x - y` in place of `x -= y`",)
    if STATEFUL in codes:
        return (f"state between calls: {kept(target, plain)}",)
    return (f"low precision: {digits(target, plain)}",) if FEW_DIGITS in codes else ()


def kept(target: Target, cases: Collection[Case]) -> str:
    """Does each call add its gradient to that of the calls before, or what else?"""
    with suppress(Exception):  # whatever foreign code raises
        for case in cases:
            one, two = (entries(target, case) for _ in range(2))
            changed = [e for e in one if one[e] != two[e]]
            right = {e: float(case.symbolic[e].mid()) for e in changed}
            if changed and all(abs(two[e] - one[e] - right[e]) <= ALIKE * abs(two[e]) for e in changed):
                return "each call adds its gradient to that of the call before; start from zeros in the function"
    return "a call gives other numbers after another call; make everything that it changes inside of it"


def digits(target: Target, cases: Collection[Case]) -> str:
    """How many digits are right, and which type has so many."""
    worst: dict[str, float] = {}
    for case in cases:
        with suppress(Exception):  # whatever foreign code raises
            for entry, value in entries(target, case).items():
                right = float(case.symbolic[entry].mid())
                error = abs(value - right) / max(abs(right), 1.0) if isfinite(value) else inf
                name = entry[0] if entry == OBJECTIVE else f"d.{entry[0]}"
                worst[name] = max(worst.get(name, 0.0), error)
    few = sorted(name for name, error in worst.items() if error > TYPES[-1][1])
    largest = max(worst.values(), default=0.0)
    kind = next((name for name, least, most in TYPES if least < largest < most), "")
    if not few or largest >= 1:
        return "digits are lost"
    shown = f"{', '.join(few)} right to {-int(log10(largest))} digits"
    return shown + (f", as where something is {kind}" if kind else "")


def entries(target: Target, case: Case) -> dict[Entry, float]:
    """What a call on floats gives."""
    with np.errstate(all="ignore"):
        found = target.on_floats(target.values(case.instance, floats("float64"))).entries
    return {entry: float(value) for entry, value in found.items()}
