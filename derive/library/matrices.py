"""Functions of a square matrix, given by its entry: inverse, solution of linear equations, determinant.

The two letters say which letter of the entry is the row and which the column; all others stay free, so that
`inverse(K[i, j, k], j, k)` is one inverse for every i. The trace needs no name: it is `Sum(A[j, j], j)`.
"""

from __future__ import annotations

from typing import Any

from derive.affine import Affine, Index
from derive.errors import ModelError
from derive.expression import Bound, Expr, MatrixFunction, free_indices, substitute
from derive.axes import UNKNOWN
from derive.surface import Formula, IndexSymbol, lift, owner_of


def inverse(entry: Any, row: IndexSymbol, column: IndexSymbol) -> Formula:
    """The entry of A^-1 at row j and column k, where A has the entry `entry`: `inverse(A[j, k], j, k)`.

    Raises ModelError unless both letters stand in the entry; the model is refused unless their ranges are equal.
    """
    return _function("inverse", (entry,), (row, column), (row, column))


def solve(entry: Any, right: Any, row: IndexSymbol, column: IndexSymbol) -> Formula:
    """The entry u[k] of the solution of Sum_k A[j, k] u[k] = b[j]: `solve(A[j, k], b[j], j, k)`, read at k.

    Further letters of `right` are several right sides. Raises ModelError as `inverse` does.
    """
    return _function("solve", (entry, right), (row, column), (column,))


def det(entry: Any, row: IndexSymbol, column: IndexSymbol) -> Formula:
    """The determinant of the matrix with the entry `entry`: `det(A[j, k], j, k)`. Raises as `inverse` does."""
    return _function("det", (entry,), (row, column), ())


def logdet(entry: Any, row: IndexSymbol, column: IndexSymbol) -> Formula:
    """log|det A| of the matrix with the entry `entry`: `logdet(A[j, k], j, k)`. Raises as `inverse` does."""
    return _function("logdet", (entry,), (row, column), ())


def _function(op: str, values: tuple[Any, ...], letters: tuple[Any, Any], at: tuple[Any, ...]) -> Formula:
    call = f"{op}({'A[j, k], b[j]' if op == 'solve' else 'A[j, k]'}, j, k)"
    if not all(isinstance(x, IndexSymbol) for x in letters) or letters[0] == letters[1]:
        raise ModelError(f"{op} takes two different indices, those of the row and of the column", fix=call)
    bodies = tuple(map(lift, values))
    own = tuple(Index(x.name) for x in letters)
    _check_letters(op, bodies, own, call)
    inner = tuple(Index(f"{x.name}'") for x in own)
    opened = tuple(substitute(b, {x: Affine.of(y) for x, y in zip(own, inner, strict=True)}) for b in bodies)
    bounds = tuple(Bound(x, UNKNOWN, UNKNOWN) for x in inner)
    places = tuple(Affine.of(Index(x.name)) for x in at)
    return Formula(MatrixFunction(op, opened, bounds, places), owner_of(*values))


def _check_letters(op: str, bodies: tuple[Expr, ...], own: tuple[Index, ...], call: str) -> None:
    for letter in own:
        if letter not in free_indices(bodies[0]):
            raise ModelError(f"index {letter.name} does not stand in the matrix of {op}", fix=call)
    if len(bodies) == 2 and own[0] not in free_indices(bodies[1]):
        raise ModelError(f"index {own[0].name} does not stand in the right side of solve", fix=call)
    if len(bodies) == 2 and own[1] in free_indices(bodies[1]):
        raise ModelError(
            f"index {own[1].name} stands in the right side of solve, which has the index of the rows, {own[0].name}",
            fix=call,
        )
