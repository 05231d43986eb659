"""From SymPy to expression nodes, one node for one node, and the workspace in which stable forms are built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import sympy
from sympy import Symbol

from codegen.program.special import BY_HEAD, REWRITES
from derive.scalar.charts import rational
from derive.values.nodes import Argument, Call, Constant, Expr, Number, add, mul, number, power
from derive.values.walks import walk

CALLS = {
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "Abs": "abs",
    "sign": "sign",
    "atan2": "arctan2",
    "floor": "floor",
    "ceiling": "ceiling",
} | {head: head for head in BY_HEAD}


@dataclass
class Workspace:
    """What one call of `stable` has built so far: helper values, and the names of the rules that fired."""

    z: Symbol
    taken: tuple[str, ...]
    lower: Callable[[sympy.Expr, Workspace], Expr]
    lets: list[tuple[str, Expr]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def let(self, letters: str, value: Expr) -> Argument:
        """The name of a helper value, the first free one of `letters`; equal values share their name."""
        for name, known in self.lets:
            if known == value:
                return Argument(name)
        used = (*self.taken, *(name for name, _ in self.lets))
        primed = (letter * count for count in range(1, 9) for letter in letters)
        name = next(name for name in primed if name not in used)
        self.lets.append((name, value))
        return Argument(name)


def call(name: str, *args: Expr) -> Call:
    """f(args), not differentiated."""
    return Call(name, args, (0,) * len(args))


def plain(formula: sympy.Expr, work: Workspace) -> Expr:
    """One node of SymPy as one of ours; its parts that hold the argument go through the rules again."""
    if formula.is_Rational:
        return Number(Fraction(int(formula.p), int(formula.q)))
    if formula.is_Float:
        return plain(rational(formula), work)
    if formula.is_NumberSymbol:
        return Constant(str(formula))
    if formula.is_Symbol:
        return Argument(formula.name)
    if formula.is_Add:
        return add(*(lowered(term, work) for term in written_terms(formula, work.z)))
    if formula.is_Mul:
        return mul(*(lowered(factor, work) for factor in formula.as_ordered_factors()))
    if formula.is_Pow:
        return plain_power(formula, work)
    return plain_call(formula, work)


def lowered(formula: sympy.Expr, work: Workspace) -> Expr:
    """Through the rules if the argument stands in it; a scalar as it is."""
    return work.lower(formula, work) if formula.has(work.z) else plain(formula, work)


def plain_power(formula: sympy.Expr, work: Workspace) -> Expr:
    """x^(1/2) is sqrt where x holds the argument; of scalars it stays a power, which Python keeps a Python float."""
    base, exponent = formula.as_base_exp()
    if isinstance(formula, sympy.exp):
        return call("exp", lowered(formula.args[0], work))
    inner = lowered(base, work)
    if formula.has(work.z) and exponent.is_Rational and exponent.q == 2:
        return power(call("sqrt", inner), number(int(exponent.p)))
    return power(inner, lowered(exponent, work))


def plain_call(formula: sympy.Expr, work: Workspace) -> Expr:
    """A function by its NumPy or SciPy name."""
    name = type(formula).__name__
    if name in ("Max", "Min"):
        args = sorted(formula.args, key=lambda arg: (not arg.has(work.z), sympy.default_sort_key(arg)))
        result = lowered(args[0], work)
        for arg in args[1:]:
            result = call("maximum" if name == "Max" else "minimum", result, lowered(arg, work))
        return result
    if name in REWRITES:
        return lowered(REWRITES[name](*formula.args), work)
    if name not in CALLS:
        raise ValueError(f"{formula}: {name} has no NumPy form")
    return call(CALLS[name], *(lowered(arg, work) for arg in formula.args))


def written_terms(formula: sympy.Expr, z: Symbol) -> list[sympy.Expr]:
    """Terms in reading order: constants first, powers ascending, and no leading minus if it can be helped."""
    terms = list(formula.as_ordered_terms())
    if formula.is_polynomial(z):
        terms = terms[::-1]
    terms.sort(key=lambda term: term.has(z))
    first = next((k for k, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
    return [terms[first], *terms[:first], *terms[first + 1 :]]


def polynomial(formula: sympy.Expr, letter: Symbol, value: Expr, work: Workspace) -> Expr:
    """A polynomial in `letter`, ascending, `value` put for the letter."""
    coefficients = sympy.Poly(formula, letter).all_coeffs()[::-1]
    return add(*(mul(plain(c, work), power(value, number(k))) for k, c in enumerate(coefficients) if c != 0))


def needed(value: Expr, lets: list[tuple[str, Expr]]) -> tuple[tuple[str, Expr], ...]:
    """The helper values that `value` uses, directly or through others, in order."""
    wanted = [value]
    kept: list[tuple[str, Expr]] = []
    for name, definition in reversed(lets):
        if any(node == Argument(name) for expr in wanted for node in walk(expr)):
            kept.insert(0, (name, definition))
            wanted.append(definition)
    return tuple(kept)
