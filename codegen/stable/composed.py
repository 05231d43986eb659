"""Composed scalar functions: what depends on one entry only becomes one function of it, which has one stable form."""

from __future__ import annotations

from fractions import Fraction

import sympy

from codegen.lowering.functions import differentiated
from codegen.program.special import BY_HEAD
from derive.errors import ModelError
from derive.system import System
from derive.values.binders import Binder
from derive.values.nodes import ONE, Access, Add, Bracket, Call, Choice, Constant, Count, Expr, Mul, Number, Pow
from derive.values.text import split_sign
from derive.values.walks import walk

GROWING = frozenset({"exp", "cosh", "sinh", "erf", "erfc"})  # erf: it cancels against 1


def factors_of(expr: Expr) -> tuple[Expr, ...]:
    """The factors of a product; anything else is its own factor."""
    return expr.factors if isinstance(expr, Mul) else (expr,)


def raised(factor: Expr) -> tuple[Expr, Expr]:
    """Base and exponent."""
    return (factor.base, factor.exponent) if isinstance(factor, Pow) else (factor, ONE)


def entry_of(expr: Expr) -> Access | None:
    """The only entry that a scalar expression depends on; None if there are more, or anything but scalar functions."""
    found: dict[str, Access] = {}
    for node in walk(expr):
        if isinstance(node, (Binder, Count, Bracket)) or (isinstance(node, Call) and any(node.orders)):
            return None
        if isinstance(node, Access):
            found[node.key] = node
    return next(iter(found.values())) if len(found) == 1 else None


def overflows(expr: Expr, above: bool = False) -> bool:
    """Does an exponential stand inside a sum, a power or another function?"""
    if isinstance(expr, Call) and expr.function in GROWING and above:
        return True
    inside = above or isinstance(expr, (Add, Pow, Call))
    own = isinstance(expr, Call) and expr.function in GROWING
    return any(overflows(c, above if own else inside) for c in expr.children)


def saturating(expr: Expr, own: frozenset[str]) -> bool:
    """Is it a sum, a quotient or a logarithm of functions that may saturate: the model's own, tanh, or a root?"""
    if isinstance(expr, Add) or (isinstance(expr, Call) and expr.function == "log"):
        inside = expr.children
    else:
        inside = tuple(f for f in factors_of(expr) if isinstance(f, Pow) and split_sign(f.exponent)[0])
    soft = [n for part in inside for n in walk(part) if isinstance(n, Call) and n.function in (*own, "tanh")]
    return bool(soft) or (isinstance(expr, Add) and any(is_root(n) for t in expr.terms for n in walk(t)))


def is_root(expr: Expr) -> bool:
    """Is it a square root?"""
    return isinstance(expr, Pow) and isinstance(expr.exponent, Number) and expr.exponent.value == Fraction(1, 2)


def formula_of(expr: Expr, entry: Expr, symbol: sympy.Symbol, system: System) -> sympy.Expr:
    """The expression as a SymPy formula of `symbol`, which stands for the entry. ValueError if a function has none."""

    def convert(part: Expr) -> sympy.Expr:
        if part == entry:
            return symbol
        if isinstance(part, Number):
            return sympy.Rational(part.value.numerator, part.value.denominator)
        if isinstance(part, Constant):
            return getattr(sympy, part.name)
        args = [convert(c) for c in part.children]
        if isinstance(part, Add):
            return sympy.Add(*args)
        if isinstance(part, Mul):
            return sympy.Mul(*args)
        if isinstance(part, Pow):
            return sympy.Pow(*args)
        if isinstance(part, Choice):
            pairs = [(convert(v), sympy.Rel(convert(c.left), convert(c.right), c.op)) for c, v in part.branches]
            return sympy.Piecewise(*pairs, (convert(part.otherwise), True))
        assert isinstance(part, Call), type(part).__name__
        if part.function in BY_HEAD and not hasattr(sympy, part.function):
            return sympy.Function(part.function)(*args)
        try:
            function = system.function(part.function, len(args))
        except ModelError as error:  # a function that was composed here before
            raise ValueError(str(error)) from error
        if function.formula is None:
            raise ValueError(f"{part.function} has no formula")
        formula = differentiated(part, function.arguments, function.formula)
        return formula.subs(dict(zip(function.arguments, args, strict=True)), simultaneous=True)

    return convert(expr)
