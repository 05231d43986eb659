"""`numpy.linalg` on object arrays of balls: stacks of matrices by elimination, as the float routines do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from verify.elimination import Arithmetic, Eliminated, eliminate
from verify.shadow import Shadow, like

NUMBERS = Arithmetic(lambda ball: 1 / ball, lambda ball: abs(float(ball.settled().mid())))


@dataclass(frozen=True)
class Routines:
    """The functions of `numpy.linalg` that code calls; numbers that are no balls round by `unit`."""

    unit: float = 0.0

    def inv(self, matrix: Any) -> Any:
        """The inverse of a matrix, or of every one of a stack."""
        return self.stacked(matrix, _unit(matrix), lambda found: np.array(found.solution, dtype=object))

    def solve(self, matrix: Any, right: Any) -> Any:
        """X with matrix @ X = right; a right side with one axis is one vector."""
        if np.ndim(right) == 1:
            return self.solve(matrix, right[:, None])[..., 0]
        return self.stacked(matrix, right, lambda found: np.array(found.solution, dtype=object))

    def det(self, matrix: Any) -> Any:
        """The determinant."""
        return self.stacked(matrix, _unit(matrix), lambda found: _scalar(found.determinant))[()]

    def slogdet(self, matrix: Any) -> tuple[Any, Any]:
        """The sign, and the logarithm of the size of the determinant, a sum over the pivots."""
        signs = self.stacked(matrix, _unit(matrix), lambda found: _scalar(-1 if found.determinant < 0 else 1))
        return signs[()], self.stacked(matrix, _unit(matrix), lambda found: _scalar(_logarithm(found)))[()]

    def cholesky(self, matrix: Any) -> Any:
        """The lower triangle L with L @ L.T = matrix. LinAlgError if the matrix is not positive definite."""
        outer = np.shape(matrix)[:-2]
        made = np.empty(np.shape(matrix), dtype=object)
        for place in np.ndindex(outer):
            made[place] = self.factor(matrix[place])
        return made

    def factor(self, matrix: Any) -> Any:
        """The Cholesky factor of one matrix, column by column."""
        rows, count = np.array(self.balls(matrix), dtype=object), len(matrix)
        lower = np.array(self.balls(np.zeros((count, count), dtype=int)), dtype=object)
        for j in range(count):
            pivot = rows[j, j] - (lower[j, :j] ** 2).sum() if j else rows[j, j]
            if not pivot > 0:
                raise np.linalg.LinAlgError("the matrix is not positive definite")
            lower[j, j] = pivot.sqrt()
            for i in range(j + 1, count):
                rest = rows[i, j] - lower[i, :j] @ lower[j, :j] if j else rows[i, j]
                lower[i, j] = rest / lower[j, j]
        return lower

    def stacked(self, matrix: Any, right: Any, value: Callable[[Eliminated], Any]) -> Any:
        """A value of every matrix of a stack, broadcast against the right sides."""
        outer = np.broadcast_shapes(matrix.shape[:-2], right.shape[:-2])
        matrix = np.broadcast_to(matrix, (*outer, *matrix.shape[-2:]))
        right = np.broadcast_to(right, (*outer, *right.shape[-2:]))
        found = {place: value(self.eliminated(matrix[place], right[place])) for place in np.ndindex(outer)}
        shape = next(iter(found.values())).shape
        made = np.empty((*outer, *shape), dtype=object)
        for place, part in found.items():
            made[place] = part if shape else part[()]
        return made

    def eliminated(self, matrix: Any, right: Any) -> Eliminated:
        """One matrix with its right sides."""
        try:
            return eliminate(self.balls(matrix), self.balls(right), NUMBERS)
        except ZeroDivisionError as error:
            raise np.linalg.LinAlgError(str(error)) from None

    def balls(self, array: Any) -> list[list[Shadow | None]]:
        """The rows of an array, all entries balls."""
        kind = Shadow(arb(0), self.unit)
        return [[like(value, kind) for value in line] for line in array]


def _logarithm(found: Eliminated) -> Any:
    total = abs(found.pivots[0]).log()
    for pivot in found.pivots[1:]:
        total = total + abs(pivot).log()
    return total


def _scalar(value: Any) -> Any:
    made = np.empty((), dtype=object)
    made[()] = value
    return made


def _unit(matrix: Any) -> Any:
    return np.eye(np.shape(matrix)[-1], dtype=int).astype(object)
