"""Findings at kinks: a subgradient that is not the declared one is legal, and found by the derivatives around it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np

from derive.derivation import Derivation
from verify.case import Case, Values, sharp
from verify.codes import named
from verify.foreign.target import Target
from verify.foreign.weighing import Judged, Known, shown
from verify.instance import Entry, Instance
from verify.numbers import Undecided
from verify.run import floats

NUDGES = 12
NUDGE = Fraction(1, 10**25)
LEGAL = 1e-18

Hulls = tuple[dict[Entry, float], dict[Entry, float]]


def at_kink(case: Case, derivation: Derivation, judged: Judged, target: Target) -> Judged:
    """Findings where the model has a kink: a subgradient that is not the declared one is legal, a NaN is a note."""
    doubtful = [f for f in judged.findings if f.code in ("GP101", "GP102")]
    if not doubtful:
        return judged
    values = target.values(case.instance, floats("float64"))
    with np.errstate(all="ignore"):
        found = target.on_floats(values).entries
    return settled(case, judged, found, hulls(case, derivation), case.instance.note)


def settled(case: Known, judged: Judged, found: Values, hulls: Hulls, note: str) -> Judged:
    """Findings at a kink by the least and the largest derivatives around it; `note` says where it is."""
    low, high = hulls
    doubtful = [f for f in judged.findings if f.code in ("GP101", "GP102")]
    kept = [f for f in judged.findings if f not in doubtful]
    notes = list(judged.notes)
    names = {shown(entry): entry for entry in case.symbolic}
    for doubt in doubtful:
        entry = names[doubt.block]
        value = float(found[entry])
        if not np.isfinite(value):
            notes.append(f"{doubt.block} is {value} {note}")
            continue
        slack = LEGAL + 2.0**-40 * max(abs(low[entry]), abs(high[entry]))
        if low[entry] == high[entry]:
            kept.append(doubt)
        elif low[entry] - slack <= value <= high[entry] + slack:
            kept.append(replace(doubt, code="GP104", message=legal(case, entry, value)))
        else:
            message = f"{value!r} lies outside of {low[entry]!r}..{high[entry]!r}"
            kept.append(replace(doubt, code="GP105", message=f"{named('GP105')}: {message}"))
    return replace(judged, findings=tuple(kept), notes=tuple(notes))


def legal(case: Known, entry: Entry, value: float) -> str:
    """A sentence about a convention."""
    return f"{named('GP104')}: {value!r}, where the model says {float(case.symbolic[entry].mid())!r}"


def hulls(case: Case, derivation: Derivation) -> Hulls:
    """Entry by entry the least and the largest derivative close to a point, and at it."""
    return hull_of(case, (near(case, derivation, draw) for draw in range(NUDGES)))


def hull_of(case: Known, others: Iterable[Values]) -> Hulls:
    """Entry by entry the least and the largest of derivatives at a point and close to it."""
    centre = {e: float(v.mid()) for e, v in case.symbolic.items()}
    low, high = dict(centre), dict(centre)
    for values in others:
        for entry, ball in values.items():
            value = float(ball.mid())
            if abs(value - centre[entry]) > LEGAL:
                low[entry], high[entry] = min(low[entry], value), max(high[entry], value)
    return low, high


def near(case: Case, derivation: Derivation, draw: int) -> Values:
    """The derivatives at a place very close to a point, if they can be told."""
    dice = Random(f"nudge {draw}")
    entries = dict(case.instance.entries)
    for name, at in entries:
        if case.instance.system.tensor(name).values is None:
            entries[name, at] += NUDGE * dice.randint(-99, 99)
    with suppress(Undecided, ZeroDivisionError):
        return sharp(derivation, Instance(case.instance.system, case.instance.sizes, entries), 0).symbolic
    return {}
