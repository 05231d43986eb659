"""The cost and the gradient of a model at a point, from its equations alone, to 50 digits and more.

`verify.unroll` evaluates every equation entry by entry in balls of 240 bits and adds up true adjoints by dual numbers;
neither the derivation nor generated code takes part.
"""

from __future__ import annotations

import runpy
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from corpus.implementations import IMPLEMENTATIONS
from corpus.records import Blocks, Point
from derive.system import System, Tensor
from derive.values.affine import Size
from verify.case import unrolled_gradient
from verify.instance import Instance
from verify.numbers import Balls
from verify.sizes import Sizes
from verify.unroll import Unrolled

ROOT = Path(__file__).parents[2]
BITS = 240


@cache
def system(model: str) -> System:
    """The checked system of a model file."""
    found: System = runpy.run_path(str(ROOT / model))["model"].system
    return found


@dataclass(frozen=True)
class Given(Sizes):
    """Sizes whose widths are listed, from position 1."""

    widths: tuple[int, ...] = ()

    def width(self, name: str, position: int) -> int:
        return self.widths[position - 1]


def sizes_of(found: System, point: Point) -> Given:
    """The sizes that the arrays of a point have."""
    known: dict[str, int] = {}
    widths: tuple[int, ...] = ()
    for tensor in found.tensors:
        value = point.values.get(tensor.name)
        if isinstance(value, dict):
            if next(iter(value.values())).ndim == 2:
                widths = (value[2].shape[1], *(value[l].shape[0] for l in sorted(value)))
                known["L"] = max(value)
        elif isinstance(value, np.ndarray):
            for slot, count in zip(tensor.slots, value.shape, strict=True):
                if isinstance(slot.hi.alone, Size):
                    known[slot.hi.alone.name] = count
    return Given(found.facts.equal, tuple((name, known[name]) for name in found.sizes), widths=widths)


def entries_of(tensor: Tensor, value: Any) -> dict[tuple[str, tuple[int, ...]], Fraction]:
    """Positions count from 1 in the model, and so do the places that integer data mean."""
    if isinstance(value, dict):
        return {
            (name, (l, *at)): number
            for l, array in value.items()
            for (name, at), number in entries_of(tensor, array).items()
        }
    shift = 0 if tensor.values is None else tensor.values[0].constant
    return {
        (tensor.name, tuple(q + 1 for q in at)): Fraction(float(number)) + shift
        for at, number in np.ndenumerate(np.asarray(value))
    }


@dataclass(frozen=True)
class Reference:
    """Rounded to float64; `digits` says how many digits of the worst entry are certain."""

    cost: float
    gradient: Blocks
    digits: int


def reference(point: Point) -> Reference:
    """The exact cost and gradient at a point."""
    found = system(IMPLEMENTATIONS[point.implementation].model)
    entries = {
        entry: number
        for tensor in found.tensors
        if tensor.name in point.values
        for entry, number in entries_of(tensor, point.values[tensor.name]).items()
    }
    field = Balls(0, BITS)
    with field.context():
        unrolled = Unrolled(Instance(found, sizes_of(found, point), entries), field)
        cost, slopes = unrolled.value("J"), unrolled_gradient(unrolled)
        digits = min(int(ball.rel_accuracy_bits() * 0.30103) for ball in (cost, *slopes.values()) if ball != 0)
        gradient: Blocks = {}
        for tensor in found.role("parameter"):
            value = point.values[tensor.name]
            for at, array in value.items() if isinstance(value, dict) else [(None, value)]:
                block = np.empty(np.shape(array))
                for place in np.ndindex(block.shape):
                    key = tuple(q + 1 for q in place)
                    block[place] = float(slopes[tensor.name, key if at is None else (at, *key)].mid())
                gradient[tensor.name if at is None else f"{tensor.name}[{at}]"] = block
        return Reference(float(cost.mid()), gradient, digits)
