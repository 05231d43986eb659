"""Opaque functionals: callables of whole vectors that the user brings, and the largest entry of a row."""

from __future__ import annotations

from codegen.lowering.contract import merged, spread, turned
from codegen.lowering.gather import Lower, extreme
from codegen.lowering.rows import LARGEST
from codegen.lowering.scope import Scope
from codegen.program.array import Opaque, Value
from derive.errors import Refused
from derive.values.binders import Extreme, Functional
from derive.values.nodes import Count
from derive.values.text import render_expr


def opaque_name(name: str, by: tuple[int, ...]) -> str:
    """The name of a functional and of its derivatives: C, C_prime by the first argument, C_prime_2 by the second."""
    return name + "".join("_prime" + (f"_{k + 1}" if k else "") for k in by)


def lower_functional(expr: Functional, scope: Scope, lower: Lower) -> Value:
    """The largest entry of a row, or a callable on arrays whose last axis is the vector."""
    if expr.name == LARGEST:
        return extreme(Extreme("max", expr.bodies[0], expr.bounds), scope, lower)
    inside = scope.with_axes(expr.bounds)
    bodies = [lower(b, inside) for b in expr.bodies]
    outer = merged(
        [tuple(a for a in v.axes if a.index != b.index) for v, b in zip(bodies, expr.bounds, strict=True)], scope.order
    )
    args = [spread(v, (*outer, b)) for v, b in zip(bodies, expr.bounds, strict=True)]
    axes = outer
    for argument, position in expr.by:
        letter, bound = position.letter, expr.bounds[argument]
        if letter is None or letter not in scope.axes or not scope.facts.same(scope.axes[letter].hi, bound.hi):
            raise Refused(
                f"the derivative of {expr.name} at {render_expr(Count(position))} is needed as a whole vector"
            )
        axes = (*axes, scope.axes[letter])
    value: Value = Opaque(expr.name, tuple(k for k, _ in expr.by), tuple(args), axes)
    return turned(value, scope.order)
