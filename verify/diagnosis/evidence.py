"""What a foreign function gave at some instances, with the values that it should have given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from derive.derivation import Derivation
from verify.case import Case
from verify.foreign.judge import exact_run
from verify.foreign.target import Target
from verify.instance import Entry
from verify.judge import equation_budgets, exactly
from verify.run import divide, floats
from verify.shadow import UNITS
from verify.symbolic import Symbolic
from verify.unroll import OBJECTIVE, Unrolled

SIZES = 4  # as many sizes tell m from a width
DIGITS = 1e-25  # balls that are this close are the same number
ROUNDINGS = 4  # floats may be off by so many times what the equations round
Block = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Witness:
    """One instance: the foreign numbers, and how far from a formula they may lie."""

    derivation: Derivation
    case: Case
    found: dict[Entry, Any]
    allowed: dict[Entry, float]
    sharp: bool

    @cached_property
    def unrolled(self) -> Unrolled:
        """The forward quantities, shared by all that is tried."""
        return Unrolled(self.case.instance, self.case.field)

    @cached_property
    def right(self) -> dict[Entry, Any]:
        """The right adjoint of every entry on which the gradient rests."""
        symbolic = Symbolic(self.derivation, self.unrolled)
        symbolic.gradient()
        return symbolic.known

    def same(self, entry: Entry, value: Any) -> bool:
        """Is a value what the function gave?"""
        return bool((self.found[entry] - value).abs_upper() < self.allowed[entry])

    @cached_property
    def wrong(self) -> tuple[Entry, ...]:
        """The entries that are not what they should be."""
        return tuple(e for e in sorted(self.found) if not self.same(e, self.case.symbolic[e]))

    @cached_property
    def wrong_blocks(self) -> frozenset[Block]:
        """The blocks with such an entry."""
        return frozenset(self.block(entry) for entry in self.wrong)

    @cached_property
    def layers(self) -> tuple[int, ...]:
        """The layers with wrong blocks."""
        return tuple(sorted({keys[0] for _, keys in self.wrong_blocks if keys}))

    def block(self, entry: Entry) -> Block:
        """The parameter and its layer."""
        name, at = entry
        return (name, ()) if entry == OBJECTIVE else (name, divide(self.case.instance.system.tensor(name), at)[0])

    @cached_property
    def blocks(self) -> dict[Block, list[Entry]]:
        """The entries of every block, in order."""
        found: dict[Block, list[Entry]] = {}
        for entry in sorted(self.found):
            found.setdefault(self.block(entry), []).append(entry)
        return found


def witnesses(derivation: Derivation, target: Target, cases: tuple[Case, ...]) -> tuple[Witness, ...]:
    """Ordinary instances of different sizes, small ones first; if all is right there, others where it is not."""
    plain = [case for case in cases if not case.instance.note]
    first = list({str(case.instance.sizes): case for case in reversed(plain)}.values())[-SIZES:]
    found = sorted(collected(derivation, target, first), key=lambda w: len(w.found))
    if not any(w.wrong for w in found):
        others = (case for case in plain if case not in first)
        found += [w for w in collected(derivation, target, others) if w.wrong][:1]
    return tuple(found)


def collected(derivation: Derivation, target: Target, cases: Any) -> Iterator[Witness]:
    """Each case with what the function gives there, as far as it gives numbers."""
    for case in cases:
        with suppress(Exception):  # whatever foreign code raises
            yield witness(derivation, target, case)


def witness(derivation: Derivation, target: Target, case: Case) -> Witness:
    """On balls if the code runs on them, else on floats."""
    exact, _ = exact_run(case, target)
    with case.field.context():
        if exact is not None:
            found = {entry: value for entry, value in exact.items() if entry in case.symbolic and value.is_finite()}
            if all(float(value.rad()) < DIGITS * max(1.0, abs(float(value.mid()))) for value in found.values()):
                near = {e: DIGITS * max(1.0, abs(float(v.mid()))) for e, v in found.items()}
                return Witness(derivation, case, found, near, sharp=True)
        with np.errstate(all="ignore"):
            numbers = target.on_floats(target.values(case.instance, floats("float64"))).entries
        budget = equation_budgets(case, derivation, UNITS["float64"])[0]
        kept = {e: v for e, v in numbers.items() if e in budget and np.isfinite(float(v))}
        balls = {e: exactly(v) for e, v in kept.items()}
        loose = {e: ROUNDINGS * float(budget[e].rad()) + 2.0**-46 * abs(float(v)) for e, v in kept.items()}
        return Witness(derivation, case, balls, loose, sharp=False)
