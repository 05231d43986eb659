"""Functions of a whole row, written out in index notation: an equation sees the formula, not the name."""

from __future__ import annotations

from typing import Any

from derive.errors import ModelError
from derive.language.axes import Array, closed, opened
from derive.language.sums import formula
from derive.language.surface import Formula, lift, raised
from derive.regions.unknown import UNKNOWN, range_of
from derive.values.affine import Affine, Index
from derive.values.binders import Bound, Sum
from derive.values.nodes import MINUS_ONE, Call, Expr, mul, power
from derive.values.symbols import IndexSymbol


def softmax(value: Any, index: IndexSymbol | None = None, *, axis: int = -1) -> Formula:
    """exp(z[j]) / Sum_k exp(z[k]), over the range of `index`, which must stand in the entry, or over an axis."""
    if index is not None:
        node = _entry("softmax", value, index)
        return formula(value, Array(_normalised(node, _row_sum(node, index, range_of(Index(index.name))))))
    array = raised(value)
    node, bounds, _ = opened(array, axis, "softmax")
    total = Sum(Call("exp", (node,)), bounds)
    return formula(value, Array(_normalised(array.node, total), array.axes, f"softmax({array})"))


def logsumexp(value: Any, index: IndexSymbol | None = None, *, axis: int = -1) -> Formula:
    """log Sum_k exp(z[k]), over `index`, which must stand in the entry, or over an axis of an array."""
    if index is not None:
        return formula(value, Array(Call("log", (_row_sum(_entry("logsumexp", value, index), index, UNKNOWN),))))
    array = raised(value)
    node, bounds, kept = opened(array, axis, "logsumexp")
    return formula(value, closed(Call("log", (Sum(Call("exp", (node,)), bounds),)), kept, f"logsumexp({array})"))


def _normalised(node: Expr, total: Expr) -> Expr:
    return mul(Call("exp", (node,)), power(total, MINUS_ONE))


def _entry(what: str, value: Any, index: Any) -> Expr:
    """The entry, in which the index must stand."""
    if not isinstance(index, IndexSymbol):
        raise ModelError(f"{index} is not an index", fix=f"{what}(z, axis={index})")
    node = lift(value)
    if Index(index.name) not in node.letters:
        raise ModelError(f"index {index} does not stand in the entry", fix=f"{what}(z[L, i, {index}], {index})")
    return node


def _row_sum(node: Expr, index: IndexSymbol, end: Affine) -> Expr:
    """Sum_k exp(z[k]) for the entry z[j]."""
    letter, other = Index(index.name), Index(index.name + "'")
    return Sum(Call("exp", (node.replaced({letter: Affine.of(other)}),)), (Bound(other, end, end),))
