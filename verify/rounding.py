"""Equations on balls that are widened by what a float type rounds: a budget where code cannot run on balls."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from math import exp
from typing import Any

from flint import ctx

from codegen.program.special import BY_HEAD, Special
from verify.numbers import BITS, Balls, Number
from verify.shadow import FUNCTION_UNITS, SPECIAL_UNITS, Shadow, shadow_of, size

HUGE = 600.0  # of which the exponential is finite


@dataclass(frozen=True)
class Rounding:
    """The field of shadows of one unit roundoff; functions are those of `balls`, rounded.

    `careless`: formulas that lose digits round more, 1 - h where h is near 1, and the logarithm of such a number.
    """

    unit: float
    balls: Balls
    grade: str = "rounded"
    careless: bool = False

    def context(self) -> AbstractContextManager[Any]:
        return ctx.workprec(BITS)

    def rational(self, value: Fraction) -> Shadow:
        return shadow_of(value, self.unit)

    def constant(self, name: str) -> Shadow:
        return self._rounded(self.balls.constant(name))

    def elementary(self, name: str, args: tuple[Number, ...]) -> Shadow:
        plain = tuple(a.ball if a.ball.is_integer() else a.settled() for a in args)  # an order n - 1 does not round
        return self._rounded(self.balls.elementary(name, plain), BY_HEAD.get(name), name)

    def unknown(self, name: str, args: tuple[Number, ...], orders: tuple[int, ...]) -> Shadow:
        return self._rounded(self.balls.unknown(name, tuple(a.settled() for a in args), orders))

    def power(self, base: Number, exponent: Number) -> Shadow:
        whole = exponent if isinstance(exponent, int) else exponent.settled().unique_fmpz()
        plain = exponent if isinstance(exponent, int) else exponent.settled()
        value = self.balls.power(base.settled(), plain)
        rounded: Shadow = base.rounded(value, FUNCTION_UNITS if whole is None else abs(int(whole)))
        return rounded

    def below(self, left: Number, right: Number) -> bool:
        return bool(left < right)

    def same(self, left: Number, right: Number) -> bool:
        return bool(left.settled().overlaps(right.settled()))

    def integer(self, value: Number) -> int:
        return int(str(value.settled().unique_fmpz()))

    def middle(self, value: Number) -> float:
        return float(value.settled().mid())

    def _rounded(self, ball: Any, row: Special | None = None, name: str = "") -> Shadow:
        units, scale = (SPECIAL_UNITS, row.scale) if row else (FUNCTION_UNITS, 0.0)
        if self.careless:
            scale = max(scale, exp(min(size(ball), HUGE)) if name == "log" else 1.0)
        return Shadow(ball, self.unit).rounded(ball, units, scale)
