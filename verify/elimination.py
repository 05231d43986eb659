"""Linear equations by elimination, over any numbers: rationals, balls, dual numbers, balls that round like floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Number = Any
Rows = Sequence[Sequence[Number]]


@dataclass(frozen=True)
class Eliminated:
    """The solution X of A X = B, and the pivots: with `swaps` exchanges of rows their product is the determinant."""

    solution: list[list[Number]]
    pivots: list[Number]
    swaps: int

    @property
    def determinant(self) -> Number:
        total = self.pivots[0]
        for pivot in self.pivots[1:]:
            total = total * pivot
        return -total if self.swaps % 2 else total


@dataclass(frozen=True)
class Arithmetic:
    """What elimination needs of numbers: a reciprocal, and a size by which a pivot is chosen (0: it is no pivot)."""

    reciprocal: Callable[[Number], Number]
    size: Callable[[Number], Any]


def eliminate(matrix: Rows, right: Rows, numbers: Arithmetic) -> Eliminated:
    """Gauss's elimination with the largest pivot of each column. ZeroDivisionError if the matrix is singular."""
    rows = [[*a, *b] for a, b in zip(matrix, right, strict=True)]
    count, swaps = len(rows), 0
    for column in range(count):
        best = max(range(column, count), key=lambda q: numbers.size(rows[q][column]))
        if not numbers.size(rows[best][column]):
            raise ZeroDivisionError("a singular matrix")
        if best != column:
            rows[column], rows[best] = rows[best], rows[column]
            swaps += 1
        inverse = numbers.reciprocal(rows[column][column])
        for q in range(column + 1, count):
            factor = rows[q][column] * inverse
            rest = (a - factor * b for a, b in zip(rows[q][column + 1 :], rows[column][column + 1 :], strict=True))
            rows[q] = [*rows[q][: column + 1], *rest]
    return Eliminated(_substituted(rows, count, numbers), [rows[q][q] for q in range(count)], swaps)


def _substituted(rows: list[list[Number]], count: int, numbers: Arithmetic) -> list[list[Number]]:
    """Back substitution in a triangle of rows."""
    found: list[list[Number]] = [[] for _ in range(count)]
    for q in reversed(range(count)):
        inverse = numbers.reciprocal(rows[q][q])
        values = rows[q][count:]
        for p in range(q + 1, count):
            values = [v - rows[q][p] * known for v, known in zip(values, found[p], strict=True)]
        found[q] = [v * inverse for v in values]
    return found
