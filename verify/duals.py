"""Dual numbers: a number and its derivatives by entries, with the rules that functions and powers add."""

from __future__ import annotations

from typing import Any

from verify.numbers import Field, Number


class Dual:
    """value + Sum_e parts[e] d(e): a number and its derivatives by entries, kept sparse."""

    __slots__ = ("parts", "value")

    def __init__(self, value: Number, parts: dict[Any, Number]) -> None:
        self.value, self.parts = value, parts

    def __add__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.parts)
        return Dual(self.value + other.value, combine((self.parts, 1), (other.parts, 1)))

    __radd__ = __add__

    def __mul__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value * other, combine((self.parts, other)))
        return Dual(self.value * other.value, combine((self.parts, other.value), (other.parts, self.value)))

    __rmul__ = __mul__

    def __neg__(self) -> Dual:
        return Dual(-self.value, combine((self.parts, -1)))

    def __sub__(self, other: Any) -> Dual:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Dual:
        return (-self).__add__(other)


def combine(*weighted: tuple[dict[Any, Number], Number]) -> dict[Any, Number]:
    """Sum of sparse vectors, each times its weight."""
    total: dict[Any, Number] = {}
    for parts, weight in weighted:
        for entry, part in parts.items():
            term = part * weight
            total[entry] = total[entry] + term if entry in total else term
    return total


def primal(value: Number) -> Number:
    """The number without its derivatives."""
    return value.value if isinstance(value, Dual) else value


def chain(value: Number, args: tuple[Any, ...], slopes: Any) -> Number:
    """value of a function at `args`, with the derivatives that dual arguments bring; slopes(k) is its k-th partial."""
    duals = [k for k, arg in enumerate(args) if isinstance(arg, Dual) and arg.parts]
    if not duals:
        return value
    return Dual(value, combine(*((args[k].parts, slopes(k)) for k in duals)))


def power(field: Field, base: Number, exponent: Number) -> Number:
    """d(b^e) = e b^(e-1) db + log(b) b^e de"""
    b, e = primal(base), primal(exponent)

    def slope(k: int) -> Number:
        return e * field.power(b, e - 1) if k == 0 else field.elementary("log", (b,)) * field.power(b, e)

    return chain(field.power(b, e), (base, exponent), slope)
