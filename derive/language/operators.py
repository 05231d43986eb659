"""Operators of what an author types, and what Python and NumPy may not do with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from derive.errors import ModelError
from derive.values.nodes import MINUS_ONE, Expr, add, mul, power


@dataclass(frozen=True)
class Operation:
    """An operator: its sign, what it is on our nodes, and on SymPy's."""

    sign: str
    ours: Callable[[Expr, Expr], Expr]
    sympys: Callable[[Any, Any], Any]


PLUS = Operation(" + ", add, sympy.Add)
MINUS = Operation(" - ", lambda a, b: add(a, mul(MINUS_ONE, b)), lambda a, b: sympy.Add(a, sympy.Mul(-1, b)))
TIMES = Operation("*", mul, sympy.Mul)
OVER = Operation("/", lambda a, b: mul(a, power(b, MINUS_ONE)), lambda a, b: sympy.Mul(a, sympy.Pow(b, -1)))
TO_THE = Operation("**", power, sympy.Pow)
BY_NUMPY = {"add": PLUS, "subtract": MINUS, "multiply": TIMES, "divide": OVER, "power": TO_THE}
OURS = "write SymPy's function, not that of math or numpy"


class Misused(ModelError, TypeError):
    """Python or NumPy was asked to compute with a formula, which has no number yet."""


class Operators:
    """`a + b` and the like, all by `join`; conversions to numbers, arrays and sequences say what to write instead."""

    _iterable = False  # SymPy asks

    def join(self, other: Any, operation: Operation, swapped: bool = False) -> Any:
        """The value of `self op other`, or of `other op self`."""
        raise NotImplementedError(type(self).__name__)

    def product(self, other: Any, swapped: bool = False) -> Any:
        """The value of `self @ other`, or of `other @ self`."""
        raise NotImplementedError(type(self).__name__)

    def __add__(self, other: Any) -> Any:
        return self.join(other, PLUS)

    def __radd__(self, other: Any) -> Any:
        return self.join(other, PLUS, swapped=True)

    def __sub__(self, other: Any) -> Any:
        return self.join(other, MINUS)

    def __rsub__(self, other: Any) -> Any:
        return self.join(other, MINUS, swapped=True)

    def __mul__(self, other: Any) -> Any:
        return self.join(other, TIMES)

    def __rmul__(self, other: Any) -> Any:
        return self.join(other, TIMES, swapped=True)

    def __truediv__(self, other: Any) -> Any:
        return self.join(other, OVER)

    def __rtruediv__(self, other: Any) -> Any:
        return self.join(other, OVER, swapped=True)

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        return self.join(other, TO_THE)

    def __rpow__(self, other: Any) -> Any:
        return self.join(other, TO_THE, swapped=True)

    def __matmul__(self, other: Any) -> Any:
        return self.product(other)

    def __rmatmul__(self, other: Any) -> Any:
        return self.product(other, swapped=True)

    def __neg__(self) -> Any:
        return self.join(-1, TIMES, swapped=True)

    def __pos__(self) -> Any:
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        operation = BY_NUMPY.get(ufunc.__name__)
        others = [x for x in inputs if x is not self]
        if operation and len(others) == 1 and getattr(others[0], "shape", None) == ():
            return self.join(others[0].item(), operation, swapped=inputs[0] is not self)
        if any(getattr(x, "shape", None) for x in others):
            raise Misused("an array of numbers is no part of an equation", fix="declare it: A = model.data(A=(m, n))")
        raise Misused(
            f"numpy.{ufunc.__name__} computes with numbers, and {self} is a formula",
            fix="write SymPy's function of that name, or Sum, Max, Min, @",
        )

    def __array__(self, *types: Any, **options: Any) -> Any:
        raise Misused(
            f"{self} is a formula, not an array of numbers", fix="write Sum, mean, @, .T, or a function of SymPy"
        )

    def _eval_Mod(self, divisor: Any) -> Any:
        raise ModelError(
            f"Mod({self}, {divisor}) is not supported: it jumps, and SymPy knows no derivative of it",
            fix=f"where the derivative 1 is meant: {self} - {divisor}*floor({self}/{divisor})",
        )

    def __bool__(self) -> bool:
        if sys._getframe(1).f_globals.get("__name__", "").startswith("sympy."):
            return True  # SymPy asks so whether there is a formula at all
        raise Misused(f"{self} has no truth value", fix="Piecewise((value, z[i] > 0), (other, True)) chooses by entry")

    def __float__(self) -> float:
        raise Misused(f"{self} is a formula and has no number yet", fix=OURS)

    def __int__(self) -> int:
        raise Misused(f"{self} is a formula and has no number yet", fix="positions are indices, sizes and integer data")

    def __complex__(self) -> complex:
        raise Misused(f"{self} is a formula and has no number yet", fix=OURS)

    def __iter__(self) -> Any:
        raise Misused(
            f"{self} has no sequence of entries: its sizes are symbols", fix=f"Sum({self}), or an index: Sum(..., k)"
        )


def explained(error: Any) -> Any:
    """The error, or, where Python could not go on with a formula, one that says what to write instead."""
    text = str(error)
    if isinstance(error, TypeError) and "truth value of Relational" in text:
        return ModelError(
            f"{text.rpartition(': ')[2]} is true at some entries and false at others",
            fix="Piecewise((value, z[i] > 0), (other, True)) chooses by entry; Max(0, z[i]) is the larger value",
        )
    fixes = {
        "attribute 'T'": "tanh(z.T), or name the value by an equation: a[:, :] = tanh(z)",
        "attribute 'mT'": "tanh(z.mT), or name the value by an equation: a[:, :, :] = tanh(z)",
    }
    if isinstance(error, AttributeError) and text.endswith(tuple(fixes)):
        return ModelError(text, fix=fixes[f"attribute {text.rpartition(' ')[2]}"])
    if isinstance(error, AttributeError) and text.startswith(("'Quantity'", "'Formula'")):
        return ModelError(
            f"a tensor has no {text.rpartition(' ')[2]}", fix="Sum(z), mean(z), Max(z), z.T, z @ w, or the entries"
        )
    if isinstance(error, TypeError) and text.startswith("unsupported operand type(s) for @"):
        return ModelError(text, fix="name one factor by an equation: a[:, :] = exp(z), then a @ w")
    return error
