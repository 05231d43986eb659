"""Scalar functions on numbers: a SymPy formula is read node by node, derivatives come from dual numbers.

Kinks follow the stated conventions by themselves: a branch is chosen by the values, and the derivative is that of
the branch. relu'(0) = 0 and sign(0) = 0 because a constant wins a tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as with_default
from fractions import Fraction
from typing import Any

import sympy
from sympy.core.function import ArgumentIndexError

from codegen.program.special import REWRITES
from derive.scalar.kinks import ranked
from derive.scalar.laws import derivative
from derive.system import System
from derive.values.nodes import STOP
from verify.duals import Dual, chain, power, primal
from verify.numbers import Field, Number, Undecided

Env = dict[sympy.Symbol, Number]
BY_OTHERS = {name: REWRITES[name] for name in "acot asec acsc acoth asech acsch sinc factorial binomial".split()} | {
    "Heaviside": lambda u, at_zero: sympy.Piecewise((0, u < 0), (at_zero, sympy.Eq(u, 0)), (1, True))
}
COMPARISONS = {"<": (True, False), "<=": (True, True), ">": (False, False), ">=": (False, True)}


@dataclass(frozen=True)
class Formulas:
    """The functions of a system over one field."""

    system: System
    field: Field
    slopes: dict[tuple[str, int, int], tuple[tuple[sympy.Symbol, ...], sympy.Expr]] = with_default(default_factory=dict)
    formulas: dict[tuple[str, tuple[int, ...]], Any] = with_default(default_factory=dict)

    def call(self, name: str, args: tuple[Number, ...], orders: tuple[int, ...]) -> Number:
        """f^(orders)(args); dual arguments bring their derivatives along."""
        plain = tuple(primal(a) for a in args)
        if name == STOP:
            return self.field.rational(Fraction(0)) if any(orders) else plain[0]

        def slope(k: int) -> Number:
            return self.plain(name, plain, tuple(o + (q == k) for q, o in enumerate(orders)))

        return chain(self.plain(name, plain, orders), args, slope)

    def plain(self, name: str, args: tuple[Number, ...], orders: tuple[int, ...]) -> Number:
        """f^(orders) at numbers: the last differentiation by dual numbers, earlier ones by SymPy."""
        known = next((f for f in self.system.functions if f.name == name), None)
        if known is not None and known.formula is None:
            return self.field.unknown(name, args, orders)
        if not any(orders):
            return self.value(name, args, orders)
        last = max(k for k, order in enumerate(orders) if order)
        inner = tuple(o - (k == last) for k, o in enumerate(orders))
        token, one = object(), self.field.rational(Fraction(1))
        seeded = tuple(  # all arguments are dual: at a tie none of them counts as a constant
            Dual(a, {token: one} if k == last else {}) for k, a in enumerate(args)
        )
        result = self.value(name, seeded, inner)
        zero = self.field.rational(Fraction(0))
        return result.parts.get(token, zero) if isinstance(result, Dual) else zero

    def value(self, name: str, args: tuple[Number, ...], orders: tuple[int, ...]) -> Number:
        if (name, orders) not in self.formulas:
            self.formulas[name, orders] = self.formula(name, orders)
        arguments, formula = self.formulas[name, orders]
        return self.read(formula, dict(zip(arguments, args, strict=True)))

    def formula(self, name: str, orders: tuple[int, ...]) -> tuple[tuple[sympy.Symbol, ...], sympy.Expr]:
        function = self.system.function(name, len(orders))
        formula = function.formula
        for argument, order in zip(function.arguments, orders, strict=True):
            for _ in range(order):
                formula = derivative(formula, argument)
        return function.arguments, formula

    def read(self, formula: sympy.Expr, env: Env) -> Number:
        """The value of a SymPy formula."""
        if isinstance(formula, sympy.Symbol):
            return env[formula]
        if isinstance(formula, sympy.Rational):
            return self.field.rational(Fraction(int(formula.p), int(formula.q)))
        if isinstance(formula, sympy.Float):
            return self.field.rational(Fraction(str(formula)))
        if isinstance(formula, sympy.NumberSymbol):
            return self.field.constant(str(formula))
        if isinstance(formula, sympy.Piecewise):
            return self.read_piecewise(formula, env)
        parts = ranked(formula.args) if isinstance(formula, (sympy.Max, sympy.Min)) else formula.args
        args = tuple(self.read(part, env) for part in parts)
        if isinstance(formula, sympy.Add):
            return total(args)
        if isinstance(formula, sympy.Mul):
            return times(args)
        if isinstance(formula, sympy.Pow) and not isinstance(formula, sympy.exp):
            return power(self.field, *args)
        return self.elementary(type(formula).__name__, args)

    def read_piecewise(self, formula: sympy.Piecewise, env: Env) -> Number:
        for value, condition in formula.args:
            if self.holds(condition, env):
                return self.read(value, env)
        raise Undecided(f"no branch of {formula} holds")

    def holds(self, condition: Any, env: Env) -> bool:
        """Is a condition of SymPy true? Undecided if the numbers cannot tell."""
        if condition in (sympy.true, sympy.false):
            return bool(condition)
        if isinstance(condition, sympy.And):
            return all(self.holds(part, env) for part in condition.args)
        if isinstance(condition, sympy.Or):
            return any(self.holds(part, env) for part in condition.args)
        if isinstance(condition, sympy.Not):
            return not self.holds(condition.args[0], env)
        return self.compare(condition.rel_op, self.read(condition.lhs, env), self.read(condition.rhs, env))

    def compare(self, op: str, left: Number, right: Number) -> bool:
        """left op right, by the values."""
        left, right = primal(left), primal(right)
        if op in ("==", "!="):
            equal = not self.field.below(left, right) and not self.field.below(right, left)
            return equal == (op == "==")
        upward, reflexive = COMPARISONS[op]
        small, large = (left, right) if upward else (right, left)
        return not self.field.below(large, small) if reflexive else self.field.below(small, large)

    def elementary(self, name: str, args: tuple[Number, ...]) -> Number:
        """An elementary function of numbers or dual numbers."""
        if name in ("Max", "Min"):
            return self.extreme(name, args)
        if name in ("Abs", "sign"):
            return self.signed(name, args[0])
        if name in ("floor", "ceiling"):
            return self.field.elementary(name, (primal(args[0]),))
        if name in BY_OTHERS:
            symbols = tuple(sympy.Symbol(f"u{q}", real=True) for q in range(len(args)))
            written = BY_OTHERS[name](*symbols)
            return self.read(written, dict(zip(symbols, args, strict=True)))
        plain = tuple(primal(a) for a in args)
        return chain(self.field.elementary(name, plain), args, lambda k: self.slope(name, plain, k))

    def slope(self, name: str, args: tuple[Number, ...], k: int) -> Number:
        """The partial of an elementary function by argument k, by SymPy's rule for it."""
        key = name, len(args), k
        if key not in self.slopes:
            symbols = tuple(sympy.Symbol(f"u{q}", real=True) for q in range(len(args)))
            head = getattr(sympy, name)(*symbols)
            try:
                self.slopes[key] = symbols, head.fdiff(k + 1)
            except ArgumentIndexError:
                raise Undecided(f"{name} has no derivative by its argument {k + 1}") from None
        symbols, formula = self.slopes[key]
        return self.read(formula, dict(zip(symbols, args, strict=True)))

    def extreme(self, name: str, args: tuple[Number, ...]) -> Number:
        """Max or Min: a constant wins a tie, otherwise the first."""
        best, *others = sorted(args, key=lambda a: isinstance(a, Dual))
        for other in others:
            small, large = (best, other) if name == "Max" else (other, best)
            if self.field.below(primal(small), primal(large)):
                best = other
        return best

    def signed(self, name: str, arg: Number) -> Number:
        """|u| and sign(u), with |u|' = sign(u) and sign(0) = 0."""
        zero = self.field.rational(Fraction(0))
        sign = 1 if self.field.below(zero, primal(arg)) else -1 if self.field.below(primal(arg), zero) else 0
        return arg * sign if name == "Abs" else self.field.rational(Fraction(sign))


def total(terms: tuple[Number, ...]) -> Number:
    """Sum of one or more numbers."""
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def times(factors: tuple[Number, ...]) -> Number:
    """Product of one or more numbers."""
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result
