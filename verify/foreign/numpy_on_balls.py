"""NumPy for balls: what foreign code calls, where NumPy itself would lose a ball, refuse it, or turn it into a float.

Arrays that code makes and fills (`np.zeros`) hold balls; conversions to a float type keep the ball; tests for NaN and
infinity know that a ball is finite. Everything else is NumPy's, which works on arrays of objects.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from verify.foreign.casts import buffer, cast
from verify.literals import CONSTANTS, constant
from verify.products import matmul
from verify.shadow import Shadow, like

UNIT: ContextVar[float] = ContextVar("UNIT", default=0.0)
FLOATING = (float, np.float64, np.float32, np.float16, np.longdouble, object, None, "float", "float64", "float32", "d")


def kind() -> Shadow:
    """A ball of the kind that is travelling now."""
    return Shadow(arb(0), UNIT.get())


def balls(values: Any) -> Any:
    """Numbers of any kind as balls; an array stays an array."""
    if isinstance(values, Shadow):
        return values
    made = np.array(values, dtype=object)
    one = kind()
    for q, value in enumerate(made.flat):
        if not isinstance(value, Shadow) and (ball := like(value, one)) is not None:
            made.flat[q] = ball
    return made[()]


def wants_integers(dtype: Any) -> bool:
    """Does a caller ask for integers or truth values, which are no balls?"""
    return dtype not in FLOATING and np.dtype(dtype).kind in "iub"


def holds_balls(values: Any) -> bool:
    """Is there a ball among the values?"""
    array = np.asarray(values, dtype=object) if not isinstance(values, np.ndarray) else values
    return array.dtype == object and any(isinstance(v, (Shadow, Fraction)) for v in array.flat)


def filled(value: int) -> Callable[..., Any]:
    """`np.zeros`, `np.ones`, `np.empty`: an array of balls."""

    def make(shape: Any, dtype: Any = float, order: str = "C", **_: Any) -> Any:
        if wants_integers(dtype):
            return np.full(shape, value, dtype=dtype)
        made = np.empty(shape, dtype=object)
        made[...] = like(value, kind())
        return buffer(made, dtype)

    return make


def filled_like(value: int) -> Callable[..., Any]:
    """`np.zeros_like` and its kin."""

    def make(array: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
        wanted = np.asarray(array).dtype if dtype is None else dtype
        if np.dtype(wanted).kind != "O" and wants_integers(wanted):
            return np.full(np.shape(array) if shape is None else shape, value, dtype=wanted)
        return filled(value)(np.shape(array) if shape is None else shape, dtype)

    return make


def full(shape: Any, value: Any, dtype: Any = None, **_: Any) -> Any:
    """`np.full`."""
    if dtype is not None and wants_integers(dtype):
        return np.full(shape, value, dtype=dtype)
    made = np.empty(shape, dtype=object)
    made[...] = balls(value)
    return buffer(made, dtype)


def eye(rows: int, columns: int | None = None, k: int = 0, dtype: Any = float, **_: Any) -> Any:
    """`np.eye`."""
    plain = np.eye(rows, columns, k, dtype=int)
    return plain if wants_integers(dtype) else balls(plain)


def array(values: Any, dtype: Any = None, **options: Any) -> Any:
    """`np.array`, `np.asarray`: a float type keeps balls."""
    if dtype is not None and wants_integers(dtype):
        return np.array(values, dtype=dtype)
    if not holds_balls(values):
        return np.array(values, dtype=None if dtype is object else dtype, **options)
    return buffer(np.array(values, dtype=object), dtype)


def asarray(values: Any, dtype: Any = None, **options: Any) -> Any:
    """`np.asarray`: an array of balls stays the same array."""
    if isinstance(values, np.ndarray) and values.dtype == object and not (dtype and wants_integers(dtype)):
        return cast(values, dtype)
    return array(values, dtype)


def converted(values: Any, dtype: Any = None, **_: Any) -> Any:
    """`values.astype(dtype)`, `float(value)`, `np.float32(value)`: a ball stays a ball; floats tell how it rounds."""
    if isinstance(values, (Shadow, Fraction)):
        return cast(values, dtype)
    if isinstance(values, np.ndarray) and (values.dtype == object or not wants_integers(dtype)):
        if wants_integers(dtype):
            return values.astype(dtype)
        return cast(balls(values), dtype)
    return values.astype(dtype) if isinstance(values, np.ndarray) else cast(balls(values), dtype)


def everywhere(answer: bool) -> Callable[[Any], Any]:
    """`np.isfinite` and `np.isnan` of balls."""
    return lambda values, **_: np.full(np.shape(values), answer)[()]


def logaddexp(left: Any, right: Any) -> Any:
    """log(e^a + e^b) = a + log(1 + e^(b - a)), with the larger one as a: equal ones need no order"""
    left, right = np.broadcast_arrays(balls(left), balls(right))
    high = np.where(above(left, right), left, right)
    return high + np.log1p(np.exp(np.where(above(left, right), right - left, left - right)))


def above(left: Any, right: Any) -> Any:
    """Where the middle of one ball lies above that of another: an order that is always there."""
    pairs = zip(left.flat, right.flat, strict=True)
    return np.array([bool(a.settled().mid() > b.settled().mid()) for a, b in pairs], dtype=bool).reshape(left.shape)


def heaviside(values: Any, at_zero: Any) -> Any:
    """`np.heaviside`."""
    return np.where(values > 0, 1, np.where(values < 0, 0, at_zero))


def logit(values: Any) -> Any:
    """log p - log(1 - p)"""
    values = balls(values)
    return np.log(values) - np.log(1 - values)


def expit(values: Any) -> Any:
    """1/(1 + e^-z)"""
    values = balls(values)
    return 1 / (1 + np.exp(-values))


def highest(values: Any, axis: Any) -> Any:
    """The ball with the highest middle along an axis, or of all."""
    values = np.asarray(balls(values))
    if axis is None:
        return highest(values.reshape(-1), 0).reshape((1,) * values.ndim)
    middles = np.array([float(v.settled().mid()) for v in values.flat]).reshape(values.shape)
    return np.take_along_axis(values, np.expand_dims(np.argmax(middles, axis=axis), axis), axis=axis)


def logsumexp(values: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    """log Sum b e^z = c + log Sum b e^(z - c), with the largest z as c: equal ones need no order"""
    high = highest(values, axis)
    total = np.log(np.sum(np.exp(values - high) * (1 if b is None else b), axis=axis, keepdims=True)) + high
    return total if keepdims else np.squeeze(total, axis=axis)[()]


def softmax(values: Any, axis: Any = None) -> Any:
    """e^z / Sum e^z"""
    raised = np.exp(values - highest(values, axis))
    return raised / np.sum(raised, axis=axis, keepdims=True)


def xlogy(weight: Any, values: Any) -> Any:
    """x log y, 0 where x = 0"""
    weight, values = np.broadcast_arrays(balls(weight), balls(values))
    zero = np.array([w.ball.is_zero() for w in weight.flat]).reshape(weight.shape)
    return np.where(zero, 0 * weight, weight * np.log(np.where(zero, 1, values)))


def mean(values: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, **_: Any) -> Any:
    """Sum z / n"""
    values = np.asarray(balls(values))
    total = np.sum(values, axis=axis, keepdims=keepdims)
    return total / (values.size // max(np.size(total), 1))


def elementary(name: str) -> Callable[..., Any]:
    """A function of NumPy on numbers of any kind: fractions and integers become balls first."""
    plain = getattr(np, name)

    def apply(values: Any, *rest: Any, **options: Any) -> Any:
        if isinstance(values, np.ndarray) and values.dtype.kind == "f":
            return plain(values, *rest, **options)
        return plain(balls(values), *rest, **options)

    return apply


class Namespace:
    """A module in which some names are replaced."""

    def __init__(self, plain: Any, replaced: dict[str, Any]) -> None:
        self._plain, self._replaced = plain, replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced[name] if name in self._replaced else getattr(self._plain, name)


class Constants(Namespace):
    """NumPy, with its constants as balls of the kind that is travelling."""

    def __getattr__(self, name: str) -> Any:
        if name in CONSTANTS and name != "inf":
            ball = constant(name, UNIT.get())
            return ball if isinstance(ball, Shadow) else Shadow(ball, 0.0)
        return super().__getattr__(name)


ELEMENTARY = "exp expm1 log log1p sqrt sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh square"
REPLACED: dict[str, Any] = {
    "zeros": filled(0),
    "ones": filled(1),
    "empty": filled(0),
    "zeros_like": filled_like(0),
    "ones_like": filled_like(1),
    "empty_like": filled_like(0),
    "full": full,
    "full_like": lambda array, value, **_: full(np.shape(array), value),
    "eye": eye,
    "identity": eye,
    "array": array,
    "asarray": asarray,
    "ascontiguousarray": asarray,
    "isfinite": everywhere(True),
    "isnan": everywhere(False),
    "isinf": everywhere(False),
    "nan_to_num": lambda values, *_, **__: values,
    "logaddexp": logaddexp,
    "matmul": matmul,
    "dot": lambda left, right: matmul(left, right) if np.ndim(left) == np.ndim(right) == 2 else np.dot(left, right),
    "finfo": lambda dtype: np.finfo(float if dtype in FLOATING else dtype),
    "heaviside": heaviside,
    "mean": mean,
    "average": mean,
    **{name: elementary(name) for name in ELEMENTARY.split()},
}
SPECIAL: dict[str, Any] = {
    "logit": logit,
    "log_expit": lambda values: -logaddexp(0, -balls(values)),
    "entr": lambda values: -xlogy(values, values),
    "rel_entr": lambda left, right: xlogy(left, left) - xlogy(left, right),
    "expit": expit,
    "logsumexp": logsumexp,
    "softmax": softmax,
    "log_softmax": lambda values, axis=None: values - logsumexp(values, axis=axis, keepdims=True),
    "xlogy": xlogy,
}
