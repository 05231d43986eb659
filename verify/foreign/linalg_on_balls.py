"""`numpy.linalg` and `scipy.linalg` for balls: elimination and Cholesky factors, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.foreign.numpy_on_balls import UNIT, balls
from verify.linear import Routines


def norm(values: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """`np.linalg.norm` of order 1, 2 and Frobenius."""
    values = balls(values)
    if ord == 1:
        return np.sum(abs(values), axis=axis, keepdims=keepdims)
    if ord in (None, 2, "fro") and not (ord == 2 and axis is None and np.ndim(values) > 1):
        return np.sqrt(np.sum(values * values, axis=axis, keepdims=keepdims))
    raise TypeError(f"there is no norm of order {ord} of balls")


def inv(matrix: Any, **_: Any) -> Any:
    """The inverse."""
    return Routines(UNIT.get()).inv(balls(matrix))


def solve(matrix: Any, right: Any, **_: Any) -> Any:
    """The solution of matrix @ X = right."""
    return Routines(UNIT.get()).solve(balls(matrix), balls(right))


def det(matrix: Any, **_: Any) -> Any:
    """The determinant."""
    return Routines(UNIT.get()).det(balls(matrix))


def slogdet(matrix: Any) -> tuple[Any, Any]:
    """Sign and logarithm of the determinant."""
    return Routines(UNIT.get()).slogdet(balls(matrix))


def cholesky(matrix: Any, **_: Any) -> Any:
    """NumPy's Cholesky factor, the lower one."""
    return Routines(UNIT.get()).cholesky(balls(matrix))


def scipy_cholesky(matrix: Any, lower: bool = False, **_: Any) -> Any:
    """SciPy's Cholesky factor, the upper one unless `lower`."""
    return cholesky(matrix) if lower else cholesky(matrix).T


def cho_factor(matrix: Any, lower: bool = False, **_: Any) -> tuple[Any, bool]:
    """The factor, and which one it is."""
    return scipy_cholesky(matrix, lower), lower


def cho_solve(factor: tuple[Any, bool], right: Any, **_: Any) -> Any:
    """The solution by a factor."""
    triangle, lower = factor
    low = np.tril(triangle) if lower else np.triu(triangle).T
    return solve(low.T, solve(low, right))


def solve_triangular(
    matrix: Any, right: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, **_: Any
) -> Any:
    """The solution with one triangle of a matrix, or with that transposed."""
    triangle = np.tril(matrix) if lower else np.triu(matrix)
    if unit_diagonal:
        triangle = triangle - np.diag(np.diag(triangle)) + np.eye(len(triangle), dtype=int)
    return solve(triangle.T if trans in (1, 2, "T", "C") else triangle, right)


NUMPY_LINALG = {"norm": norm, "inv": inv, "solve": solve, "det": det, "slogdet": slogdet, "cholesky": cholesky}
SCIPY_LINALG = {
    "norm": norm,
    "inv": inv,
    "solve": solve,
    "det": det,
    "cholesky": scipy_cholesky,
    "cho_factor": cho_factor,
    "cho_solve": cho_solve,
    "solve_triangular": solve_triangular,
}
