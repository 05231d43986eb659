"""Formulas of functions, which are SymPy expressions, through the same printer as the equations."""

from __future__ import annotations

from typing import Any

from codegen.latex import Printer
from codegen.latex_names import letter
from derive.errors import Source
from derive.expression import Access, Add, Argument, Expr, Mul, transform
from derive.facts import Facts
from derive.surface import Formula, lift
from derive.system import Equation, System
from derive.text import split_sign


class _Nobody:
    """The owner of formulas that belong to no model."""

    def register(self, function: Any) -> None:
        """Nothing is collected."""

    def state(self, target: Any, value: Any, source: Any) -> None:
        """Nothing is stated."""


def node_of(value: Any) -> Expr:
    """Our node for a scalar formula of SymPy, with its symbols as arguments; terms with a plus sign first."""
    owner = _Nobody()
    symbols = {s: Formula(Argument(s.name), owner) for s in sorted(value.free_symbols, key=str)}
    return transform(lift(value.xreplace(symbols)), _ordered)


def _ordered(expr: Expr) -> Expr:
    if isinstance(expr, Add):
        return Add(tuple(sorted(expr.terms, key=lambda t: split_sign(t)[0])))
    if isinstance(expr, Mul):
        return Mul(tuple(sorted(expr.factors, key=lambda f: isinstance(f, Add))))
    return expr


def formula(value: Any) -> str:
    """The LaTeX of a scalar formula."""
    blank = System(
        "",
        "",
        "",
        (),
        (),
        (),
        (),
        (),
        (),
        (),
        Equation("J", Access("J"), (), Argument("J"), Source("", 0, "")),
        Facts(),
        (),
        (),
        (),
        None,
    )
    return Printer(blank).expr(node_of(value))


def symbol(name: str) -> str:
    """The LaTeX of a symbol of a formula."""
    return letter(name)
