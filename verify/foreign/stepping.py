"""Central differences at many steps: extrapolated, each with an error bar of its own, the best one taken.

The noise of the cost is read off its third differences: at steps so small that nothing else is left in them, and at
wider ones where they do not shrink with the step, as those of a smooth function and of a kink do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite

from verify.differences import SAME, Difference

EPS = 2.0**-52
EXPONENTS = range(4, 48, 2)  # steps are 2^-k of the scale
SAMPLES = 7
NARROW = [2.0**-k for k in range(14, 43, 4)]  # where noise is looked for, as parts of the scale
SHRINKS = (
    4.0,
    2.0**14,
)  # from one of these to the next third differences become smaller by such factors, but for noise
JUMPS = 8  # a smallest change larger than so many times the noise is a jump
SUMMED = 32  # roundoffs of a cost that does not show its noise at small steps
SAFE = 4  # the bar is taken so many times


@dataclass(frozen=True)
class Step:
    """One step: the slopes on both sides, their mean, and what noise can do to it."""

    h: float
    before: float
    after: float
    noise: float

    @property
    def mean(self) -> float:
        return (self.before + self.after) / 2


def noise_of(cost: Callable[[float], float], scale: float) -> float:
    """How far values of the cost stray.

    A cost that holds a term of few digits beside a fine one lies on plateaus: the smallest steps see none of its noise.
    """
    floor = SUMMED * EPS * abs(cost(0.0))
    found, wider = floor, 0.0
    for narrow in NARROW:
        values = [cost(k * narrow * scale) for k in range(SAMPLES)]
        if not all(map(isfinite, values)):
            continue
        strays = max(third_differences(values))
        if narrow == NARROW[-1] or wider <= SHRINKS[0] * strays:
            found = max(found, strays)
        if wider > SHRINKS[1] * max(strays, floor):  # what is smooth would still be seen
            found = max(found, wider)
        wider = strays
    return found


def third_differences(values: Sequence[float]) -> list[float]:
    """|f0 - 3 f1 + 3 f2 - f3| along a row; noise of size s gives about 4.5 s."""
    runs = zip(values, values[1:], values[2:], values[3:], strict=False)
    return [abs(a - 3 * b + 3 * c - d) for a, b, c, d in runs]


def steps_of(cost: Callable[[float], float], scale: float) -> Iterator[Step]:
    """The slopes at every step at which the cost is finite; none if it does not change at all.

    A cost that cancels inside moves in jumps that its own size does not show: such a cost tells nothing.
    """
    here, noise = cost(0.0), noise_of(cost, scale)
    steps = [scale * 2.0**-k for k in EXPONENTS]
    values = [(h, cost(h), cost(-h)) for h in steps]
    values = [(h, above, below) for h, above, below in values if isfinite(above) and isfinite(below)]
    jumps = [abs(value - here) for _, *sides in values for value in sides if value != here]
    if jumps and min(jumps) > JUMPS * noise:
        return
    for h, above, below in values if jumps else ():
        before, after = (here - below) / h, (above - here) / h
        yield Step(h, before, after, noise / h + EPS * scale / h * max(abs(before), abs(after)))


def extrapolated(cost: Callable[[float], float], scale: float) -> Difference | None:
    """(16 D(h/4) - D(h))/15, whose error is far less than its distance from D(h/4) where steps are small enough."""
    steps = list(steps_of(cost, scale))
    found: list[Difference] = []
    for wide, fine in pairwise(steps):
        value = (16 * fine.mean - wide.mean) / 15
        bar = abs(value - fine.mean) + 2 * fine.noise
        jump, wider = fine.after - fine.before, wide.after - wide.before
        kink = abs(jump) > 100 * fine.noise and SAME * abs(wider) < abs(jump) < abs(wider) / SAME
        sides = (min(fine.before, fine.after), max(fine.before, fine.after)) if kink else None
        bar += abs(jump - wider) if kink else 0.0
        found.append(Difference(value, SAFE * bar, sides))
    told = [replace(d, bar=d.bar + SAFE * abs(d.value - finer.value)) for d, finer in pairwise(found)]
    kept = [d for k, d in enumerate(told) if all(alike(d, finer) for finer in found[k + 1 :])]
    return min(kept, key=lambda d: d.bar, default=None)


def alike(coarse: Difference, fine: Difference) -> bool:
    """Do two differences tell the same? Wide steps that reach plateaus on both sides agree with each other only."""
    return abs(coarse.value - fine.value) <= coarse.bar + fine.bar
