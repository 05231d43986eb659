"""Kinds of numbers in which a model is evaluated: exact rationals with oracles, and balls.

A field supplies what `+ - * /` do not: constants, elementary functions, unknown functions, powers and decided
comparisons. The exact field answers a function's value by an *oracle*: a rational that depends on the seed, the name
and the argument only. An unknown f and its derivatives are then the values of some polynomial over Q (Hermite
interpolation); the derivative of a known function is its formula, read through the oracle, so laws hold exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import factorial, perm
from random import Random
from typing import Any, Protocol

from flint import arb, ctx, fmpq

from codegen.program.special import BY_HEAD, Special

Number = Any
BITS = 170
RADIUS = 1e-30


class Undecided(ArithmeticError):
    """A comparison that the balls cannot decide, or a value outside the domain of a function."""


class Field(Protocol):
    """What evaluation needs of a kind of numbers."""

    @property
    def grade(self) -> str: ...

    def context(self) -> AbstractContextManager[Any]: ...
    def rational(self, value: Fraction) -> Number: ...
    def constant(self, name: str) -> Number: ...
    def elementary(self, name: str, args: tuple[Number, ...]) -> Number: ...
    def unknown(self, name: str, args: tuple[Number, ...], orders: tuple[int, ...]) -> Number: ...
    def power(self, base: Number, exponent: Number) -> Number: ...
    def below(self, left: Number, right: Number) -> bool: ...
    def same(self, left: Number, right: Number) -> bool: ...
    def integer(self, value: Number) -> int: ...
    def middle(self, value: Number) -> Number: ...


@dataclass(frozen=True)
class Exact:
    """Rationals; every elementary function is an oracle."""

    seed: int
    memo: dict[str, fmpq] = field(default_factory=dict, compare=False, repr=False)
    grade: str = "exact"

    def context(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def rational(self, value: Fraction) -> fmpq:
        return fmpq(value.numerator, value.denominator)

    def constant(self, name: str) -> fmpq:
        return self.oracle(f"constant {name}")

    def elementary(self, name: str, args: tuple[Number, ...]) -> fmpq:
        if name == "floor":
            return fmpq(args[0].floor())
        if name == "ceiling":
            return fmpq(args[0].ceil())
        return self.oracle(f"{name} {args}")

    def unknown(self, name: str, args: tuple[Number, ...], orders: tuple[int, ...]) -> fmpq:
        return self.oracle(f"unknown {name} {args} {orders}")

    def power(self, base: Number, exponent: Number) -> fmpq:
        """base**(n + r) = base**n * (an oracle for base**r), 0 <= r < 1"""
        whole = exponent.floor() if isinstance(exponent, fmpq) else exponent
        rest = exponent - whole
        value = base ** int(whole)
        return fmpq(value * self.oracle(f"power {base} {rest}")) if rest else fmpq(value)

    def below(self, left: Number, right: Number) -> bool:
        return bool(left < right)

    def same(self, left: Number, right: Number) -> bool:
        return bool(left == right)

    def integer(self, value: Number) -> int:
        return int(value.numerator)

    def middle(self, value: Number) -> Number:
        """The number itself; of a ball the middle, which is ordered."""
        return value

    def oracle(self, key: str) -> fmpq:
        """A positive rational that is the same for the same key."""
        if key not in self.memo:
            draw = Random(f"{self.seed} {key}")
            self.memo[key] = fmpq(draw.randint(1, 97), draw.randint(2, 89))
        return self.memo[key]


LONGEST = 1 << 14  # bits of a rational
RENAMED = {"Abs": "__abs__", "sign": "sgn", "ceiling": "ceil"}
CONSTANTS = {"pi": "pi", "E": "const_e", "EulerGamma": "const_euler", "Catalan": "const_catalan"}


@dataclass(frozen=True)
class Balls:
    """Real balls of `bits` bits (Arb). Unknown functions are fixed random polynomials of degree 3."""

    seed: int
    bits: int = BITS
    grade: str = "enclosed"

    def context(self) -> AbstractContextManager[Any]:
        return ctx.workprec(self.bits)

    def rational(self, value: Fraction) -> arb:
        return arb(fmpq(value.numerator, value.denominator))

    def constant(self, name: str) -> arb:
        value: arb = (1 + arb(5).sqrt()) / 2 if name == "GoldenRatio" else getattr(arb, CONSTANTS[name])()
        return value

    def elementary(self, name: str, args: tuple[Number, ...]) -> arb:
        if name in BY_HEAD:
            return ball_of(BY_HEAD[name], args)
        if name in SEVERAL:
            return SEVERAL[name](*args)
        method = getattr(args[0], RENAMED.get(name, name), None)
        if method is None:
            raise Undecided(f"there is no {name} of a ball")
        value: arb = method(*args[1:])
        if not value.is_finite():
            raise Undecided(f"{name}{args} is not finite")
        return value

    def unknown(self, name: str, args: tuple[Number, ...], orders: tuple[int, ...]) -> arb:
        """Sum_e c_e Prod_k (args_k/8)^(e_k) over |e| <= 3, differentiated; five layers of it fit into float32"""
        total = arb(0)
        for exponents in product(range(4), repeat=len(args)) if len(args) < 5 else sparse_exponents(len(args)):
            if sum(exponents) <= 3 and all(e >= o for e, o in zip(exponents, orders, strict=True)):
                draw = Random(f"{self.seed} {name} {exponents}")
                term = arb(fmpq(draw.randint(-97, 97), 89 * 8 ** sum(exponents)))
                for arg, e, o in zip(args, exponents, orders, strict=True):
                    term = term * perm(e, o) * integer_power(arg, e - o)
                total = total + term
        return total

    def power(self, base: Number, exponent: Number) -> arb:
        whole = exponent if isinstance(exponent, int) else exponent.unique_fmpz()
        value: arb = integer_power(base, int(whole)) if whole is not None else base**exponent
        if not value.is_finite():
            raise Undecided(f"{base}**{exponent} is not finite")
        return value

    def below(self, left: Number, right: Number) -> bool:
        if left < right:
            return True
        if left >= right:
            return False
        raise Undecided(f"{left} < {right} cannot be decided")

    def integer(self, value: Number) -> int:
        return int(str(value.unique_fmpz()))

    def middle(self, value: Number) -> float:
        return float(value.mid())

    def same(self, left: Number, right: Number) -> bool:
        gap = left - right
        scale = max(1.0, abs(float(right.mid())))
        return bool(gap.contains(0)) and float(gap.rad()) < RADIUS * scale


@dataclass(frozen=True)
class Settled(Balls):
    """Balls in which numbers that cannot be told apart are ordered by `order`: 0 equal, 1 and -1 one way and the other.

    What is the same for every order does not depend on these comparisons.
    """

    order: int = 0

    def below(self, left: Number, right: Number) -> bool:
        try:
            return super().below(left, right)
        except Undecided:
            return self.order > 0 if str(left) < str(right) else self.order < 0


class Coins(Balls):
    """Balls whose comparisons are decided by a coin, the same for the same two numbers: every branch is taken."""

    def below(self, left: Number, right: Number) -> bool:
        return Random(f"{self.seed} {left} {right}").random() < 0.5

    def zero(self, value: Number) -> bool:
        """Is it 0, as far as balls tell?"""
        return self.same(value, arb(0))


def integer_power(base: arb, exponent: int) -> arb:
    """base^n by squaring: arb's own power has no bound where the base may be 0."""
    if exponent < 0:
        return 1 / integer_power(base, -exponent)
    half = integer_power(base, exponent // 2) if exponent > 1 else arb(1)
    return half * half * (base if exponent % 2 else 1)


def ball_of(row: Special, args: tuple[Any, ...]) -> arb:
    """The value of a special function at balls. Undecided where it is not finite."""
    try:
        value: arb = row.ball(*args)
    except (ValueError, ZeroDivisionError) as error:
        raise Undecided(f"{row.head}{args}: {error}") from None
    if not value.is_finite():
        raise Undecided(f"{row.head}{args} is not finite")
    return value


def polygamma(order: arb, z: arb) -> arb:
    """psi^(n)(z) = (-1)^(n + 1) n! zeta(n + 1, z) for n >= 1; psi^(0) is the digamma function"""
    n = int(str(order.unique_fmpz()))
    return arb(n + 1).zeta(z) * factorial(n) * (-1) ** (n + 1) if n else z.digamma()


SEVERAL: dict[str, Callable[..., arb]] = {
    "polygamma": polygamma,
    "atan2": arb.atan2,
    "uppergamma": lambda s, z: z.gamma_upper(s),
    "lowergamma": lambda s, z: z.gamma_lower(s),
}


def sparse_exponents(count: int) -> list[tuple[int, ...]]:
    """The exponents of all monomials of degree 0, 1 and 2 in `count` unknowns."""
    unit = [tuple(int(p == q) for p in range(count)) for q in range(count)]
    pairs = [tuple(a + b for a, b in zip(unit[p], unit[q], strict=True)) for p in range(count) for q in range(p, count)]
    return [(0,) * count, *unit, *pairs]


def short(value: Number) -> Number:
    """The value. Undecided if it is a rational so long that balls are the better judge (a recurrence of powers)."""
    if isinstance(value, fmpq) and max(value.p.bit_length(), value.q.bit_length()) > LONGEST:
        raise Undecided(f"a rational of more than {LONGEST} bits")
    return value
