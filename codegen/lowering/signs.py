"""Values that cannot be 0 or negative, by their form: denominators and arguments of roots that need no guard."""

from __future__ import annotations

from codegen.program.array import CHOICE, Length, Literal, Map, Reduce, Value


def is_positive(value: Value) -> bool:
    """Is it above 0 by its form, as 1 + u**2 is? An exponential may round to 0, and counts as not negative only."""
    if isinstance(value, Literal):
        return value.value > 0
    if not isinstance(value, Map):
        return False
    if value.op == CHOICE:
        return _kept_positive(*value.args)
    if value.op == "+":
        return all(map(is_not_negative, value.args)) and any(map(is_positive, value.args))
    if value.op == "maximum":
        return any(map(is_positive, value.args))
    return value.op in ("*", "/", "**", "sqrt") and all(map(is_positive, value.args))


def is_not_negative(value: Value) -> bool:
    """Is it 0 or above by its form?"""
    if isinstance(value, Reduce):
        return value.op in ("+", "*", "max", "min") and is_not_negative(value.value)
    if isinstance(value, Length) or is_positive(value):
        return True
    if isinstance(value, Literal):
        return value.value == 0
    if not isinstance(value, Map):
        return False
    if value.op == "**":
        exponent = value.args[1]
        return isinstance(exponent, Literal) and exponent.value.denominator == 1 and exponent.value % 2 == 0
    if value.op == "maximum":
        return any(map(is_not_negative, value.args))
    return value.op in ("exp", "abs", "sqrt") or (value.op in ("+", "*", "/") and all(map(is_not_negative, value.args)))


def _kept_positive(test: Value, value: Value, otherwise: Value) -> bool:
    """Is it np.where(u > c, u, 1), with c of 0 or above?"""
    if not is_positive(otherwise) or not isinstance(test, Map):
        return False
    return is_positive(value) or (test.op == ">" and test.args[0] == value and is_not_negative(test.args[1]))
