"""Matrix form: the nodes, and the rules that make them. A vector is a column; a scalar has no letters.

A rule's docstring is its identity; `rules` of a finished form lists the rules that were used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from derive.values.affine import Affine, Index
from derive.values.binders import Bound, Functional
from derive.values.nodes import Access, Expr


class Matrix:
    """A matrix, a column or a scalar."""


@dataclass(frozen=True)
class Scalar(Matrix):
    """An index expression that no axis enters."""

    of: Expr


@dataclass(frozen=True)
class Entries(Matrix):
    """All entries of a tensor over the letters `axes`; for an opaque functional its value, or its gradient."""

    of: Access | Functional
    axes: tuple[Index, ...]


@dataclass(frozen=True)
class Ones(Matrix):
    """A column of ones, or a matrix of ones with `cols` columns."""

    count: Affine
    cols: Affine | None = None


@dataclass(frozen=True)
class Identity(Matrix):
    """The identity matrix."""

    count: Affine


@dataclass(frozen=True)
class Transpose(Matrix):
    of: Matrix


@dataclass(frozen=True)
class Product(Matrix):
    """The matrix product."""

    left: Matrix
    right: Matrix


@dataclass(frozen=True)
class Hadamard(Matrix):
    """The product entry by entry of two or more."""

    parts: tuple[Matrix, ...]


@dataclass(frozen=True)
class Scaled(Matrix):
    """A scalar (without axes) times a matrix."""

    factor: Matrix
    of: Matrix


@dataclass(frozen=True)
class Plus(Matrix):
    terms: tuple[Matrix, ...]


@dataclass(frozen=True)
class Applied(Matrix):
    """A scalar function, differentiated `orders` times, entry by entry."""

    function: str
    orders: tuple[int, ...]
    args: tuple[Matrix, ...]


@dataclass(frozen=True)
class Raised(Matrix):
    """A power entry by entry."""

    of: Matrix
    exponent: Fraction


@dataclass(frozen=True)
class Diagonal(Matrix):
    """The diagonal matrix of a column."""

    of: Matrix


@dataclass(frozen=True)
class Series(Matrix):
    """A sum over letters that are no axes, such as layers."""

    bounds: tuple[Bound, ...]
    of: Matrix


@dataclass(frozen=True)
class Norm(Matrix):
    """The sum of the squares of all entries."""

    of: Matrix


def transpose(of: Matrix) -> Matrix:
    """A[c,r] = (A^T)[r,c]; (A B)^T = B^T A^T"""
    if isinstance(of, Product):
        return Product(transpose(of.right), transpose(of.left))
    return of.of if isinstance(of, Transpose) else of if isinstance(of, Diagonal) else Transpose(of)


def matrix_product(left: Matrix, right: Matrix) -> Matrix:
    """Sum_k A[r,k] B[k,c] = (A B)[r,c]"""
    return Product(left, right)


def scalar_product(left: Matrix, right: Matrix) -> Matrix:
    """Sum_k u[k] v[k] = u^T v"""
    return Product(transpose(left), right)


def outer_product(left: Matrix, right: Matrix) -> Matrix:
    """u[r] v[c] = (u v^T)[r,c]"""
    return Product(left, transpose(right))


def hadamard_product(*parts: Matrix) -> Matrix:
    """A[r,c] B[r,c] = (A o B)[r,c]"""
    return Hadamard(tuple(p for part in parts for p in (part.parts if isinstance(part, Hadamard) else (part,))))


def total(of: Matrix, count: Affine) -> Matrix:
    """Sum_k u[k] = 1^T u"""
    return Product(Transpose(Ones(count)), of)


def sum_with_ones(of: Matrix, count: Affine) -> Matrix:
    """Sum_k A[r,k] = (A 1)[r]"""
    return Product(of, Ones(count))


def broadcast_down(of: Matrix, count: Affine) -> Matrix:
    """v[c] = (1 v^T)[r,c]"""
    return Product(Ones(count), transpose(of))


def broadcast_across(of: Matrix, count: Affine) -> Matrix:
    """u[r] = (u 1^T)[r,c]"""
    return Product(of, Transpose(Ones(count)))


def row_scaling(column: Matrix, of: Matrix) -> Matrix:
    """u[r] A[r,c] = (diag(u) A)[r,c]"""
    return Product(Diagonal(column), of)


def column_scaling(of: Matrix, column: Matrix) -> Matrix:
    """A[r,c] v[c] = (A diag(v))[r,c]"""
    return Product(of, Diagonal(column))


def squared_norm(of: Matrix) -> Matrix:
    """Sum_{r,c} A[r,c]**2 = |A|**2"""
    return Norm(of)


def entrywise(function: str, orders: tuple[int, ...], args: tuple[Matrix, ...]) -> Matrix:
    """f(A[r,c]) = f(A)[r,c]"""
    return Applied(function, orders, args)


def identity_matrix(count: Affine) -> Matrix:
    """[r = c] = I[r,c]"""
    return Identity(count)


MATRIX_RULES: dict[str, Callable[..., Matrix]] = {
    rule.__name__: rule
    for rule in (
        transpose,
        matrix_product,
        scalar_product,
        outer_product,
        hadamard_product,
        total,
        sum_with_ones,
        broadcast_down,
        broadcast_across,
        row_scaling,
        column_scaling,
        squared_norm,
        entrywise,
        identity_matrix,
    )
}
