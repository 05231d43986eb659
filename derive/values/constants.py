"""Values that are seen to be no real numbers, or none that a computer holds, before any index is known."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from derive.errors import ModelError
from derive.values.algebra import size, to_sympy
from derive.values.binders import Binder
from derive.values.nodes import Add, Call, Expr, Number, Pow
from derive.values.text import render_expr
from derive.values.walks import walk

LARGEST, SMALLEST = Fraction(10) ** 37, Fraction(1, 10**37)  # float32 holds them
STEEPEST = 10_000  # the largest exponent
DEEPEST = 100  # functions inside functions
LOOKED_AT = 40  # nodes: larger values are not asked for their sign


def check_values(value: Expr) -> None:
    """ModelError for a constant out of range, a huge exponent, a division by 0, a value that is never real."""
    if _deeper(value, DEEPEST):
        raise ModelError(
            f"more than {DEEPEST} formulas stand inside one another", fix="name the inner ones: equations of variables"
        )
    for node in walk(value):
        if isinstance(node, Number):
            _check_number(node)
        elif isinstance(node, Pow):
            _check_power(node)
        if isinstance(node, (Call, Pow)):
            _check_real(node)


def _deeper(value: Expr, limit: int) -> bool:
    layer = [value]
    for _ in range(limit):
        layer = [child for node in layer for child in node.children]
    return bool(layer)


def _check_number(node: Number) -> None:
    if node.value and not SMALLEST <= abs(node.value) <= LARGEST:
        raise ModelError(
            f"the constant {float_text(node.value)} is out of the range of float32, 1e-37 to 1e+37",
            fix="measure the quantities in other units",
        )


def float_text(value: Fraction) -> str:
    """A number of any size with three digits, `1.00e+400`."""
    return f"{sympy.Float(sympy.Rational(value.numerator, value.denominator), 3)}".lower()


def _check_power(node: Pow) -> None:
    exponent = node.exponent
    if isinstance(exponent, Number) and abs(exponent.value) > STEEPEST:
        raise ModelError(f"the exponent {float_text(exponent.value)} is too large", fix=f"at most {STEEPEST}")
    if isinstance(node.base, Number) and not node.base.value:
        raise ModelError(f"{render_expr(node)} is 0, 1 or no number at all", fix="write the value that is meant")
    if isinstance(exponent, Number) and exponent.value < 0 and _vanishes(node.base):
        raise ModelError(
            f"division by 0: 1/({render_expr(node.base)})", fix="the divisor is 0 whatever its entries are"
        )


def _vanishes(base: Expr) -> bool:
    """Is this 0 at two places that were chosen without regard to it?"""
    if not isinstance(base, Add) or size(base) > LOOKED_AT:
        return False
    symbols: dict[Expr, sympy.Symbol] = {}
    value = to_sympy(base, symbols)
    return all(
        value.xreplace({s: sympy.Rational(3 + 7 * q, 5 + n) for n, s in enumerate(symbols.values())}) == 0
        for q in range(2)
    )


def _check_real(node: Call | Pow) -> None:
    """ModelError if SymPy knows that the value is not real, whatever the entries in it are."""
    if size(node) > LOOKED_AT or any(isinstance(part, Binder) for part in walk(node)):
        return
    head: Any = sympy.Pow if isinstance(node, Pow) else getattr(sympy, node.function, None)
    if not isinstance(head, (sympy.core.function.FunctionClass, type(sympy.Pow))) or any(getattr(node, "orders", ())):
        return
    symbols: dict[Expr, sympy.Symbol] = {}
    value = head(*(to_sympy(child, symbols) for child in node.children))
    if value is sympy.nan or value.is_finite is False or value.is_extended_real is False:
        where = "" if not (symbols or node.letters) else ", whatever its entries are"
        raise ModelError(f"{render_expr(node)} is not a real number{where}", fix="look at the domain of the function")
