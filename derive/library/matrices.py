"""Functions of a square matrix, whole or given by its entry: inverse, solution of linear equations, determinant.

Of an entry, the two letters say which letter is the row and which the column; all others stay free, so that
`inverse(K[i, j, k], j, k)` is one inverse for every i. The trace needs no name: it is `Sum(A[j, j], j)`.
Of a whole array, the matrices are its last two axes, and the value is the index form at its axes.
"""

from __future__ import annotations

from typing import Any

from derive.errors import ModelError
from derive.language.axes import Array, Axis, bound_letter, closed, fix_of_sizes, same, shapes
from derive.language.surface import Formula, lift, owner_of, raised
from derive.language.whole import square_axis
from derive.regions.unknown import UNKNOWN
from derive.values.affine import Affine, Index
from derive.values.binders import Bound, MatrixFunction
from derive.values.facts import Facts
from derive.values.nodes import Count, Expr
from derive.values.symbols import IndexSymbol


def inverse(matrix: Any, *letters: IndexSymbol) -> Formula:
    """The inverse of a matrix, `inverse(A)`, or its entry at row j and column k, `inverse(A[j, k], j, k)`.

    Raises ModelError unless the matrix is square and both letters, if there are any, stand in the entry; an entry is
    refused once its ranges are known.
    """
    return _function("inverse", (matrix,), letters)


def solve(matrix: Any, right: Any, *letters: IndexSymbol) -> Formula:
    """The solution u of A @ u = b, `solve(A, b)` for a vector or a matrix b, or an entry, `solve(A[j, k], b[j], j, k)`.

    This entry u[k] solves Sum_k A[j, k] u[k] = b[j]; further letters of `right` are several right sides. Raises
    ModelError as `inverse` does.
    """
    return _function("solve", (matrix, right), letters)


def det(matrix: Any, *letters: IndexSymbol) -> Formula:
    """The determinant of a matrix, `det(A)` or `det(A[j, k], j, k)`. Raises as `inverse` does."""
    return _function("det", (matrix,), letters)


def logdet(matrix: Any, *letters: IndexSymbol) -> Formula:
    """log|det A| of a matrix, `logdet(A)` or `logdet(A[j, k], j, k)`. Raises as `inverse` does."""
    return _function("logdet", (matrix,), letters)


READ_AT = {"inverse": (0, 1), "solve": (1,), "det": (), "logdet": ()}  # the letters that stay in the value


def _function(op: str, values: tuple[Any, ...], letters: tuple[Any, ...]) -> Formula:
    arrays = tuple(map(raised, values))
    whole = f"{op}({', '.join(map(str, arrays))})"
    if arrays[0].axes and not letters:
        return _of_whole(op, values, arrays, whole)
    call = f"{op}({'A[j, k], b[j]' if op == 'solve' else 'A[j, k]'}, j, k)"
    if arrays[0].axes:
        raise ModelError(f"{op} of a whole array takes no index", fix=f"{whole}, or of entries {call}")
    if len(letters) != 2 or not all(isinstance(x, IndexSymbol) for x in letters) or letters[0] == letters[1]:
        raise ModelError(f"{op} takes two different indices, those of the row and of the column", fix=call)
    bodies = tuple(map(lift, values))
    own = tuple(Index(x.name) for x in letters)
    _check_letters(op, bodies, own, call)
    inner = tuple(Index(f"{x.name}'") for x in own)
    opened = tuple(b.replaced({x: Affine.of(y) for x, y in zip(own, inner, strict=True)}) for b in bodies)
    bounds = tuple(Bound(x, UNKNOWN, UNKNOWN) for x in inner)
    places = tuple(Affine.of(own[q]) for q in READ_AT[op])
    return Formula(MatrixFunction(op, opened, bounds, places), owner_of(*values))


def _of_whole(op: str, values: tuple[Any, ...], arrays: tuple[Array, ...], text: str) -> Formula:
    """The index form at the axes of the value; axes before the last two are common to all."""
    matrix, owner = arrays[0], owner_of(*values)
    axis = square_axis(values[0], matrix, op, stack=True)
    lead, own = matrix.letters[:-2], matrix.letters[-2:]
    if op == "solve":
        _check_right(matrix, axis, arrays[1], owner.known_facts())
        kept = list(zip(arrays[1].letters, arrays[1].axes, strict=True))
        rows = arrays[1].letters[-min(len(kept), 2)]
        at: tuple[Index, ...] = (rows,)
    else:
        rows, at = own[0], own if op == "inverse" else ()
        kept = [*zip(lead, matrix.axes, strict=False), *((x, axis) for x in at)]
    row = bound_letter(*(a.node for a in arrays))
    column = bound_letter(Count(Affine.of(row)), *(a.node for a in arrays))
    body = matrix.node.replaced({own[0]: Affine.of(row), own[1]: Affine.of(column)})
    bodies = (body, *(a.node.replaced({rows: Affine.of(row)}) for a in arrays[1:]))
    bounds = (Bound(row, axis.lo, axis.hi), Bound(column, axis.lo, axis.hi))
    node = MatrixFunction(op, bodies, bounds, tuple(map(Affine.of, at)))
    done = closed(node, kept, text)
    return Formula(done.node, owner, done.axes, done.text)


def _check_right(matrix: Array, axis: Axis, right: Array, facts: Facts) -> None:
    rank = len(right.axes)
    if not rank or rank != len(matrix.axes) and (rank, len(matrix.axes)) != (1, 2):
        raise ModelError(
            f"the right side of solve is a vector, or a matrix for every matrix: {shapes(matrix, right)}",
            fix="write the entries: solve(A[j, k], b[j], j, k)",
        )
    row = right.axes[-min(rank, 2)]
    if not all(same(a, b, facts) for a, b in zip(matrix.axes[:-2], right.axes[:-2], strict=True)):
        raise ModelError(f"the shapes differ: {shapes(matrix, right)}", fix="one right side for every matrix")
    if not same(axis, row, facts):
        turned = rank == 2 and same(axis, right.axes[-1], facts)
        raise ModelError(
            f"solve does not fit: {shapes(matrix, right)}",
            fix=f"turn the right side: {right.tight}.T" if turned else fix_of_sizes(axis, row, facts),
        )


def _check_letters(op: str, bodies: tuple[Expr, ...], own: tuple[Index, ...], call: str) -> None:
    for letter in own:
        if letter not in bodies[0].letters:
            raise ModelError(f"index {letter.name} does not stand in the matrix of {op}", fix=call)
    if len(bodies) == 2 and own[0] not in bodies[1].letters:
        raise ModelError(f"index {own[0].name} does not stand in the right side of solve", fix=call)
    if len(bodies) == 2 and own[1] in bodies[1].letters:
        raise ModelError(
            f"index {own[1].name} stands in the right side of solve, which has the index of the rows, {own[0].name}",
            fix=call,
        )
