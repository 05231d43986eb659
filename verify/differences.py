"""Central differences with an error bar of their own: an illustration of the gradient, not its judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STEP = 2.0**-13


@dataclass(frozen=True)
class Difference:
    """A central difference and how far from the derivative it may lie: truncation from two steps, plus rounding."""

    value: float
    bar: float

    def agrees(self, derivative: float) -> bool:
        """Does the derivative lie within the bar?"""
        return abs(self.value - derivative) <= self.bar


def central(cost: Callable[[float], float], rounding: float) -> Difference:
    """(J(h) - J(-h)) / 2h at h/2, h = 2^-13; `rounding` bounds the error of one value of the cost.

    The error at h/2 is c h^2/4 + O(h^4), so two steps differ by 3/4 c h^2: a third of their gap is the truncation, of
    which twice is taken, for the higher orders.
    """

    def slope(h: float) -> float:
        return (cost(h) - cost(-h)) / (2 * h)

    coarse, fine = slope(STEP), slope(STEP / 2)
    noise = rounding / (STEP / 2)
    return Difference(fine, 2 * abs(coarse - fine) / 3 + 2 * noise)
