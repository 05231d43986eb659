"""Formulas of functions, which are SymPy expressions, through the same printer as the equations."""

from __future__ import annotations

from typing import Any

from codegen.latex.names import letter
from codegen.latex.printer import Printer
from derive.errors import Source
from derive.system import Equation, System
from derive.values.algebra import from_sympy
from derive.values.facts import Facts
from derive.values.nodes import Access, Add, Argument, Expr, Mul, Number
from derive.values.text import split_sign
from derive.values.walks import transform


def node_of(value: Any) -> Expr:
    """Our node for a scalar formula of SymPy: numbers first, then terms with a plus sign."""
    return transform(from_sympy(value, {}, lambda expr: 0), _ordered)


def _ordered(expr: Expr) -> Expr:
    if isinstance(expr, Add):
        return Add(tuple(sorted(expr.terms, key=lambda t: (split_sign(t)[0], not isinstance(t, Number)))))
    if isinstance(expr, Mul):
        return Mul(tuple(sorted(expr.factors, key=lambda f: isinstance(f, Add))))
    return expr


def formula(value: Any) -> str:
    """The LaTeX of a scalar formula."""
    blank = Equation("J", Access("J"), (), Argument("J"), Source("", 0, ""))
    return Printer(System("", "", "", (), (), (), (), (), (), (), blank, Facts(), (), (), (), None)).expr(
        node_of(value)
    )


def symbol(name: str) -> str:
    """The LaTeX of a symbol of a formula."""
    return letter(name)
