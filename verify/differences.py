"""Central differences with an error bar of their own: an illustration of the gradient, not its judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STEP = 2.0**-13
SAME = 0.9  # two gaps between slopes whose ratio is nearer to 1 than this are the same; smooth costs have 1/2


@dataclass(frozen=True)
class Difference:
    """A central difference and how far from the derivative it may lie: truncation from two steps, plus rounding.

    Where the cost has a kink, `sides` are the slopes on both sides, and any number between them is a derivative.
    """

    value: float
    bar: float
    sides: tuple[float, float] | None = None

    def agrees(self, derivative: float) -> bool:
        """Does the derivative lie within the bar?"""
        low, high = self.sides or (self.value, self.value)
        return low - self.bar <= derivative <= high + self.bar


def central(cost: Callable[[float], float], rounding: float) -> Difference:
    """(J(h) - J(-h)) / 2h at h/2, h = 2^-13; `rounding` bounds the error of one value of the cost.

    The error at h/2 is c h^2/4 + O(h^4), so two steps differ by 3/4 c h^2: a third of their gap is the truncation, of
    which twice is taken, for the higher orders.

    The slopes on both sides differ by J'' h: half of it at h/2. At a kink they differ by the same at both steps.
    """
    here = cost(0.0)

    def slope(h: float) -> tuple[float, float, float]:
        above, below = cost(h), cost(-h)
        return (above - below) / (2 * h), (here - below) / h, (above - here) / h

    (coarse, *wide), (fine, *narrow) = slope(STEP), slope(STEP / 2)
    noise = rounding / (STEP / 2)
    bar = 2 * abs(coarse - fine) / 3 + 2 * noise
    before, after = abs(wide[1] - wide[0]), abs(narrow[1] - narrow[0])
    if after > 100 * noise and SAME * before < after < before / SAME:
        bar = abs(coarse - fine) + 2 * noise + abs(before - after)
        return Difference(fine, bar, (min(narrow), max(narrow)))
    return Difference(fine, bar)
