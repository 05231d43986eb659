"""A gradient judged by differences of its cost, where nothing stronger can be had: within their own bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import log10
from typing import Any

import numpy as np

from verify.case import Values
from verify.codes import named
from verify.foreign.arguments import Point, copied, entries
from verify.foreign.around import size_of, typed
from verify.foreign.cost import Functions
from verify.foreign.stepping import extrapolated
from verify.foreign.verdict import Finding
from verify.foreign.weighing import Judged, shown
from verify.instance import Entry

OWN_ROUNDING = {"float64": 2.0**-40, "float32": 2.0**-11}  # of an unknown formula, relative to its largest entry


def by_differences(functions: Functions, point: Point, found: Values, why: str) -> Judged:
    """Floats against extrapolated differences, within the bars of these."""
    findings, digits = list[Finding](), 16
    single = any(value.dtype == np.float32 for value in point.leaves().values())
    own_rounding = OWN_ROUNDING["float32" if single else "float64"]
    point = point.changed(lambda _, value: np.asarray(value, dtype=float)[()]) if single else point
    with np.errstate(all="ignore"):
        for label, value in point.leaves(functions.reading.by).items():
            own = {entry: float(found[entry]) for entry, _ in entries({label: value})}
            largest = max((abs(v) for v in own.values() if np.isfinite(v)), default=0.0)
            for entry, number in own.items():
                slope = extrapolated(stepped(functions, point, entry), size_of(value))
                if slope is None and number == 0:
                    continue
                if slope is None:
                    message = f"{named('GP111')}: no differences to judge by"
                    findings.append(Finding("GP111", shown(entry), message, point.at))
                    continue
                bar = slope.bar + own_rounding * largest
                if not np.isfinite(number) or not replace(slope, bar=bar).agrees(number):
                    message = f"{named('GP102')}: {number!r} is not {slope.value:.12g} within {bar:.1e}"
                    findings.append(Finding("GP102", shown(entry), message, point.at))
                digits = min(digits, told_digits(bar, largest))
    if not findings:
        message = f"agrees within differences, {digits} digits: the cost does not run on balls: {why}"
        findings.append(Finding("GP114", "gradient", message, point.at))
    return Judged(tuple(findings), digits, False, why)


def told_digits(bar: float, largest: float) -> int:
    """How many digits of the largest entry a bar leaves."""
    return 16 if not bar else max(0, min(16, int(-log10(bar / largest)))) if largest else 0


def stepped(functions: Functions, point: Point, entry: Entry) -> Callable[[float], float]:
    """The cost as a function of how far one entry is moved."""

    def change(label: str, value: Any, step: float) -> Any:
        if label != entry[0]:
            return value
        array = np.array(value, dtype=float)
        array[entry[1]] += step
        return typed(array, value)

    def cost(step: float) -> float:
        there = copied(point).changed(lambda label, value: change(label, value, step))
        return float(np.asarray(functions.value(there)).reshape(-1)[0])

    return cost
