"""Functions of a matrix as implicit equations: their derivatives by its entries, each again such a function.

All follow from A A^-1 = 1, that is d(A^-1) = -A^-1 dA A^-1. A slope takes the function and the row and column of dA.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.values.affine import Affine
from derive.values.binders import MatrixFunction
from derive.values.nodes import MINUS_ONE, Expr, mul

Slope = Callable[..., Expr]


def inverse_by_matrix(of: MatrixFunction, row: Affine, column: Affine) -> Expr:
    """∂A^-1[p,q]/∂A[j,k] = -A^-1[p,j] A^-1[k,q]"""
    above, below = of.at
    return mul(MINUS_ONE, of.moved((above, row)), of.moved((column, below)))


def solution_by_matrix(of: MatrixFunction, row: Affine, column: Affine) -> Expr:
    """∂u[p]/∂A[j,k] = -A^-1[p,j] u[k]"""
    return mul(MINUS_ONE, inverse_at(of, of.at[0], row), of.moved((column,)))


def solution_by_right_side(of: MatrixFunction, row: Affine) -> Expr:
    """∂u[p]/∂b[j] = A^-1[p,j]"""
    return inverse_at(of, of.at[0], row)


def determinant_by_matrix(of: MatrixFunction, row: Affine, column: Affine) -> Expr:
    """∂det A/∂A[j,k] = det A A^-1[k,j]"""
    return mul(of, inverse_at(of, column, row))


def logarithm_by_matrix(of: MatrixFunction, row: Affine, column: Affine) -> Expr:
    """∂log|det A|/∂A[j,k] = A^-1[k,j]"""
    return inverse_at(of, column, row)


def inverse_at(of: MatrixFunction, row: Affine, column: Affine) -> MatrixFunction:
    """The entry of the inverse of the matrix that a function is taken of."""
    return MatrixFunction("inverse", of.bodies[:1], of.bounds, (row, column))


SLOPES: dict[str, tuple[Slope, ...]] = {
    "inverse": (inverse_by_matrix,),
    "solve": (solution_by_matrix, solution_by_right_side),
    "det": (determinant_by_matrix,),
    "logdet": (logarithm_by_matrix,),
}
