"""The scalar functions of a model: their laws and derivatives, found once by SymPy and spoken in our nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy

from derive.errors import Refused
from derive.language.functions import Function
from derive.scalar.laws import Law, derivative, derive_law
from derive.system import System
from derive.values.algebra import from_sympy
from derive.values.nodes import Call, Expr
from derive.values.walks import walk

VALUE = sympy.Symbol("a", real=True)
Rank = Callable[[Expr], int]


@dataclass(frozen=True)
class Scalars:
    """For every function: its formula's derivative by each argument, and its law by the first, where there is one."""

    functions: tuple[Function, ...]
    laws: tuple[tuple[str, Law], ...]
    own: frozenset[str]

    def _function(self, call: Call) -> Function:
        """The function of that name and of so many arguments: Max takes any number."""
        named = [f for f in self.functions if f.name == call.function]
        return next(f for f in named if len(f.arguments) == len(call.args))

    def law(self, call: Call, value: Expr, rank: Rank) -> Expr | None:
        """f'(z) by the law of f, with `value` for f(z); None without a law."""
        found = dict(self.laws).get(call.function)
        if found is None or call.orders[0] != 1:
            return None
        arguments = self._function(call).arguments
        atoms = {_value_symbol(arguments): value, **dict(zip(arguments, call.args, strict=True))}
        return from_sympy(found.law, atoms, rank)

    def expanded(self, call: Call, rank: Rank) -> Expr | None:
        """The derivative by its formula, if that is rational or the function is one of SymPy's own; else None."""
        function = self._function(call)
        formula = function.formula
        if formula is None:
            return None
        for argument, order in zip(function.arguments, call.orders, strict=True):
            for _ in range(order):
                formula = _derivative(formula, argument, call.function)
        if call.function in self.own and not formula.is_rational_function(*function.arguments):
            return None
        return from_sympy(formula, dict(zip(function.arguments, call.args, strict=True)), rank)


def _derivative(formula: sympy.Expr, argument: sympy.Symbol, name: str) -> sympy.Expr:
    try:
        return derivative(formula, argument)
    except ValueError as error:
        raise Refused(f"{name} has no derivative that SymPy knows: {error}") from None


def _value_symbol(arguments: tuple[sympy.Symbol, ...]) -> sympy.Symbol:
    """The symbol of the function's value: `a`, primed while an argument has that name."""
    symbol = VALUE
    while symbol in arguments:
        symbol = sympy.Symbol(symbol.name + "'", real=True)
    return symbol


def scalars_of(system: System) -> Scalars:
    """Laws and derivatives of every function that the equations apply."""
    used: dict[tuple[str, int], Function] = {}
    for equation in (*system.equations, system.objective):
        for node in walk(equation.value):
            if isinstance(node, Call):
                used.setdefault((node.function, len(node.args)), system.function(node.function, len(node.args)))
    used.setdefault(("log", 1), system.function("log"))
    laws = []
    for (name, _), function in used.items():
        if function.formula is not None:
            found = derive_law(function.formula, function.arguments[0], _value_symbol(function.arguments))
            if found is not None:
                laws.append((name, found))
    return Scalars(tuple(used.values()), tuple(laws), frozenset(f.name for f in system.functions))
