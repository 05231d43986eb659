"""Products of matrices of balls, as a whole: entry by entry they take a hundred times as long."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb_mat, ctx

from verify.shadow import TINIEST, Shadow, about, like

SMALL = 24  # products of numbers; below that nothing is gained
COARSE = 40  # bits of bounds


def matmul(left: Any, right: Any) -> Any:
    """`left @ right`: matrices and vectors of balls by Arb's own product, everything else as NumPy does it."""
    if not (of_objects(left) and of_objects(right)) or left.shape[-1] != len(right) or not left.size:
        return left @ right
    shape = rows, inner, columns = left.size // len(right), len(right), right.size // len(right)
    if rows * inner * columns < SMALL:
        return left @ right
    one, two = balls(left), balls(right)
    if one is None or two is None:
        return left @ right
    keeper = next((ball for ball in (*one, *two) if type(ball) is not Shadow), one[0])
    found = keeper.multiplied(multiplied(one, two, shape), one, two, shape)
    if found is None:
        return left @ right
    made = np.empty(rows * columns, dtype=object)
    made[:] = found
    return made.reshape(left.shape[:-1] + right.shape[1:])[()]


def of_objects(array: Any) -> bool:
    """Is it a vector or a matrix of objects?"""
    return isinstance(array, np.ndarray) and array.dtype == object and array.ndim in (1, 2)


def multiplied(left: list[Shadow], right: list[Shadow], shape: tuple[int, int, int]) -> list[Shadow]:
    """The entries of the product of two matrices, with what a sum of so many rounded products may round."""
    rows, inner, columns = shape
    unit = max({s.unit for s in left} | {s.unit for s in right})
    one, two = [s.settled() for s in left], [s.settled() for s in right]
    exact = arb_mat(rows, inner, one) * arb_mat(inner, columns, two)
    if not unit:
        return [Shadow(ball, 0.0) for ball in exact.entries()]
    with ctx.workprec(COARSE):
        sizes = arb_mat(rows, inner, [*map(abs, one)]) * arb_mat(inner, columns, [*map(abs, two)])
    wide, tiny = about(0, unit), inner * TINIEST[unit]
    pairs = zip(exact.entries(), sizes.entries(), strict=True)
    return [
        Shadow(ball, unit) if mass.is_zero() else Shadow(ball + mass * wide + tiny, unit, mass, inner)
        for ball, mass in pairs
    ]


def balls(array: Any) -> list[Shadow] | None:
    """The entries as balls, if all are numbers."""
    kind = next((value for value in array.flat if isinstance(value, Shadow)), None)
    if kind is None:
        return None
    found = [value if isinstance(value, Shadow) else like(value, kind) for value in array.flat]
    return None if any(value is None for value in found) else [value for value in found if value is not None]
