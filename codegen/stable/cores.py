"""The core of a scalar expression: the one entry, or the one argument such as y z, that it is a function of."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from codegen.stable.composed import entry_of, factors_of, raised
from derive.values.binders import Binder, Functional
from derive.values.nodes import (
    MINUS_ONE,
    ONE,
    Access,
    Add,
    Argument,
    Bracket,
    Call,
    Choice,
    Constant,
    Count,
    Expr,
    Mul,
    Number,
    Partial,
    Pow,
    add,
    mul,
    power,
)
from derive.values.text import split_sign
from derive.values.walks import walk

HOLE = Argument("~core")
OTHER = (Access, Binder, Bracket, Count, Functional, Partial)


def core_of(expr: Expr) -> Expr | None:
    """The entry or the argument that all of a scalar expression depends on; None if there is no such."""
    entry = entry_of(expr)
    if entry is not None:
        return entry
    found: dict[tuple[str, ...], Expr] = {}
    for node in walk(expr):
        if isinstance(node, Call) and not any(isinstance(inner, Call) for a in node.args for inner in walk(a)):
            for arg in node.args:
                base = scaled(arg)[1]
                if any(isinstance(inner, Access) for inner in walk(base)):
                    found[letters_of(base)] = base
    if len(found) != 1:
        return None
    (core,) = found.values()
    if isinstance(core, Choice) or any(isinstance(node, OTHER) for node in walk(put(expr, core, HOLE))):
        return None
    return core


def scaled(expr: Expr) -> tuple[Expr, Expr, int]:
    """(c, b, n) for c b^n: -2 y z is -2 times y z, y^2 z^2/2 is half of (y z)^2, b - a is -1 times a - b."""
    if isinstance(expr, Add):
        negative = split_sign(expr.terms[0])[0]
        return (MINUS_ONE, add(*(mul(MINUS_ONE, t) for t in expr.terms)), 1) if negative else (ONE, expr, 1)
    powers: dict[Expr, Fraction] = {}
    constants: list[Expr] = []
    for factor in (f for whole in factors_of(expr) for f in opened(whole)):
        base, exponent = raised(factor)
        if is_constant(factor):
            constants.append(factor)
        elif isinstance(exponent, Number):
            powers[base] = powers.get(base, Fraction(0)) + exponent.value
        else:
            powers[factor] = powers.get(factor, Fraction(0)) + 1
    if any(e.denominator != 1 for e in powers.values()):
        return mul(*constants), mul(*(power(b, Number(e)) for b, e in powers.items())), 1
    shared = gcd(*(int(e) for e in powers.values())) or 1
    return mul(*constants), mul(*(power(b, Number(e / shared)) for b, e in powers.items())), shared


def opened(factor: Expr) -> list[Expr]:
    """(y z)^n = y^n z^n for an integer n"""
    base, exponent = raised(factor)
    if isinstance(base, Mul) and isinstance(exponent, Number) and exponent.value.denominator == 1:
        return [power(f, exponent) for f in base.factors]
    return [factor]


def is_constant(factor: Expr) -> bool:
    """A number, pi, or a power of such."""
    base, exponent = raised(factor)
    return isinstance(base, (Number, Constant)) and isinstance(exponent, Number)


def letters_of(expr: Expr) -> tuple[str, ...]:
    """What identifies a product whatever the order of its factors."""
    return tuple(sorted(f.key for f in factors_of(expr)))


def put(expr: Expr, core: Expr, value: Expr) -> Expr:
    """The expression with a value for its core, multiples of it included."""
    if expr == core:
        return value
    if isinstance(expr, (Mul, Add, Pow)) and not isinstance(core, Access):
        scale, base, count = scaled(expr)
        if letters_of(base) == letters_of(core):
            return mul(scale, power(value, Number(Fraction(count))))
    return expr.rebuild(tuple(put(c, core, value) for c in expr.children)) if expr.children else expr
