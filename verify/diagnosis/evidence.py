"""What a foreign function gave at some instances, with the values that it should have given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from derive.derivation import Adjoint, Derivation
from verify.case import DIGITS as DRAWN
from verify.case import Case, sharp
from verify.foreign.judge import exact_run
from verify.foreign.large import LargeCase
from verify.foreign.points import drawn_among, supported
from verify.foreign.target import Target
from verify.instance import Entry, instance
from verify.judge import equation_budgets, exactly
from verify.numbers import Undecided
from verify.run import divide, floats
from verify.shadow import UNITS
from verify.sizes import depths, draw
from verify.symbolic import Symbolic
from verify.unroll import OBJECTIVE, Unrolled

SMALL = 200  # entries of adjoints that are cheap to evaluate again for every edit
SIZES = 4  # as many sizes tell m from a width
DIGITS = 1e-25  # balls that are this close are the same number
ROUNDINGS = 4  # floats may be off by so many times what the equations round
Among = Mapping[str, Any] | None  # the values that some data may have; None: at no other points
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
        with self.case.field.context():
            symbolic.gradient()
        return symbolic.known

    @cached_property
    def size(self) -> int:
        """How many numbers there are to explain; the adjoints of a large point are not unrolled."""
        return len(self.found) if isinstance(self.case, LargeCase) else len(self.right)

    @cached_property
    def whole(self) -> Derivation:
        """The derivation with every adjoint equation computed, those too that were put into others."""
        return replace(self.derivation, adjoints=tuple(replace(a, inlined=False) for a in self.derivation.adjoints))

    @cached_property
    def covering(self) -> dict[Entry, tuple[Adjoint, dict[str, int]]]:
        """The adjoint equation of every entry for which it was asked."""
        return {}

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


def witnesses(derivation: Derivation, target: Target, cases: tuple[Case, ...], among: Among) -> tuple[Witness, ...]:
    """Ordinary instances of different sizes; if all is right there, others where it is not.

    Those at which something is wrong come first, small ones before others: most edits fail there soon.
    """
    plain = [case for case in cases if not case.instance.note]
    first = list({str(case.instance.sizes): case for case in reversed(plain)}.values())[-SIZES:]
    found = list(collected(derivation, target, first))
    if not any(w.wrong for w in found):
        others = (case for case in plain if case not in first)
        found += [w for w in collected(derivation, target, others) if w.wrong][:1]
    least = min((w for w in found if w.wrong), key=lambda w: w.size, default=None)
    if least is not None and least.size > SMALL and among is not None:
        found += [w for w in collected(derivation, target, small_cases(derivation, target, least, among)) if w.wrong]
    return tuple(sorted(found, key=lambda w: (not w.wrong, w.size)))


def small_cases(derivation: Derivation, target: Target, like: Witness, among: Mapping[str, Any]) -> Iterator[Case]:
    """As deep as an instance, with all other sizes 2, if the function can be called there."""
    system, old = derivation.system, like.case.instance.sizes
    sizes = draw(system, {name: old.size(name) for name in depths(system)}, "square", 0)
    if sizes is not None and supported(target, (sizes,), 0, among)[0]:
        seed = like.case.field.seed
        with suppress(Undecided, ZeroDivisionError):
            yield sharp(derivation, drawn_among(instance(system, sizes, seed, DRAWN), among), seed)


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


def shown(block: Block) -> str:
    """d.w[2]"""
    name, keys = block
    return ("" if name == "J" else "d.") + name + (f"[{','.join(map(str, keys))}]" if keys else "")


def one(entry: Entry) -> str:
    """d.w[2, 1, 1]"""
    return f"d.{entry[0]}{list(entry[1])}"
