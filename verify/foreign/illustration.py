"""Finite differences, complex step and Taylor remainder as illustrations: every number with an error bar of its own.

None of them judges. They show why no step suits all: with a large one the difference is not the derivative yet, with
a small one rounding is all that is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, log2
from typing import Any

import numpy as np

from verify.differences import Difference
from verify.foreign.arguments import Point, entries, points_of
from verify.foreign.around import size_of
from verify.foreign.cost import Functions, known
from verify.foreign.differing import stepped
from verify.foreign.reading import Reading, slot_of
from verify.foreign.stepping import EPS, extrapolated, noise_of
from verify.instance import Entry

POWERS = range(54)  # steps are 2^-k of the scale
IMAGINARY = 2.0**-100
ROUNDED = 2.0**-44  # of what is summed in a complex step


@dataclass(frozen=True)
class Sweep:
    """One entry at many steps: how far forward and central differences lie from the derivative, and their bars.

    `best` is the extrapolated difference, `imaginary` the complex step if the code allows it, `orders` how fast the
    Taylor remainder |J(h) - J(0) - h J'(0)| falls: 2 where the derivative is right and the cost smooth. `remainders`
    are these, and `noise` is how far they stray.
    """

    entry: Entry
    exact: float
    steps: tuple[float, ...]
    forward: tuple[float, ...]
    central: tuple[float, ...]
    rounding: tuple[float, ...]
    best: Difference | None
    imaginary: Difference | None
    orders: tuple[float, ...]
    remainders: tuple[float, ...]
    noise: float


def swept(cost: Callable[..., Any], at: Any, entry: int = 0, by: str | int | None = None) -> Sweep:
    """A sweep over steps for one entry of an argument, by default of the first that holds floats.

    ModelError if the point or the argument cannot be meant.
    """
    point = points_of(at, cost)[0]
    slot = next((s for s in point.slots if point.leaves((s,))), 0) if by is None else by
    slot = slot_of(slot, point)
    functions = Functions(cost, cost, Reading((slot,)))
    places = [place for place, _ in entries(point.leaves((slot,)))]
    place = places[entry]
    scale = size_of(point.leaves((slot,))[place[0]])
    right, _ = known(functions, point)
    return sweep(stepped(functions, point, place), place, float(right.symbolic[place].mid()), scale, functions, point)


def sweep(
    cost: Callable[[float], float], entry: Entry, exact: float, scale: float, functions: Functions, point: Point
) -> Sweep:
    """The errors at every step."""
    here, noise = cost(0.0), noise_of(cost, scale)
    steps = tuple(scale * 2.0**-k for k in POWERS)
    above, below = [cost(h) for h in steps], [cost(-h) for h in steps]
    remainders = [abs(up - here - h * exact) for up, h in zip(above, steps, strict=True)]
    told = [r for r in remainders if r > 100 * noise]  # the rest is rounding
    return Sweep(
        entry,
        exact,
        steps,
        tuple(abs((up - here) / h - exact) for up, h in zip(above, steps, strict=True)),
        tuple(abs((up - down) / (2 * h) - exact) for up, down, h in zip(above, below, steps, strict=True)),
        tuple(noise / h + EPS * scale / h * abs(exact) for h in steps),
        extrapolated(cost, scale),
        complex_step(functions, point, entry, scale),
        tuple(log2(a / b) for a, b in zip(told, told[1:], strict=False) if isfinite(a) and isfinite(b)),
        tuple(remainders),
        noise,
    )


def complex_step(functions: Functions, point: Point, entry: Entry, scale: float) -> Difference | None:
    """Im J(x + ih) / h, which subtracts nothing; None if the code does not take complex numbers.

    Its error is h^2, which is nothing, and rounding. Code that takes sizes or compares gives another number.
    """

    def change(label: str, value: Any) -> Any:
        if label != entry[0]:
            return value
        made = np.array(value, dtype=complex)
        made[entry[1]] += 1j * IMAGINARY * scale
        return made if isinstance(value, np.ndarray) else made[()]

    try:
        with np.errstate(all="ignore"):
            value = np.asarray(functions.value(point.changed(change))).reshape(-1)[0]
    except Exception:  # whatever code raises that was written for real numbers
        return None
    slope = float(np.imag(value)) / (IMAGINARY * scale)
    return Difference(slope, ROUNDED * abs(slope)) if isfinite(slope) else None
