"""The scalar functions that a program calls: helpers with a formula, and callables that the user brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from codegen.lowering.elements import call_name
from codegen.lowering.functional import opaque_name
from codegen.lowering.scope import nodes
from codegen.program.array import ELEMENTARY
from codegen.program.program import Helper
from derive.errors import Refused, located
from derive.order.dependence import Statement
from derive.scalar.laws import derivative
from derive.system import System
from derive.values.binders import Functional
from derive.values.nodes import STOP, Call


def functions_of(
    system: System,
    statements: Sequence[Statement],
    composed: Mapping[str, Helper],
) -> tuple[tuple[Helper, ...], tuple[str, ...]]:
    """Helpers in order of first use, and the names of callables: symbolic functions and functionals."""
    helpers: dict[str, Helper] = {}
    callables: dict[str, None] = {}
    own = {f.name for f in system.functions}
    for statement in statements:
        for node in nodes(statement.value):
            if isinstance(node, Functional) and node.name in system.functionals:
                callables[opaque_name(node.name, tuple(k for k, _ in node.by))] = None
            if (
                not isinstance(node, Call)
                or node.function == STOP
                or (node.function in ELEMENTARY - own and not any(node.orders))
            ):
                continue
            name = call_name(node)
            if name in composed:
                helpers[name] = composed[name]
                continue
            function = system.function(node.function, len(node.args))
            if function.formula is None:
                callables[name] = None
            elif name not in helpers:
                with located(statement.source):
                    formula = differentiated(node, function.arguments, function.formula)
                helpers[name] = Helper(name, function.arguments, formula)
    return tuple(helpers.values()), tuple(callables)


def differentiated(call: Call, arguments: tuple[sympy.Symbol, ...], formula: sympy.Expr) -> sympy.Expr:
    """The formula, differentiated as often as the call says. Refused where SymPy cannot."""
    for argument, order in zip(arguments, call.orders, strict=True):
        for _ in range(order):
            try:
                formula = derivative(formula, argument)
            except ValueError as error:
                raise Refused(f"{call.function} has no derivative formula: {error}") from None
    return formula
