"""Remainders of indices and sizes, which are constants of an equation."""

from __future__ import annotations

from fractions import Fraction

import sympy

from derive.errors import Refused
from derive.values.affine import Size
from derive.values.nodes import MINUS_ONE, Access, Add, Call, Count, Expr, Mul, Number, add, mul, number, power
from derive.values.walks import walk


def remainder(value: sympy.Mod, whole: Expr, divisor: Expr) -> Expr:
    """i mod n = i - n floor((i + 1/2)/n) of integers i and n >= 1: no rounding comes near to a jump."""
    if any(isinstance(node, Access) for node in walk(add(whole, divisor))):
        raise Refused(
            f"{value} is not supported: it jumps, and SymPy knows no derivative of it",
            fix=f"where the derivative 1 is meant: a - b*floor(a/b) with a, b = {value.args[0]}, {value.args[1]}",
        )
    size = isinstance(divisor, Count) and isinstance(divisor.of.alone, Size)
    positive = isinstance(divisor, Number) and divisor.value.denominator == 1 and divisor.value >= 1
    if not _is_integer(whole) or not (size or positive):
        raise Refused(
            f"{value} is not supported: a remainder is one of integers, by a positive number or by a size",
            fix=f"a - b*floor(a/b) with a, b = {value.args[0]}, {value.args[1]}",
        )
    ratio = mul(add(whole, number(Fraction(1, 2))), power(divisor, MINUS_ONE))
    return add(whole, mul(MINUS_ONE, divisor, Call("floor", (ratio,), (0,))))


def _is_integer(node: Expr) -> bool:
    """Is it made of indices, sizes and whole numbers by sums and products?"""
    if isinstance(node, Number):
        return node.value.denominator == 1
    return isinstance(node, Count) or (isinstance(node, (Add, Mul)) and all(map(_is_integer, node.children)))
