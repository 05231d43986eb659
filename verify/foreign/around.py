"""Points around one of the user's that show faults: other parameters with the same data, and both sides of kinks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from random import Random
from typing import Any

import numpy as np

from verify.foreign.approach import GAPS, KINKS, secant
from verify.foreign.arguments import Point
from verify.foreign.cost import Functions, gaps_of
from verify.numbers import Undecided

MOVES = (("moved a little", 0.25, False), ("moved", 1.0, False), ("moved far", 3.0, True))  # by what part of its size


def moved(point: Point, functions: Functions, seed: int) -> Iterator[Point]:
    """The point with the arrays that the gradient is by moved by parts of their own size, at last with other signs.

    What the gradient is not by stays as it is: data may be bound by what nobody declared, such as sums of 1.
    """
    own = point.leaves(functions.reading.by)
    for name, reach, flips in MOVES:
        dice = np.random.default_rng([seed, len(name)])

        def change(label: str, value: Any, dice: Any = dice, reach: float = reach, flips: bool = flips) -> Any:
            if label not in own:
                return value
            array = np.asarray(value)
            signs = dice.choice((-1, 1), array.shape) if flips else 1
            return typed(signs * array + reach * size_of(array) * dice.uniform(-1, 1, array.shape), value)

        yield point.changed(change, f"{point.at}, {name}")


def size_of(array: Any) -> float:
    """The largest size in an array; 1 if all is 0."""
    return float(np.max(np.abs(array), initial=0.0)) or 1.0


def typed(array: Any, like: Any) -> Any:
    """Numbers of the type of another value."""
    return np.asarray(array, dtype=like.dtype) if isinstance(like, np.ndarray) else type(like)(array)


def at_kinks(point: Point, functions: Functions, gaps: tuple[float, ...]) -> Iterator[Point]:
    """Points at which a comparison of the cost nearly holds with equality, several comparisons in turn."""
    once = {f"{abs(gap):.9g}": q for q, gap in enumerate(gaps)}  # code may compare the same two numbers again
    for number in sorted(once.values(), key=lambda q: abs(gaps[q]))[:KINKS]:
        value = cache(partial(gap_at, point, functions, number))  # the first steps are the same for every gap
        for gap in GAPS:
            goal = float(gap) * max(1.0, abs(gaps[number]))
            step = secant(value, goal)
            if step is not None:
                yield shifted(point, functions, step, number)


def shifted(point: Point, functions: Functions, step: float, number: int) -> Point:
    """The point moved along a line."""
    own = point.leaves(functions.reading.by)

    def change(label: str, value: Any) -> Any:
        if label not in own:
            return value
        array = np.asarray(value)
        slope = np.random.default_rng([number, Random(label).randint(0, 2**31)]).uniform(-1, 1, array.shape)
        return typed(array + step * size_of(array) * slope, value)

    return point.changed(change, f"{point.at}, close to a kink")


def gap_at(point: Point, functions: Functions, number: int, step: float) -> float | None:
    """The gap of one comparison of the cost after a step."""
    try:
        gaps = gaps_of(functions, shifted(point, functions, step, number))
    except (Undecided, ZeroDivisionError):
        return None
    return gaps[number] if number < len(gaps) else None
