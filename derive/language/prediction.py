"""What `model.predict` is asked for."""

from __future__ import annotations

from typing import Any

from derive.errors import ModelError, Source
from derive.language.axes import Array, nameless
from derive.language.entries import Argmax
from derive.language.statements import check_given
from derive.language.surface import lift, lift_relation, raised
from derive.regions.shapes import Asked, Draft
from derive.system import accesses
from derive.values.affine import Affine, Index
from derive.values.nodes import Access, Expr
from derive.values.text import render_expr


def opened_value(value: Expr, source: Source, axes: tuple[Index, ...] = ()) -> Draft:
    """A value that is no equation, with the letters of its axes."""
    check_given(value)
    return Draft(Access("?", tuple(map(Affine.of, axes))), value, {}, source)


def _value(stated: Any) -> Array:
    try:
        return raised(stated)
    except TypeError as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{stated!r} is not a value of an equation", fix="model.predict(z[i])") from None


def asked(stated: Any, source: Source) -> Asked:
    """A value, a comparison with >, or the position of the largest entry. ModelError for a constant."""
    found = _asked(stated, source)
    if not accesses(found.draft.value):
        shown = render_expr(found.draft.value)
        raise ModelError(f"the prediction {shown} is the same for all data", fix="model.predict(z[i])")
    return found


def _asked(stated: Any, source: Source) -> Asked:
    if isinstance(stated, Argmax):
        axes = (*stated.rest, stated.index) if nameless(stated.index) else ()
        return Asked(opened_value(stated.value, source, axes), over=stated.index)
    if not getattr(stated, "is_Relational", False):
        array = _value(stated)
        return Asked(opened_value(array.node, source, array.letters))
    relation, array = lift_relation(stated), raised(stated.lhs)
    if relation.op != ">":
        raise ModelError("a prediction is cut with >", fix="model.predict(a[L, i, j] > cut)")
    return Asked(opened_value(array.node, source, array.letters), cut=lift(stated.rhs))
