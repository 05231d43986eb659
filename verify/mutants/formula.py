"""Numbers that remember their formula, so that two codes can be shown to compute the same one.

A formula is a sum of monomials with rational coefficients, in atoms: what is given, functions of formulas, and sums
inside products. Its terms and factors are ordered, so equal formulas are equal tuples; nothing is expanded.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from verify.numbers import integer_power
from verify.shadow import FUNCTIONS, Shadow, like

Monomial = tuple[tuple[int, int], ...]
Formula = tuple[tuple[Monomial, Fraction], ...]
Answer = tuple[Formula, bool, bool | None]
ONE: Monomial = ()
POSITIVE = ("exp", "sqrt", "cosh")
RISING = ("log1p", "expm1", "tanh", "sinh", "arctan", "arcsinh")  # with f(0) = 0


class Unproved(Exception):
    """What a formula cannot say."""


class Formulas:
    """The atoms by number, and which way every comparison went."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.atoms: list[Any] = []
        self.decided: set[Answer] = set()

    def atom(self, key: Any) -> Formula:
        """The formula that is one atom."""
        if key not in self.numbers:
            self.numbers[key] = len(self.atoms)
            self.atoms.append(key)
        return ((((self.numbers[key], 1),), Fraction(1)),)

    def plus(self, *formulas: Formula) -> Formula:
        """The sum."""
        total: dict[Monomial, Fraction] = {}
        for formula in formulas:
            for monomial, count in formula:
                total[monomial] = total.get(monomial, Fraction(0)) + count
        return tuple(sorted((m, c) for m, c in total.items() if c))

    def times(self, left: Formula, right: Formula) -> Formula:
        """The product; a sum inside it becomes an atom, unless it is only scaled."""
        for one, other in ((left, right), (right, left)):
            if not one:
                return ()
            if one[0][0] == ONE and len(one) == 1:
                return tuple((m, c * one[0][1]) for m, c in other)
        (mine, a), (theirs, b) = self.single(left), self.single(right)
        return self.opened(merged(mine, theirs), a * b)

    def power(self, base: Formula, exponent: int) -> Formula:
        """The power with an integer exponent."""
        if exponent == 0:
            return constant(1)
        if not base:
            raise Unproved("a power of 0")
        monomial, count = self.single(base)
        return self.opened(tuple((a, p * exponent) for a, p in monomial), count**exponent)

    def single(self, formula: Formula) -> tuple[Monomial, Fraction]:
        """The formula as one monomial: what all its terms share, times the sum that is left."""
        if len(formula) == 1:
            return formula[0]
        shared = dict(formula[0][0])
        for monomial, _ in formula[1:]:
            powers = dict(monomial)
            shared = {a: min(shared.get(a, 0), powers.get(a, 0)) for a in {*shared, *powers}}
        common = tuple(sorted((a, p) for a, p in shared.items() if p))
        away = tuple((a, -p) for a, p in common)
        rest = tuple(sorted((merged(m, away), c) for m, c in formula))
        lead = rest[0][1]
        (atom,) = self.atom(("sum", tuple((m, c / lead) for m, c in rest)))[0][0]
        return merged(common, (atom,)), lead

    def exponential(self, formula: Formula) -> Formula:
        """The exponential: exp(c u + v) = exp(u)^c exp(v) for integers c, exp(log u) = u."""
        found = constant(1)
        for monomial, count in formula:
            power = count.numerator
            term: Formula = ((monomial, Fraction(1, count.denominator)),)
            kind, *inside = self.atoms[monomial[0][0]] if len(monomial) == 1 and monomial[0][1] == 1 else ("",)
            undone = kind == "log" and count.denominator == 1
            found = self.times(found, self.power(inside[0] if undone else self.atom(("exp", term)), power))
        return found

    def logarithm(self, formula: Formula) -> Formula:
        """The logarithm: log(u^n v) = n log u + log v for positive u, log(exp u) = u."""
        if not formula:
            raise Unproved("the logarithm of 0")
        monomial, count = self.single(formula)
        found: list[Formula] = []
        left: list[tuple[int, int]] = []
        for atom, power in monomial:
            kind, *inside = self.atoms[atom]
            if kind == "exp":
                found.append(tuple((m, c * power) for m, c in inside[0]))
            elif self.atom_never_negative(atom):
                found.append(self.times(constant(power), self.atom(("log", self.opened(((atom, 1),), Fraction(1))))))
            else:
                left.append((atom, power))
        if count > 0:
            found += [self.atom(("log", constant(count)))] if count != 1 else []
            rest = self.opened(tuple(left), Fraction(1)) if left else ()
        else:
            rest = self.opened(tuple(left), count)
        return self.plus(*found, *([self.atom(("log", rest))] if rest else []))

    def opened(self, monomial: Monomial, count: Fraction) -> Formula:
        """The monomial as a formula; a sum that stands alone is no atom."""
        if len(monomial) == 1 and monomial[0][1] == 1 and self.atoms[monomial[0][0]][0] == "sum":
            return tuple((m, c * count) for m, c in self.atoms[monomial[0][0]][1])
        return ((monomial, count),)

    def never_negative(self, formula: Formula) -> bool:
        """Is it at least 0 by its form?"""
        return all(c > 0 and all(p % 2 == 0 or self.atom_never_negative(a) for a, p in m) for m, c in formula)

    def atom_never_negative(self, number: int) -> bool:
        """Is an atom at least 0 by its form?"""
        kind, *inside = self.atoms[number]
        return kind in POSITIVE or (kind in ("sum", *RISING) and self.never_negative(inside[0]))

    def decide(self, formula: Formula, ball: arb, tie: bool | None = None) -> bool:
        """Is the number negative? Kept, with what holds where it is 0, unless the form alone says it."""
        if tie is None and (not formula or self.never_negative(formula)):
            return False
        if tie is None and self.never_negative(times_number(formula, -1)):
            return True
        if not (ball < 0 or ball > 0):
            raise Unproved("a comparison of equal numbers")
        negative = bool(ball < 0)
        lead = formula[0][1]
        if formula[0][0] != ONE or len(formula) > 1:
            turned = lead < 0
            form = tuple((m, c / lead) for m, c in formula)
            self.decided.add((form, negative != turned, None if tie is None else tie != turned))
        return negative


def constant(value: int | Fraction) -> Formula:
    """The formula of a rational."""
    return ((ONE, Fraction(value)),) if value else ()


def times_number(formula: Formula, by: int) -> Formula:
    """The formula times an integer that is not 0."""
    return tuple((m, c * by) for m, c in formula)


def merged(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted((a, p) for a, p in powers.items() if p))


class Known(Shadow):
    """A ball with the formula that led to it."""

    __slots__ = ("formula", "formulas")

    def __init__(self, ball: arb, formula: Formula, formulas: Formulas) -> None:
        super().__init__(ball, 0.0)
        self.formula, self.formulas = formula, formulas

    def settled(self) -> arb:
        return self.ball

    def rounded(self, ball: arb, units: float = 1, scale: float = 0.0) -> Shadow:
        raise Unproved("a function without a formula")

    def called(self, name: str, args: tuple[Shadow, ...], ball: arb, units: float, scale: float = 0.0) -> Shadow:
        lifted = [self.lifted(arg) for arg in args]
        return self.made(ball, self.formulas.atom((name, *(arg.formula for arg in lifted if arg))))

    def lifted(self, other: Any) -> Known | None:
        """Another number with its formula."""
        if isinstance(other, Known):
            return other
        theirs = like(other, Shadow(self.ball, 0.0))
        if theirs is None:
            return None
        return Known(theirs.ball, constant(rational(other, theirs.ball)), self.formulas)

    def made(self, ball: arb, formula: Formula) -> Known:
        return Known(ball, formula, self.formulas)

    def __add__(self, other: Any) -> Any:
        theirs = self.lifted(other)
        if theirs is None:
            return NotImplemented
        return self.made(self.ball + theirs.ball, self.formulas.plus(self.formula, theirs.formula))

    def __neg__(self) -> Known:
        return self.made(-self.ball, times_number(self.formula, -1))

    def __sub__(self, other: Any) -> Any:
        theirs = self.lifted(other)
        return NotImplemented if theirs is None else self + -theirs

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        theirs = self.lifted(other)
        if theirs is None:
            return NotImplemented
        return self.made(self.ball * theirs.ball, self.formulas.times(self.formula, theirs.formula))

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, (int, np.integer)):
            return self.made(integer_power(self.ball, int(other)), self.formulas.power(self.formula, int(other)))
        theirs = self.lifted(other)
        if theirs is None:
            return NotImplemented
        return self.made(self.ball**theirs.ball, self.formulas.atom(("power", self.formula, theirs.formula)))

    def __truediv__(self, other: Any) -> Any:
        theirs = self.lifted(other)
        return NotImplemented if theirs is None else self * theirs**-1

    def __rtruediv__(self, other: Any) -> Any:
        return self**-1 * other

    def __rpow__(self, other: Any) -> Any:
        theirs = self.lifted(other)
        return NotImplemented if theirs is None else theirs**self

    def __abs__(self) -> Known:
        return -self if self.formulas.decide(self.formula, self.ball) else self

    def compare(
        self, other: Any, yes: Callable[[arb, arb], bool], no: Callable[[arb, arb], bool], if_equal: bool
    ) -> bool:
        gap = self - other
        if gap is NotImplemented:
            raise TypeError(f"a ball is compared with {other!r}")
        if not gap.formula:
            return if_equal
        if self.formulas.never_negative(times_number(gap.formula, -1)) and if_equal == yes(arb(-1), arb(0)):
            return if_equal
        if self.formulas.never_negative(gap.formula) and if_equal == yes(arb(1), arb(0)):
            return if_equal
        negative = self.formulas.decide(gap.formula, gap.ball, if_equal == yes(arb(-1), arb(0)))
        return yes(arb(-1), arb(0)) if negative else yes(arb(1), arb(0))

    def arctan2(self, other: Any) -> Any:
        raise Unproved("atan2 has no formula here")

    def __floor__(self) -> Shadow:
        raise Unproved("a step")

    __ceil__ = __floor__

    def elementary(self, name: str) -> Shadow:
        if name == "rint":
            raise Unproved("a step")
        rule = {"exp": self.formulas.exponential, "log": self.formulas.logarithm}.get(name)
        formula = rule(self.formula) if rule else self.formulas.atom((name, self.formula))
        return self.made(getattr(self.ball, FUNCTIONS[name])(), formula)


def rational(value: Any, ball: arb) -> Fraction:
    """The exact value of a plain number."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, (float, np.floating)):
        return Fraction(repr(float(value)))
    if not ball.is_exact():
        raise Unproved("a number that is no rational")
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
