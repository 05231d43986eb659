"""One instance with the values that everything else is compared with."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from derive.derivation import Derivation
from verify.instance import Entry, Instance, far_entries, instance, large_entries, long_entries, resting, widened
from verify.numbers import BITS, Balls, Settled, Undecided
from verify.sizes import Sizes
from verify.steps import ATTEMPTS
from verify.symbolic import Symbolic
from verify.unroll import OBJECTIVE, Unrolled

DIGITS = 127  # entries are multiples of 1/128, which every float type holds
WIDER = (4, 16, 64)
FLAT = 0.05  # a pivot that is no smaller part of the largest entry costs floats little
Values = dict[Entry, Any]


@dataclass(frozen=True)
class Case:
    """One instance with its cost and gradient by the derived equations, in balls; `equations` names each entry's."""

    instance: Instance
    field: Balls
    symbolic: Values
    true: Values
    equations: dict[Entry, str]
    steepest: float = 1.0

    @property
    def tied(self) -> bool:
        """Are some numbers in it always equal?"""
        return isinstance(self.field, Settled)

    @property
    def at(self) -> str:
        """Where the point lies."""
        return self.instance.where

    @property
    def alive(self) -> set[str]:
        """The equations that are seen with a value that is not 0."""
        return {self.equations[entry] for entry, ball in self.true.items() if not ball.contains(0)}

    def where(self, entry: Entry) -> str:
        name, at = entry
        return f"{'' if entry == OBJECTIVE else 'd.'}{name}{list(at) if at else ''} with {self.instance.where}"


def make_case(derivation: Derivation, sizes: Sizes, seed: int, factor: int = 1) -> Case:
    """A random instance in the domain of every function, with its reference values; parameters `factor` times as large.

    Floats solve equations well where no pivot is small: of instances with small ones the best is taken.
    """
    reason: Exception | None = None
    found: list[Case] = []
    for attempt in range(ATTEMPTS):
        drawn = widened(instance(derivation.system, sizes, seed + attempt, DIGITS), factor)
        try:
            found.append(sharp(derivation, drawn, seed))
        except (Undecided, ZeroDivisionError) as error:
            reason = error
        if found and found[-1].steepest > FLAT:
            break
    if found:
        return max(found, key=lambda case: case.steepest)
    for attempt in range(ATTEMPTS):
        with suppress(Undecided, ZeroDivisionError):
            return settled(derivation, instance(derivation.system, sizes, seed + attempt, DIGITS), seed)
    raise Undecided(f"no random instance of {derivation.system.name} at {sizes} can be evaluated: {reason}")


def sharp(derivation: Derivation, drawn: Instance, seed: int) -> Case:
    """The reference values in balls of 170 bits, or of up to 64 times as many where long recurrences widen these.

    Undecided if four times as many do not tell what is to be evaluated: equal numbers stay equal at any width.
    """
    with suppress(Undecided):
        case = _evaluated_at(BITS, derivation, drawn, seed)
        if _is_narrow(case):
            return case
    for wider in WIDER:
        case = _evaluated_at(wider * BITS, derivation, drawn, seed)
        if _is_narrow(case):
            break
    return case


def _evaluated_at(bits: int, derivation: Derivation, drawn: Instance, seed: int) -> Case:
    field = Balls(seed, bits)
    with field.context():
        return evaluated(derivation, drawn, field)


def _is_narrow(case: Case) -> bool:
    return all(case.field.same(ball, ball) for values in (case.symbolic, case.true) for ball in values.values())


def settled(derivation: Derivation, drawn: Instance, seed: int) -> Case:
    """The case of an instance with numbers that are always equal, where it makes no difference how they are ordered.

    Undecided if it does make one.
    """
    fields = [Settled(seed, order=order) for order in (0, 1, -1)]
    with fields[0].context():
        first, *others = (evaluated(derivation, drawn, field) for field in fields)
        for other in others:
            for mine, theirs in ((first.true, other.true), (first.symbolic, other.symbolic)):
                if not all(fields[0].same(theirs[entry], value) for entry, value in mine.items()):
                    raise Undecided(f"numbers that cannot be told apart matter with {drawn.where}")
    return first


def resting_cases(derivation: Derivation, case: Case) -> tuple[Case, ...]:
    """The same sizes at the places where kinks lie, as far as the functions are defined there."""
    found = []
    with case.field.context():
        for drawn in resting(case.instance):
            try:
                found.append(evaluated(derivation, drawn, case.field))
            except (Undecided, ZeroDivisionError):
                continue
    return tuple(found)


def further_cases(derivation: Derivation, cases: tuple[Case, ...], seed: int) -> tuple[Case, ...]:
    """Entries with more digits than a float32 has, and large ones, at the last of the random sizes.

    Without them nobody sees that code rounds what it is given, or cuts off what exceeds 1.
    """
    found: list[Case] = []
    last = last_random(cases)
    for tries in ((long_entries(last, seed + q) for q in range(ATTEMPTS)), *large_entries(last)):
        for drawn in tries:
            with suppress(Undecided, ZeroDivisionError):
                found.append(sharp(derivation, drawn, seed))
                break
    return tuple(found)


def far_cases(derivation: Derivation, cases: tuple[Case, ...], seed: int) -> tuple[Case, ...]:
    """Huge parameters at the last of the random sizes, as far as the equations can be evaluated there."""
    found: list[Case] = []
    for drawn in far_entries(last_random(cases)):
        with suppress(Undecided, ZeroDivisionError):
            found.append(sharp(derivation, drawn, seed))
    return tuple(found)


def last_random(cases: tuple[Case, ...]) -> Instance:
    """The instance of the last random sizes."""
    plain = [case.instance for case in cases if not case.instance.note]
    return next((drawn for drawn in reversed(plain) if drawn.sizes.kind == "random"), plain[-1])


def evaluated(derivation: Derivation, drawn: Instance, field: Balls) -> Case:
    """The reference values of an instance."""
    unrolled = Unrolled(drawn, field)
    symbolic = Symbolic(derivation, unrolled)
    true = {OBJECTIVE: unrolled.value("J"), **unrolled_gradient(unrolled)}
    equations = {entry: symbolic.adjoint_at(*entry)[0].id for entry in true if entry != OBJECTIVE}
    derived = {OBJECTIVE: true[OBJECTIVE], **symbolic.gradient()}
    return Case(drawn, field, derived, true, {OBJECTIVE: "J", **equations}, unrolled.local.steepest)


def unrolled_gradient(unrolled: Unrolled) -> Values:
    """The true adjoint of every entry of every parameter."""
    return {
        entry: unrolled.adjoint(*entry)
        for entry in unrolled.given
        if unrolled.system.tensor(entry[0]).role == "parameter"
    }
