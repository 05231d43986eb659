"""Functions of whole arrays. Each becomes the sum that it abbreviates; axes count from 0, the last one is -1."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from derive.errors import ModelError
from derive.language.axes import (
    Array,
    Axis,
    axis_letters,
    bound_letter,
    closed,
    entrywise,
    fix_of_sizes,
    opened,
    same,
    shapes,
    total,
)
from derive.language.owner import NOBODY
from derive.language.sums import formula
from derive.language.surface import Formula, lift_affine, owner_of, raised
from derive.regions.unknown import UNKNOWN
from derive.values.affine import Affine, indices
from derive.values.binders import Bound, summed
from derive.values.nodes import MINUS_ONE, Bracket, Count, Number, mul, power
from derive.values.nodes import number as constant


def norm2(value: Any) -> Formula:
    """The sum of the squares of all entries, Sum_ij a[i, j]^2: the square of `norm`. Raises ModelError for a scalar."""
    array = raised(value)
    squares = Array(power(array.node, constant(2)), array.axes, str(array))
    return formula(value, total(squares, None, "norm2"))


def norm(value: Any) -> Formula:
    """The root of the sum of the squares of all entries. Raises ModelError for a scalar."""
    square = raised(norm2(value))
    return formula(value, Array(power(square.node, Number(Fraction(1, 2))), (), f"norm({raised(value)})"))


def mean(value: Any, axis: Any = None) -> Formula:
    """The mean of all entries, or along one axis. ModelError for a scalar, or where the sizes are not known yet."""
    array = raised(value)
    _, bounds, _ = opened(array, axis, "mean")
    if any(b.hi == UNKNOWN for b in bounds):
        raise ModelError(
            f"nothing above says how many entries {array} has",
            fix="state the equations that define it first, or divide a Sum",
        )
    if any(indices(b.hi) or indices(b.lo) for b in bounds):
        raise ModelError(f"the rows of {array} differ in length", fix="divide a Sum by the number of entries")
    count = mul(*(Count(b.hi - b.lo + 1) for b in bounds))
    sum_ = total(array, axis, "mean")
    return formula(value, Array(mul(sum_.node, power(count, MINUS_ONE)), sum_.axes, sum_.text))


def trace(value: Any) -> Formula:
    """The sum over the diagonal of a square matrix, Sum_j a[j, j]. ModelError for anything else."""
    array = raised(value)
    axis = square_axis(value, array, "trace")
    letter = bound_letter(array.node)
    node = array.node.replaced(dict.fromkeys(array.letters, Affine.of(letter)))
    return formula(value, Array(summed(node, (Bound(letter, axis.lo, axis.hi),)), (), f"trace({array})"))


def diagonal(value: Any) -> Formula:
    """The vector a[j, j] of a square matrix. ModelError for anything else."""
    array = raised(value)
    axis, last = square_axis(value, array, "diagonal"), array.letters[-1]
    node = array.node.replaced({array.letters[0]: Affine.of(last)})
    return formula(value, closed(node, [(last, axis)], f"diagonal({array})"))


def square_axis(value: Any, array: Array, what: str, *, stack: bool = False) -> Axis:
    """The axis of the rows and columns of a square matrix, or of each in a stack. ModelError for anything else."""
    rank = len(array.axes)
    fits = rank == 2 or rank > 2 and stack
    facts = owner_of(value).known_facts()
    if not fits or not same(array.axes[-2], array.axes[-1], facts):
        fix = fix_of_sizes(array.axes[-2], array.axes[-1], facts) if fits else "slice it: A[l, :, :]"
        raise ModelError(f"{what} is of a square matrix: {shapes(array)}", fix=fix)
    one, two = array.axes[-2:]
    return one if one.known else two


def eye(size: Any) -> Formula:
    """The unit matrix with `size` rows, whose entry is the Kronecker delta [j = k]. Refused for what is no size."""
    axis = Axis(Affine.of(1), lift_affine(size))
    row, column = map(Affine.of, axis_letters(2))
    return Formula(Bracket("=", row, column), NOBODY, (axis, axis), f"eye({size})")


def inner(left: Any, right: Any) -> Formula:
    """The sum of the products of the entries of two arrays of one shape, Sum_k u[k] v[k]."""
    one, two = raised(left), raised(right)
    owner = owner_of(left, right)
    if len(one.axes) != len(two.axes):
        raise ModelError(f"inner is of two arrays of one shape: {shapes(one, two)}", fix="@ multiplies by a vector")
    both = entrywise(mul, one, two, owner.known_facts(), ", ")
    done = total(both, None, "inner")
    return Formula(done.node, owner, done.axes, done.text)


def outer(left: Any, right: Any) -> Formula:
    """The matrix of all products of the entries of two vectors, u[i] v[j]."""
    one, two = raised(left), raised(right)
    if len(one.axes) != 1 or len(two.axes) != 1:
        raise ModelError(f"outer is of two vectors: {shapes(one, two)}", fix="@ multiplies matrices")
    row = bound_letter(one.node, two.node)
    node = mul(one.node.replaced({one.letters[0]: Affine.of(row)}), two.node)
    done = closed(node, [(row, one.axes[0]), (two.letters[0], two.axes[0])], f"outer({one}, {two})")
    return Formula(done.node, owner_of(left, right), done.axes, done.text)
