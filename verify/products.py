"""Products of large matrices of balls, as a whole: entry by entry they take a hundred times as long."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb, arb_mat

from verify.shadow import LIMIT, Shadow, like, size

SMALL = 4096  # products of numbers; below that nothing is gained


def matmul(left: Any, right: Any) -> Any:
    """`left @ right`: matrices of balls by Arb's own product, everything else as NumPy does it."""
    matrices = np.ndim(left) == 2 and np.ndim(right) == 2 and left.dtype == right.dtype == object
    if not matrices or left.shape[0] * left.size // max(left.shape[0], 1) * right.shape[1] < SMALL:
        return left @ right
    one, two = balls(left), balls(right)
    if one is None or two is None or left.shape[1] != right.shape[0]:
        return left @ right
    unit = max(max(s.unit for s in one), max(s.unit for s in two))
    exact = matrix(one, left.shape) * matrix(two, right.shape)
    made = np.empty((left.shape[0], right.shape[1]), dtype=object)
    if not unit:
        made.flat[:] = [Shadow(ball, 0.0) for ball in exact.entries()]
        return made
    masses = (sizes(one, left.shape) @ sizes(two, right.shape)) * (1 + 2.0**-40) * LIMIT
    made.flat[:] = [
        Shadow(ball + arb(0, unit * mass * LIMIT), unit, mass, left.shape[1])
        for ball, mass in zip(exact.entries(), masses.ravel().tolist(), strict=True)
    ]
    return made


def balls(array: Any) -> list[Shadow] | None:
    """The entries as balls, if all are numbers."""
    kind = next((value for value in array.flat if isinstance(value, Shadow)), None)
    if kind is None:
        return None
    found = [value if isinstance(value, Shadow) else like(value, kind) for value in array.flat]
    return None if any(value is None for value in found) else [value for value in found if value is not None]


def matrix(entries: list[Shadow], shape: tuple[int, int]) -> Any:
    """The matrix of Arb, sums settled."""
    rows, columns = shape
    return arb_mat(rows, columns, [entry.settled() for entry in entries])


def sizes(entries: list[Shadow], shape: tuple[int, ...]) -> Any:
    """Upper bounds of the sizes of the entries."""
    return np.array([size(entry.settled()) for entry in entries]).reshape(shape)
