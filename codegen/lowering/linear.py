"""Functions of matrices as values of the array program: stacked arrays, as linear algebra takes them."""

from __future__ import annotations

from codegen.lowering.contract import merged, spread, turned
from codegen.lowering.gather import Lower
from codegen.lowering.scope import Scope
from codegen.program.array import Axes, Linear, Value, letters
from derive.errors import Refused
from derive.values.binders import MatrixFunction
from derive.values.text import render_expr


def lower_matrix_function(expr: MatrixFunction, scope: Scope, lower: Lower) -> Value:
    """Stacked matrices: axes on which the matrix depends in front, then rows and columns."""
    row, column = expr.bounds
    inside = scope.with_axes(expr.bounds)
    matrix, *sides = (lower(body, inside) for body in expr.bodies)
    if any(p.letter not in scope.axes for p in expr.at):
        raise Refused(f"{render_expr(expr)} is needed at single places")
    stack = _without(matrix.axes, (row, column))
    own = tuple(a for side in sides for a in _without(side.axes, (row, *stack)))
    stack, last = merged([stack, own[:-1]], scope.order), own[-1:]
    ends = ((row, column), (row, *last))
    args = tuple(
        spread(v, (*(a for a in stack if a.index in letters(v.axes)), *end))
        for v, end in zip((matrix, *sides), ends, strict=False)
    )
    places = tuple(scope.axes[p.letter] for p in expr.at if p.letter)
    return turned(Linear(expr.op, args, (*stack, *places, *last), stack, last), scope.order)


def _without(axes: Axes, others: Axes) -> Axes:
    return tuple(a for a in axes if a.index not in letters(others))
