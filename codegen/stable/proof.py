"""Proof of a rewrite: the built expression is read back into SymPy on each side of the cut and compared.

On one side of w = 0 every abs, sign, maximum, minimum and choice in a stable form is decided, and what is left
is rational in t = exp(w), or has a derivative that is.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Symbol
from sympy.polys.fields import field

from codegen.stable.plain import Workspace
from derive.scalar.charts import exponential_family, in_exponentials
from derive.values.nodes import Add, Argument, Call, Choice, Constant, Expr, Mul, Number, Pow, Relation

SYMPY = {
    "exp": sympy.exp,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log": sympy.log,
    "log1p": lambda x: sympy.log(1 + x),
    "sqrt": sympy.sqrt,
    "tanh": sympy.tanh,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
}


class NotProved(Exception):
    """A rewrite whose equality with the formula could not be shown; the caller leaves the formula as it is."""


@dataclass(frozen=True)
class Side:
    """Where an expression is read: the sign of `variable`, and whether it is within the unit distance of 0."""

    variable: Symbol
    sign: int
    near: bool

    def sign_of(self, x: sympy.Expr) -> int:
        """The sign of a multiple of the variable."""
        ratio = sympy.cancel(x / self.variable)
        if ratio.is_positive or ratio.is_negative:
            return self.sign if ratio.is_positive else -self.sign
        raise NotProved(f"sign of {x}")


def read(expr: Expr, side: Side, lets: dict[str, Expr], symbols: dict[str, Symbol]) -> sympy.Expr:
    """The expression in SymPy, as it is on that side."""

    def inner(part: Expr) -> sympy.Expr:
        return read(part, side, lets, symbols)

    if isinstance(expr, Number):
        return sympy.Rational(expr.value.numerator, expr.value.denominator)
    if isinstance(expr, Constant):
        return sympy.sympify(expr.name)
    if isinstance(expr, Argument):
        return symbols[expr.name] if expr.name in symbols else inner(lets[expr.name])
    if isinstance(expr, Add):
        return sympy.Add(*map(inner, expr.terms))
    if isinstance(expr, Mul):
        return sympy.Mul(*map(inner, expr.factors))
    if isinstance(expr, Pow):
        return inner(expr.base) ** inner(expr.exponent)
    if isinstance(expr, Choice):
        return inner(
            next((v for c, v in expr.branches if holds(c, side, inner(c.left), inner(c.right))), expr.otherwise)
        )
    assert isinstance(expr, Call)
    return read_call(expr.function, [inner(arg) for arg in expr.args], side)


def read_call(name: str, args: list[sympy.Expr], side: Side) -> sympy.Expr:
    """abs, sign, maximum and minimum decided; the others by their meaning."""
    if name == "abs":
        return args[0] * side.sign_of(args[0])
    if name == "sign":
        return sympy.Integer(side.sign_of(args[0]))
    if name in ("maximum", "minimum"):
        x, bound = args
        if abs(bound) == 1:  # a clamp to the neighbourhood of 0, read only where it does not bind
            if not side.near:
                raise NotProved("a clamp outside its neighbourhood")
            return x
        if bound != 0:
            raise NotProved(f"{name} with {bound}")
        return x if (side.sign_of(x) > 0) == (name == "maximum") else sympy.S.Zero
    if name not in SYMPY:
        raise NotProved(name)
    return SYMPY[name](args[0])


def holds(condition: Relation, side: Side, left: sympy.Expr, right: sympy.Expr) -> bool:
    """Whether a condition of a stable form, `w >= 0` or `|w| < 1`, holds on this side."""
    if condition.op == ">=" and right == 0:
        return side.sign_of(left) > 0
    if condition.op == "<" and right == 1:
        return side.near
    raise NotProved(condition.key)


def prove(source: sympy.Expr, variable: Symbol, built: Expr, work: Workspace, logarithmic: bool = False) -> None:
    """source = built on both sides of variable = 0, near and far; raises NotProved.

    Logarithmic: D = source - built has D' = 0, and D = 0 at variable = 0; both sides then have D = 0 throughout.
    """
    lets = dict(work.lets)
    symbols = {s.name: s for s in sorted(source.free_symbols, key=str)}
    bare = {s: Symbol(s.name) for s in (variable, work.z)}  # SymPy spends most of its time on assumptions
    symbols.update({s.name: s for s in bare.values()})
    source, variable = source.xreplace(bare), bare[variable]
    seen: dict[sympy.Expr, None] = {}
    for near in (False, True):
        for sign in (1, -1):
            seen[read(built, Side(variable, sign, near), lets, symbols)] = None
    for back in seen:
        difference = source - back
        if logarithmic:
            at_zero = sympy.expand_log(difference.subs(variable, 0), force=True, factor=True)
            if sympy.expand(at_zero) != 0:
                raise NotProved(f"{source} at 0")
            difference = difference.diff(variable)
        if not vanishes(difference, variable):
            raise NotProved(f"{source} = {back}")


def vanishes(difference: sympy.Expr, variable: Symbol) -> bool:
    """Whether a function rational in exponentials of the variable is 0."""
    difference = in_exponentials(difference, variable)
    if difference == 0:
        return True
    found = exponential_family((difference,), variable)
    ratio = difference if found is None else found[2][0]
    symbols, numbers = sorted(ratio.free_symbols, key=str), ratio.atoms(sympy.NumberSymbol, sympy.Pow, sympy.Function)
    if symbols and all(n.is_Pow and n.exp.is_Integer for n in numbers):
        return not field(symbols, sympy.QQ)[0].from_expr(ratio)  # a common denominator of many terms is long
    return bool(sympy.expand(ratio.as_numer_denom()[0]) == 0)
