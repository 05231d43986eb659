"""Balls that travel through NumPy code, and know how far floats may stray.

A `Shadow` is an element of an object array. With `unit` 0 it is an exact ball, and the unchanged code computes an
enclosure of its own exact result. With the unit roundoff of a float type, every operation widens the ball by what
that type may round: the result bounds the error of the same code on floats, in any order of summation. What a ball
cannot decide raises `Undecided`; a conversion to float raises too, so no ball is lost silently.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from fractions import Fraction
from functools import cache
from math import isfinite, ulp
from typing import Any

import numpy as np
from flint import arb, fmpq

from verify.numbers import Undecided, integer_power

FUNCTION_UNITS = 8  # 4 ulp of error in an elementary function are at most 8 unit roundoffs
SPECIAL_UNITS = 128  # SciPy states no bound: 64 ulp is more than its own tests allow where models live
UNITS = {"float64": 2.0**-53, "float32": 2.0**-24}
TINY = {"float64": 2.0**-1022, "float32": 2.0**-126, "exact": 0.0}
LIMIT = 1 + 2.0**-20
TINIEST = {unit: arb(0, TINY[name] * LIMIT) for name, unit in UNITS.items()}
LONG = 16  # digits of a float that was computed or rounded, not written


class Ties:
    """What comparisons give, in their order: those of exact balls are kept for wide ones that cannot be decided.

    `answer` says what an undecided one gives, from the number of its two balls among those that cannot be told apart
    and from what exact balls gave there: the same two numbers compare alike everywhere. `equal` makes numbers equal
    that exact balls cannot tell apart.
    """

    def __init__(
        self,
        kept: list[bool] | None = None,
        answer: Callable[[int, bool], bool] | None = None,
        equal: bool = False,
    ) -> None:
        self.kept, self.answer, self.equal = kept, answer, equal
        self.seen: list[bool] = []
        self.undecided: dict[str, int] = {}

    def decide(self, found: bool | None, left: arb, right: arb, if_equal: bool) -> bool | None:
        """The answer to the next comparison, which gives `if_equal` for equal numbers."""
        if found is None and self.equal:
            found = if_equal
        if found is None and self.kept is not None and len(self.seen) < len(self.kept):
            found = self.kept[len(self.seen)]
            number = self.undecided.setdefault(f"{left} {right}", len(self.undecided))
            found = self.answer(number, found) if self.answer else found
        if found is not None:
            self.seen.append(found)
        return found

    def __enter__(self) -> Ties:
        self.token = TIES.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        TIES.reset(self.token)


TIES: ContextVar[Ties | None] = ContextVar("TIES", default=None)


@cache
def about(middle: int, radius: float) -> arb:
    """A ball of a radius, which is rounded upwards."""
    return arb(middle, radius * LIMIT)


class Shadow:
    """A ball, and for a running sum of `count` terms the sum `mass` of their sizes, if there is more than one."""

    __slots__ = ("ball", "count", "mass", "unit")

    def __init__(self, ball: arb, unit: float, mass: arb | None = None, count: int = 1) -> None:
        self.ball, self.unit, self.mass, self.count = ball, unit, mass, count

    def settled(self) -> arb:
        """The ball with the rounding of the sum that led to it; infinity takes none."""
        if self.count == 1 or not self.unit or self.mass is None or not self.ball.is_finite():
            return self.ball
        return self.ball + self.mass * about(0, (self.count - 1) * self.unit)

    def rounded(self, ball: arb, units: float = 1, scale: float = 0.0) -> Shadow:
        """The result of one operation: `units` roundoffs wide, relative to `scale` at least, and for underflow."""
        unit = self.unit
        if not unit or ball.is_zero():
            return Shadow(ball, unit)
        if not scale:
            return Shadow(ball * about(1, units * unit) + TINIEST[unit], unit)
        return Shadow(ball + arb(0, units * unit * max(size(ball), scale) * LIMIT) + TINIEST[unit], unit)

    def called(self, name: str, args: tuple[Shadow, ...], ball: arb, units: float, scale: float = 0.0) -> Shadow:
        """The result of a function of some name, which has the value `ball`."""
        return self.rounded(ball, units, scale)

    def coarser(self, other: Shadow) -> Shadow:
        """The one whose arithmetic rounds more."""
        return self if self.unit >= other.unit else other

    def multiplied(
        self, made: list[Shadow], left: list[Shadow], right: list[Shadow], shape: tuple[int, int, int]
    ) -> list[Shadow] | None:
        """The entries of a product of matrices as balls of this kind, if these can be made as a whole."""
        return made if type(self) is Shadow else None

    def __add__(self, other: Any) -> Any:
        theirs = other if isinstance(other, Shadow) else like(other, self)
        if theirs is None:
            return NotImplemented
        unit = self.unit if self.unit >= theirs.unit else theirs.unit
        if not unit:
            return Shadow(self.ball + theirs.ball, unit)
        mine = abs(self.ball) if self.mass is None else self.mass
        mass = mine + (abs(theirs.ball) if theirs.mass is None else theirs.mass)
        return Shadow(self.ball + theirs.ball, unit, mass, self.count + theirs.count)

    def __neg__(self) -> Shadow:
        return Shadow(-self.ball, self.unit, self.mass, self.count)

    def __pos__(self) -> Shadow:
        return self

    def __sub__(self, other: Any) -> Any:
        if other is self:
            return Shadow(arb(0), self.unit)
        theirs = like(other, self)
        return NotImplemented if theirs is None else self + -theirs

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        theirs = other if isinstance(other, Shadow) else like(other, self)
        if theirs is None:
            return NotImplemented
        if not self.unit and not theirs.unit:
            return Shadow(self.ball * theirs.ball, 0.0)
        return self.coarser(theirs).rounded(self.settled() * theirs.settled())

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Any:
        theirs = like(other, self)
        if theirs is None:
            return NotImplemented
        return self.coarser(theirs).rounded(finite(self.settled() / theirs.settled(), "a quotient"))

    def __rtruediv__(self, other: Any) -> Any:
        theirs = like(other, self)
        return NotImplemented if theirs is None else theirs / self

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, (int, np.integer)):
            mine = self.settled()
            power = mine * mine if other == 2 else integer_power(mine, int(other))
            return self.rounded(finite(power, "a power"), abs(int(other)))
        theirs = like(other, self)
        return (
            NotImplemented
            if theirs is None
            else self.coarser(theirs).rounded(finite(self.settled() ** theirs.settled(), "a power"), FUNCTION_UNITS)
        )

    def __rpow__(self, other: Any) -> Any:
        theirs = like(other, self)
        return NotImplemented if theirs is None else theirs**self

    def __abs__(self) -> Shadow:
        return Shadow(abs(self.settled()), self.unit)

    def arctan2(self, other: Any) -> Any:
        theirs = like(other, self)
        return theirs and self.coarser(theirs).rounded(arb.atan2(self.settled(), theirs.settled()), FUNCTION_UNITS)

    def __floor__(self) -> Shadow:
        return Shadow(self.settled().floor(), self.unit)

    def __ceil__(self) -> Shadow:
        return Shadow(self.settled().ceil(), self.unit)

    def conjugate(self) -> Shadow:
        return self

    def __lt__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # NumPy compares entry by entry
        return self.compare(other, lambda a, b: a < b, lambda a, b: a >= b, False)

    def __le__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self.compare(other, lambda a, b: a <= b, lambda a, b: a > b, True)

    def __gt__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else not self <= other

    def __ge__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else not self < other

    def __eq__(self, other: object) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self.compare(
            other, lambda a, b: a.is_exact() and b.is_exact() and a == b, lambda a, b: not a.overlaps(b), True
        )

    def __ne__(self, other: object) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else not self == other

    def __hash__(self) -> int:
        raise TypeError("a ball has no hash: equal balls need not be equal numbers")

    def compare(
        self, other: Any, yes: Callable[[arb, arb], bool], no: Callable[[arb, arb], bool], if_equal: bool
    ) -> bool:
        """A comparison that the balls decide, or Undecided."""
        theirs = like(other, self)
        if theirs is None:
            raise TypeError(f"a ball is compared with {other!r}")
        mine, yours = self.settled(), theirs.settled()
        found = True if yes(mine, yours) else False if no(mine, yours) else None
        ties = TIES.get()
        found = found if ties is None else ties.decide(found, mine, yours, if_equal)
        if found is None:
            raise Undecided(f"{mine.str(10)} cannot be compared with {yours.str(10)}")
        return found

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __float__(self) -> float:
        raise TypeError("a ball would be turned into a float")

    @property
    def T(self) -> Shadow:
        """As NumPy's scalars, it is its own transpose, sum, mean and extreme."""
        return self

    def sum(self, *_: Any, **__: Any) -> Shadow:
        return self

    mean = max = min = prod = sum

    def __format__(self, spec: str) -> str:
        return format(float(self.settled().mid()), spec)

    def __repr__(self) -> str:
        return f"Shadow({self.settled().str(10)})"

    def elementary(self, name: str) -> Shadow:
        """An elementary function by NumPy's name."""
        return self.rounded(finite(getattr(self.settled(), FUNCTIONS[name])(), name), FUNCTION_UNITS)


FUNCTIONS = {
    name: name
    for name in (
        "exp",
        "log",
        "expm1",
        "log1p",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "rint",
    )
}
FUNCTIONS.update(arcsin="asin", arccos="acos", arctan="atan", arcsinh="asinh", arccosh="acosh", arctanh="atanh")


def called_by_name(name: str) -> Callable[[Shadow], Shadow]:
    """The method of a function: `np.exp` of an object array calls `.exp()` of its elements."""
    return lambda shadow: shadow.elementary(name)


for name in FUNCTIONS:
    setattr(Shadow, name, called_by_name(name))


def size(ball: arb) -> float:
    """An upper bound of |ball| as a float."""
    return float(ball.abs_upper()) * LIMIT


def finite(ball: arb, what: str) -> arb:
    """The ball; Undecided if it is unbounded."""
    if not ball.is_finite():
        raise Undecided(f"{what} is not bounded")
    return ball


def like(other: Any, shadow: Shadow) -> Shadow | None:
    """A number as a ball of the same kind; a float literal means the decimal that is written."""
    if isinstance(other, Shadow):
        return other
    if isinstance(other, (bool, int, np.bool_, np.integer)):
        return Shadow(arb(int(other)), shadow.unit)
    if isinstance(other, (float, np.floating)):
        return of_float(float(other), shadow.unit)
    if isinstance(other, arb):
        plain = Shadow(other, shadow.unit)
        return plain.rounded(other) if shadow.unit and other.is_finite() else plain
    return shadow_of(other, shadow.unit) if isinstance(other, Fraction) else None


def of_float(value: float, unit: float) -> Shadow:
    """A plain float: the decimal that is written, or, of sixteen digits and more, any number that rounds to it."""
    text = repr(value)
    if len(text.partition("e")[0].replace(".", "").strip("-0")) < LONG or not isfinite(value):
        return shadow_of(Fraction(text), unit)
    return Shadow(arb(value) + arb(0, ulp(value) / 2), unit)


def shadow_of(value: Fraction, unit: float) -> Shadow:
    """The ball of a rational; with a unit, of the float nearest to it."""
    ball = arb(fmpq(value.numerator, value.denominator))
    dyadic = value.denominator & (value.denominator - 1) == 0 and value.numerator.bit_length() <= 24
    return Shadow(ball, unit) if dyadic or not unit else Shadow(ball, unit).rounded(ball)


def shadows(values: Any, unit: float) -> Any:
    """An object array of balls from an object array of rationals, or from floats, which are rationals too."""
    made = np.empty(np.shape(values), dtype=object)
    plain = np.asarray(values)
    made.flat[:] = of_floats(plain, unit) if plain.dtype.kind == "f" else [shadow_of(v, unit) for v in plain.flat]
    return made


def of_floats(plain: Any, unit: float) -> list[Shadow]:
    """The balls of an array of floats, as `shadow_of` makes them of rationals."""
    made = [Shadow(arb(value), unit) for value in plain.ravel().tolist()]
    if not unit:
        return made
    dyadic = (np.ldexp(np.frexp(plain)[0], 24) % 1 == 0) & (abs(plain) < 2**24)
    return [ball if exact else ball.rounded(ball.ball) for ball, exact in zip(made, dyadic.ravel(), strict=True)]
