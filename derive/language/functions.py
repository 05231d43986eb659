"""Scalar functions, given by their formula only or left symbolic."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy

from derive.errors import ModelError, counted
from derive.language.axes import spread
from derive.language.surface import Formula, owner_of, raised
from derive.scalar.charts import rational
from derive.scalar.kinks import stepless
from derive.values.nodes import STOP, Call

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


VALUE = sympy.Symbol("z", real=True)


def checked_name(name: str, what: str = "name") -> str:
    """`name` if it may enter Python code and LaTeX; ModelError otherwise."""
    if not isinstance(name, str) or not NAME.match(name) or keyword.iskeyword(name):
        raise ModelError(
            f"{name!r} is no {what} that can stand in code",
            fix="letters, digits and underscores, starting with a letter, and no Python keyword",
        )
    return name


@dataclass(frozen=True)
class Function:
    """A scalar function: formal `arguments` and their `formula`, or None if it stays symbolic."""

    name: str
    arguments: tuple[sympy.Symbol, ...]
    formula: sympy.Expr | None
    latex: str = field(default="", compare=False)

    def __call__(self, *args: Any) -> Any:
        """f(z) of an entry of a model, or, on plain SymPy symbols, the formula itself."""
        return self._applied(args, (0,) * len(args))

    def prime(self, *args: Any, by: str = "") -> Any:
        """f'(z), or the derivative of f(z, s) by the argument called `by`: `f.prime(z[i], s, by="s")`."""
        names = [a.name for a in self.arguments]
        if by not in names and (by or len(names) > 1):
            shown = " or ".join(f'by="{n}"' for n in names)
            raise ModelError(f"{self.name} has {'no argument ' + by if by else 'several arguments'}", fix=shown)
        return self._applied(args, tuple(int(n == (by or n)) for n in names))

    def _applied(self, args: tuple[Any, ...], orders: tuple[int, ...]) -> Any:
        """The function of its arguments, differentiated so often by each of them."""
        if len(args) != len(self.arguments):
            wanted = counted(len(self.arguments), "argument", "arguments")
            raise ModelError(f"{self.name} takes {wanted}, not {len(args)}")
        whole = [a for a in map(sympy.sympify, args) if a.atoms(Formula)]
        if whole:
            owner = owner_of(*whole)
            owner.register(self)
            arrays = tuple(map(raised, args))
            axes = spread(arrays, owner.known_facts())
            call = Call(self.name, tuple(a.node for a in arrays), orders)
            name = self.name + "'" * sum(orders)
            return Formula(call, owner, axes, f"{name}({', '.join(map(str, arrays))})")
        formula = sympy.Function(self.name)(*self.arguments) if self.formula is None else self.formula
        for argument, order in zip(self.arguments, orders, strict=True):
            formula = formula.diff(argument, order)
        return formula.subs(dict(zip(self.arguments, args, strict=True)), simultaneous=True)


def function(name: str, formula: Callable[..., Any] | None = None, *, latex: str = "") -> Function:
    """A scalar function by its formula, `function("swish", lambda z: z / (1 + exp(-z)))`, or symbolic, `function("f")`.

    The names of the lambda's arguments are kept. Raises ModelError for a name that cannot stand in code, or a
    formula that uses anything but its arguments.
    """
    checked_name(name, "function name")
    names = tuple(inspect.signature(formula).parameters) if formula else ("z",)
    arguments = tuple(sympy.Symbol(checked_name(n, "argument name"), real=True) for n in names)
    if formula is None:
        return Function(name, arguments, None, latex)
    made = formula(*arguments)
    if made is None:
        raise ModelError(f"the formula of {name} gives no value", fix="a function written with def must return it")
    value = stepless(rational(sympy.sympify(made)))
    _check_formula(name, arguments, value)
    return Function(name, arguments, value, latex)


def _check_formula(name: str, arguments: tuple[sympy.Symbol, ...], value: Any) -> None:
    if not isinstance(value, sympy.Expr):
        raise ModelError(f"the formula of {name} is {value}, which is not a scalar expression")
    strange = sorted(map(str, value.free_symbols - set(arguments)))
    if strange or value.has(Formula):
        raise ModelError(
            f"the formula of {name} uses {', '.join(strange) or 'entries of a model'}",
            fix=f"make it an argument: function({name!r}, lambda z, {strange[0] if strange else 'p'}: ...)",
        )


def elementary(name: str, count: int = 1) -> Function:
    """The SymPy function of that name as a Function, `exp` or `Max`."""
    if name == STOP:
        return Function(STOP, (VALUE,), VALUE)
    head = getattr(sympy, name, None)
    if head is None:
        raise ModelError(f"{name} is neither a function of the model nor of SymPy")
    arguments = tuple(
        sympy.Symbol(n, real=True) for n in (("z",) if count == 1 else [f"z{k + 1}" for k in range(count)])
    )
    return Function(name, arguments, head(*arguments, evaluate=False) if count > 1 else head(*arguments))
