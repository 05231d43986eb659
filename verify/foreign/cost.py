"""A cost in NumPy and its gradient at a point, in balls: the cost itself on a tape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from random import Random
from typing import Any

import numpy as np
from flint import arb, ctx

from verify.foreign.arguments import Known, Point
from verify.foreign.kinks import NUDGE
from verify.foreign.numpy_on_balls import UNIT
from verify.foreign.reading import Reading
from verify.foreign.source import NotOnBalls, on_balls
from verify.foreign.tape import Tape
from verify.instance import Entry
from verify.kernel import ball_of
from verify.numbers import BITS
from verify.shadow import Ties, shadow_of, shadows
from verify.unroll import OBJECTIVE

SHORT = 64  # bits of what is as sharp as a float
SURE = 1e-20  # wider balls are computed once more with more bits
Nudge = Callable[[Entry], Fraction]


def unmoved(entry: Entry) -> Fraction:
    """No nudge."""
    return Fraction(0)


@dataclass(frozen=True)
class Functions:
    """A cost and a gradient, as they are and on balls; without a cost, the gradient returns it first."""

    gradient: Callable[..., Any]
    cost: Callable[..., Any] | None
    reading: Reading

    def value(self, point: Point) -> Any:
        """The cost on floats."""
        return point.call(self.gradient)[0] if self.cost is None else point.call(self.cost)

    @cached_property
    def cost_on_balls(self) -> Callable[..., Any]:
        """The cost for balls. NotOnBalls if there is no such function."""
        if self.cost is not None:
            return on_balls(self.cost)
        return lambda *args, **keywords: self.gradient_on_balls(*args, **keywords)[0]

    @cached_property
    def gradient_on_balls(self) -> Callable[..., Any]:
        """The gradient for balls. NotOnBalls if there is no such function."""
        return on_balls(self.gradient)

    def entries_on_balls(self, point: Point, unit: float) -> dict[Entry, arb]:
        """The gradient's own result on balls of a kind."""
        with travelling(unit):
            made = point.changed(lambda _, value: on_shadows(value, unit))
            answer = self.reading.read(made.call(self.gradient_on_balls), point)
        return {entry: ball_of(value, unit) for entry, value in answer.entries.items()}


@contextmanager
def travelling(unit: float) -> Iterator[None]:
    """Balls of a kind, while code runs."""
    token = UNIT.set(unit)
    try:
        yield
    finally:
        UNIT.reset(token)


def on_shadows(value: Any, unit: float) -> Any:
    """Floats as balls."""
    made = shadows(np.asarray(value, dtype=float), unit)
    return made if isinstance(value, np.ndarray) else made[()]


@dataclass(frozen=True)
class Slopes:
    """The value of a cost and its derivatives, and what its comparisons said."""

    values: dict[Entry, arb]
    ties: int
    gaps: tuple[float, ...]


def slopes(functions: Functions, point: Point, unit: float = 0.0, nudge: Nudge = unmoved) -> Slopes:
    """The cost on a tape, read backwards. NotOnBalls, Undecided, or whatever the code raises."""
    tape, places, value = taped(functions, point, unit, nudge)
    found = tape.slopes(value, len(places))
    values = {OBJECTIVE: ball_of(value, unit), **dict(zip(places, found, strict=True))}
    return Slopes(values, tape.ties, tuple(tape.gaps))


def gaps_of(functions: Functions, point: Point) -> tuple[float, ...]:
    """The gap of every comparison of the cost, to as many digits as floats have."""
    with ctx.workprec(SHORT), Ties(equal=True):
        return tuple(taped(functions, point, 0.0, unmoved)[0].gaps)


def taped(functions: Functions, point: Point, unit: float, nudge: Nudge) -> tuple[Tape, list[Entry], Any]:
    """The cost on a tape, with the names of its first elements and the last one."""
    tape, places = Tape(unit), list[Entry]()
    own = point.leaves(functions.reading.by)

    def on_tape(label: str, value: Any) -> Any:
        made = on_shadows(value, unit)
        if label not in own:
            return made
        array: Any = np.array(made, dtype=object)
        mine = [(label, place) for place in np.ndindex(array.shape)]
        places.extend(mine)
        for q, entry in enumerate(mine):
            moved = nudge(entry)
            plain = Fraction(float(np.asarray(value)[entry[1]])) + moved if moved else None
            array.flat[q] = tape.leaf(array.flat[q] if plain is None else shadow_of(plain, unit))
        return array if isinstance(value, np.ndarray) else array[()]

    with travelling(unit):
        result = point.changed(on_tape).call(functions.cost_on_balls)
        result = np.asarray(result, dtype=object)
        if result.size != 1:
            raise NotOnBalls(f"the cost is an array of shape {result.shape}")
    return tape, places, result.reshape(-1)[0]


def known(functions: Functions, point: Point) -> tuple[Known, Slopes]:
    """The right numbers at a point, with more bits where balls become wide."""
    with Ties(equal=True):
        with ctx.workprec(BITS):
            found = slopes(functions, point)
        if wide(found.values):
            with ctx.workprec(4 * BITS):
                found = slopes(functions, point)
    return Known(found.values, point.at), found


def wide(values: Mapping[Entry, arb]) -> bool:
    """Does some ball leave digits open that matter?"""
    return any(float(v.rad()) > SURE * float(v.abs_upper()) and float(v.rad()) > SURE**2 for v in values.values())


def beside(functions: Functions, point: Point, draw: int) -> dict[Entry, Any]:
    """The derivatives very close to a point, if they can be told."""
    dice = Random(f"nudge {draw}")
    with suppress(ArithmeticError), ctx.workprec(BITS), Ties(equal=True):
        return slopes(functions, point, 0.0, lambda entry: NUDGE * dice.randint(-99, 99)).values
    return {}
