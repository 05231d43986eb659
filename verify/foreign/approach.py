"""Points close to the kinks of a model, on both sides: where a comparison nearly holds with equality."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

from verify.instance import Entry, Instance
from verify.numbers import Balls, Number, Undecided
from verify.unroll import OutOfRange, Unrolled

GAPS = (Fraction(1, 2**23), Fraction(-1, 2**23))  # how far from equality, on either side
CLOSE = (Fraction(1, 2**40), Fraction(-1, 2**40))  # and how far from one comparison
KINKS = 3
STEPS = 8
FINE = 2**50


@dataclass(frozen=True)
class Watching(Balls):
    """Balls that remember the gap of every comparison."""

    gaps: list[float] = field(default_factory=list, compare=False)

    def below(self, left: Number, right: Number) -> bool:
        self.gaps.append(float((left - right).mid()))
        return super().below(left, right)


def approached(drawn: Instance) -> Iterator[Instance]:
    """Instances at which one comparison of the objective nearly holds with equality, several comparisons in turn."""
    gaps = gaps_at(drawn)
    chosen = sorted(range(len(gaps)), key=lambda q: abs(gaps[q]))[:KINKS]
    for number in chosen:
        for gap in (*GAPS, *CLOSE) if number == chosen[0] else GAPS:
            found = solved(drawn, number, gap)
            if found is not None:
                yield found


def gaps_at(drawn: Instance) -> list[float]:
    """The gap of every comparison that the objective makes."""
    field = Watching(0)
    with suppress(Undecided, OutOfRange, ZeroDivisionError), field.context():
        Unrolled(drawn, field).value("J")
    return field.gaps


def solved(drawn: Instance, number: int, gap: Fraction) -> Instance | None:
    """The parameters moved along a line until one comparison has a gap, by the secant rule."""
    slopes = {
        entry: Fraction(Random(f"{number} {entry}").randint(-64, 64), 64)
        for entry in drawn.entries
        if drawn.system.tensor(entry[0]).role == "parameter"
    }
    step = secant(lambda step: value_at(drawn, slopes, step, number), float(gap))
    return None if step is None else shifted(drawn, slopes, step)


def secant(value: Callable[[float], float | None], goal: float) -> float | None:
    """The step at which a function of it is close to a goal, by the secant rule."""
    before, here = 0.0, 0.125
    values = [value(s) for s in (before, here)]
    for _ in range(STEPS):
        first, second = values
        if first is None or second is None or second == first:
            return None
        before, here = here, here - (second - goal) * (here - before) / (second - first)
        if abs(here) > 4:
            return None
        values = [second, value(here)]
        if values[1] is not None and abs(values[1] - goal) < abs(goal) / 4:
            return here
    return None


def value_at(drawn: Instance, slopes: dict[Entry, Fraction], step: float, number: int) -> float | None:
    """The gap of a comparison after a step, if there is such a comparison."""
    gaps = gaps_at(shifted(drawn, slopes, step))
    return gaps[number] if number < len(gaps) else None


def shifted(drawn: Instance, slopes: dict[Entry, Fraction], step: float) -> Instance:
    """The instance with its parameters moved; entries keep few enough digits for floats to hold them."""
    exact = Fraction(step)
    entries = {
        entry: Fraction(round((value + slopes[entry] * exact) * FINE), FINE) if entry in slopes else value
        for entry, value in drawn.entries.items()
    }
    return Instance(drawn.system, drawn.sizes, entries)
