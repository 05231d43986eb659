"""Sums, products, extremes, means: over indices, `Sum(w[k] ** 2, k)`, or the axes of whole arrays, `Sum(w ** 2)`."""

from __future__ import annotations

from typing import Any

import sympy

from derive.errors import ModelError
from derive.language.axes import Array, closed, opened, total
from derive.language.stated import bounds_of
from derive.language.surface import Formula, lift, owner_of, raised
from derive.values.binders import Extreme, multiplied
from derive.values.binders import Sum as SumNode
from derive.values.nodes import STOP, Call
from derive.values.symbols import IndexSymbol


def formula(value: Any, array: Array) -> Formula:
    """The value of the model that `value` belongs to."""
    return Formula(array.node, owner_of(value), array.axes, array.text)


def Sum(body: Any, *bounds: Any, axis: Any = None) -> Formula:
    """Sum over indices, outermost first, `Sum(w[l, j, k]**2, l, j, k)`, or over all entries of an array, `Sum(w**2)`.

    A bare index takes its range from where it stands; `(k, 1, n(l))` states it. Of an array `axis` takes one axis,
    counted from 0. Raises ModelError for a scalar without an index.
    """
    if bounds:
        ranges = bounds_of(bounds)
        return Formula(SumNode(lift(body), ranges), owner_of(body))
    array = raised(body)
    if not array.axes:
        raise ModelError("Sum needs the indices to sum over", fix="Sum(body, k)")
    return formula(body, total(array, axis))


def Product(body: Any, *bounds: Any, axis: Any = None) -> Formula:
    """Product over indices, outermost first, `Product(1 - q[i, k], k)`, or over all entries of an array, `Product(q)`.

    An empty range gives 1. Raises ModelError for a scalar without an index.
    """
    if bounds:
        ranges = bounds_of(bounds)
        return Formula(multiplied(lift(body), ranges), owner_of(body))
    array = raised(body)
    if not array.axes:
        raise ModelError("Product needs the indices to multiply over", fix="Product(body, k)")
    node, ranges, kept = opened(array, axis, "Product")
    return formula(body, closed(multiplied(node, ranges), kept, f"Product({array})"))


Prod = Product


def Max(value: Any, *rest: Any, axis: Any = None) -> Any:
    """The largest value over an index, `Max(z[i, k], k)`, over an axis, `Max(z, axis=1)`, or of several, `Max(0, z)`.

    The derivative goes to one place: the smallest index at which the maximum stands; of several values a number
    wins a tie, otherwise the one that is printed first.
    """
    return _extreme("max", sympy.Max, value, rest, axis)


def Min(value: Any, *rest: Any, axis: Any = None) -> Any:
    """The smallest value over an index or an axis, or the smaller of several values; ties as in `Max`."""
    return _extreme("min", sympy.Min, value, rest, axis)


def _extreme(op: str, several: Any, value: Any, rest: tuple[Any, ...], axis: Any) -> Any:
    over = [r[0] if isinstance(r, tuple) else r for r in rest]
    if not rest:
        array = raised(value)
        node, bounds, kept = opened(array, axis, several.__name__)
    elif all(isinstance(x, IndexSymbol) for x in over):
        node, bounds, kept = lift(value), bounds_of(rest), []
    else:
        return several(value, *rest)
    for bound in reversed(bounds):
        node = Extreme(op, node, (bound,))
    return formula(value, closed(node, kept, f"{several.__name__}({value})"))


def stop(value: Any) -> Formula:
    """The value as a constant: no derivative passes through it."""
    array = raised(value)
    return formula(value, Array(Call(STOP, (array.node,)), array.axes, f"stop({array})"))
