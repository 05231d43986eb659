"""Products over an index: along an axis, up to every place of an axis, and of all factors but one."""

from __future__ import annotations

from fractions import Fraction

from codegen.lowering.boxes import harmless, moving
from codegen.lowering.contract import elementwise
from codegen.lowering.gather import Lower, test
from codegen.lowering.scope import Scope, boxed, must_loop, outermost
from codegen.program.array import CHOICE, Cumulative, Length, Literal, Reduce, Total, Value, letters
from derive.values.binders import Bound, Product, spared


def lower_product(expr: Product, scope: Scope, lower: Lower) -> Value:
    """prod_k f(k) along an axis; a letter that cannot be an axis is a loop."""
    (bound,) = expr.bounds
    if outermost(expr.bounds, must_loop(expr.body, expr.bounds, scope)) is not None:
        return Total(bound, lower(expr.body, scope.with_loop(bound)), "*")
    running = running_product(expr, scope, lower)
    if running is not None:
        return running
    bounds, conditions = boxed(expr.bounds, scope)
    inside = scope.with_axes(bounds)
    value = lower(expr.body, inside)
    for condition in conditions:
        holds = test(condition, inside, lower)
        value = elementwise(CHOICE, (holds, harmless(holds, value), Literal(Fraction(1))), scope.order)
    if bound.index in letters(value.axes):
        return Reduce("*", value, (bound.index,))
    return elementwise("**", (value, Length(bound.hi - bound.lo + 1)), scope.order)


def running_product(expr: Product, scope: Scope, lower: Lower) -> Value | None:
    """prod_{k != p} f(k), or prod_{k <= p} f(k), for all p of an axis that f does not have."""
    (bound,), (body, places) = expr.bounds, spared(expr)
    for letter, op in ((places[0].letter if len(places) == 1 else None, "others"), (bound.hi.letter, "*")):
        axis = scope.axes.get(letter) if letter else None
        if axis is None or letter in body.letters or (op == "*" and places) or moving(axis):
            continue
        whole = Bound(bound.index, axis.lo, axis.hi)
        if whole.lo == bound.lo and (op == "*" or whole.hi == bound.hi):
            value = lower(body, scope.with_axes((whole,)))
            if bound.index in letters(value.axes):
                return Cumulative(value, bound.index, axis, op=op)
    return None
