"""Numbers of generated code against 60 digits: formulas written plainly, in several ways, in float32 and float64.

`python tests/test_numbers.py` prints the table. An error is in units in the last place of the true value, where that is
normal, else of the smallest normal number; a derivative that a law gives is bounded by 4 eps max|f'|.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp
from sympy import Max, Min, Piecewise, Rational, cosh, erf, erfc, exp, log, pi, sinh, sqrt, tanh

from codegen.render import render_module
from derive import Model, Sum, derive
from derive.library import elu, gelu, mish, sigmoid, softmax, softplus, softsign, swish
from verify.run import load

Way = Callable[[Any, Any, Callable[[Any], Any]], Any]  # of z, of the data y, of `let`, which makes an equation
DIGITS = 60
SIZES = (1e-8, 1e-3, 0.1, 0.5, 1.0, 2.0, 5.0, 18.0, 40.0, 88.0, 103.0, 710.0, 745.0, 1e3, 1e4)
POINTS: tuple[Any, ...] = (0.0, *(sign * size for size in SIZES for sign in (1, -1)))
PLACES = {np.float64: 4, np.float32: 8}


@dataclass(frozen=True)
class Row:
    """A function with its true value and slope, and how people write it.

    `steep` is max|f'|, 0 where the derivative has to be right by relative error; `condition` says how often a rounding
    error of z counts in f(z), and `scale` is the size of the terms of which f(z) is the sum as written; `inside` is
    where it is tested, up to `reach` times the largest finite number (0: to 1e4); `ys` are values of the data y.
    """

    name: str
    value: Callable[..., Any]
    slope: Callable[..., Any]
    ways: tuple[Way, ...]
    steep: float = 1.0
    condition: Callable[[float], float] = lambda z: 0.0
    inside: Callable[[float], bool] = lambda z: True
    ys: tuple[float, ...] = (1.0,)
    scale: Callable[[float], float] = lambda z: 0.0
    reach: float = 1.0


def u(z: Any) -> Any:
    return mp.exp(-abs(z))


def true_sigmoid(z: Any) -> Any:
    return (1 if z >= 0 else u(z)) / (1 + u(z))


def true_softplus(z: Any) -> Any:
    return max(z, mp.mpf(0)) + mp.log1p(u(z))


def bell(z: Any) -> Any:
    return true_sigmoid(z) * true_sigmoid(-z)


def phi(z: Any) -> Any:
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def true_phi(z: Any) -> Any:
    return mp.erfc(-z / mp.sqrt(2)) / 2


def log_phi(z: Any) -> Any:
    """log Phi; far left by the continued fraction, since erfc has no size there that mpmath would hold"""
    if z > -1e3:
        return mp.log(true_phi(z)) if z < 0 else mp.log1p(-true_phi(-z))
    return -z * z / 2 - mp.log(-z) - mp.log(2 * mp.pi) / 2 + mp.log1p(-1 / z**2 + 3 / z**4)


def hazard(z: Any) -> Any:
    return phi(z) / true_phi(z) if z > -1e3 else -z - 1 / z * (1 - 2 / z**2)


def log_cosh(z: Any) -> Any:
    with mp.workdps(80):
        return abs(z) + mp.log1p(mp.expm1(-2 * abs(z)) / 2) if abs(z) > 1e-3 else mp.log(mp.cosh(z))


def mish_slope(z: Any) -> Any:
    s, t = true_sigmoid(z), mp.tanh(true_softplus(z))
    return t + z * s * (1 - t * t)


ONE = mp.mpf(1)
SELU, ALPHA = Rational("1.0507"), Rational("1.67326")
KINKED = {"relu", "leaky relu", "hard sigmoid", "hard tanh", "elu", "selu", "softsign"}
TABLE = (
    Row(
        "sigmoid",
        true_sigmoid,
        bell,
        (
            lambda z, y, let: 1 / (1 + exp(-z)),
            lambda z, y, let: exp(z) / (1 + exp(z)),
            lambda z, y, let: exp(z) / (exp(z) + 1),
            lambda z, y, let: (1 + tanh(z / 2)) / 2,
            lambda z, y, let: 1 - 1 / (1 + exp(z)),
            lambda z, y, let: sigmoid(z),
        ),
        0.25,
    ),
    Row(
        "1 - sigmoid",
        lambda z: true_sigmoid(-z),
        lambda z: -bell(z),
        (
            lambda z, y, let: 1 - 1 / (1 + exp(-z)),
            lambda z, y, let: 1 - sigmoid(z),
        ),
        0.25,
    ),
    Row(
        "1 - p, p = sigmoid",
        lambda z: true_sigmoid(-z),
        lambda z: -bell(z),
        (lambda z, y, let: 1 - let(sigmoid(z)), lambda z, y, let: 1 - let(1 / (1 + exp(-z)))),
        0.25,
        scale=lambda z: 1.0,
    ),
    Row(
        "softplus",
        true_softplus,
        true_sigmoid,
        (
            lambda z, y, let: log(1 + exp(z)),
            lambda z, y, let: log(exp(z) + 1),
            lambda z, y, let: -log(1 / (1 + exp(z))),
            lambda z, y, let: z + log(1 + exp(-z)),
            lambda z, y, let: -log(1 - sigmoid(z)),
            lambda z, y, let: -log(1 - let(sigmoid(z))),
            lambda z, y, let: softplus(z),
        ),
    ),
    Row(
        "log sigmoid",
        lambda z: -true_softplus(-z),
        lambda z: true_sigmoid(-z),
        (
            lambda z, y, let: log(1 / (1 + exp(-z))),
            lambda z, y, let: -log(1 + exp(-z)),
            lambda z, y, let: z - log(1 + exp(z)),
            lambda z, y, let: log(sigmoid(z)),
            lambda z, y, let: log(let(sigmoid(z))),
            lambda z, y, let: log(let(1 / (1 + exp(-z)))),
        ),
    ),
    Row(
        "log(1 - sigmoid)",
        lambda z: -true_softplus(z),
        lambda z: -true_sigmoid(z),
        (
            lambda z, y, let: log(1 - 1 / (1 + exp(-z))),
            lambda z, y, let: log(1 - sigmoid(z)),
            lambda z, y, let: log(1 - let(1 / (1 + exp(-z)))),
            lambda z, y, let: -log(1 + exp(z)),
        ),
    ),
    Row(
        "tanh",
        mp.tanh,
        lambda z: 4 * u(2 * z) / (1 + u(2 * z)) ** 2,
        (
            lambda z, y, let: (exp(z) - exp(-z)) / (exp(z) + exp(-z)),
            lambda z, y, let: 2 / (1 + exp(-2 * z)) - 1,
            lambda z, y, let: (1 - exp(-2 * z)) / (1 + exp(-2 * z)),
            lambda z, y, let: (exp(2 * z) - 1) / (exp(2 * z) + 1),
            lambda z, y, let: sinh(z) / cosh(z),
            lambda z, y, let: tanh(z),
            lambda z, y, let: 2 * sigmoid(2 * z) - 1,
        ),
        reach=0.25,
    ),
    Row(
        "log cosh",
        log_cosh,
        mp.tanh,
        (
            lambda z, y, let: log(cosh(z)),
            lambda z, y, let: log((exp(z) + exp(-z)) / 2),
            lambda z, y, let: log(exp(z) + exp(-z)) - log(2),
            lambda z, y, let: z + log(1 + exp(-2 * z)) - log(2),
        ),
        reach=0.25,
    ),
    Row(
        "logistic loss",
        lambda z, y: true_softplus(-y * z),
        lambda z, y: -y * true_sigmoid(-y * z),
        (
            lambda z, y, let: log(1 + exp(-y * z)),
            lambda z, y, let: log(exp(-z * y) + 1),
            lambda z, y, let: -log(sigmoid(y * z)),
            lambda z, y, let: -log(1 / (1 + exp(-y * z))),
            lambda z, y, let: -log(let(sigmoid(y * z))),
            lambda z, y, let: -log(let(1 / (1 + exp(-y * z)))),
            lambda z, y, let: softplus(-y * z),
            lambda z, y, let: log(1 + exp(-let(y * z))),
        ),
        ys=(1.0, -1.0),
    ),
    Row(
        "binary cross-entropy",
        lambda z, y: true_softplus(z) - y * z if y < 1 else true_softplus(-z),
        lambda z, y: true_sigmoid(z) - y if y < 1 else -true_sigmoid(-z),
        (
            lambda z, y, let: (lambda p: -y * log(p) - (1 - y) * log(1 - p))(let(sigmoid(z))),
            lambda z, y, let: (lambda p: -y * log(p) - (1 - y) * log(1 - p))(let(1 / (1 + exp(-z)))),
            lambda z, y, let: -y * log(sigmoid(z)) - (1 - y) * log(1 - sigmoid(z)),
            lambda z, y, let: (lambda p: -(y * log(p) + (1 - y) * log(1 - p)))(1 / (1 + exp(-z))),
        ),
        condition=lambda z: 2.0,
        ys=(0.0, 1.0, 0.25),
        reach=0.0,
    ),
    Row(
        "softplus(z) - y z",
        lambda z, y: true_softplus(z) - y * z if y < 1 else true_softplus(-z),
        lambda z, y: true_sigmoid(z) - y if y < 1 else -true_sigmoid(-z),
        (lambda z, y, let: log(1 + exp(z)) - y * z, lambda z, y, let: softplus(z) - z * y),
        ys=(0.0, 1.0, 0.25),
        scale=abs,
        reach=0.0,
    ),
    Row(
        "swish",
        lambda z: z * true_sigmoid(z),
        lambda z: true_sigmoid(z) + z * bell(z),
        (
            lambda z, y, let: z / (1 + exp(-z)),
            lambda z, y, let: z * sigmoid(z),
            lambda z, y, let: z * let(sigmoid(z)),
            lambda z, y, let: swish(z),
            lambda z, y, let: z * exp(z) / (1 + exp(z)),
        ),
        1.1,
    ),
    Row(
        "mish",
        lambda z: z * mp.tanh(true_softplus(z)),
        mish_slope,
        (
            lambda z, y, let: mish(z),
            lambda z, y, let: z * tanh(log(1 + exp(z))),
            lambda z, y, let: z * tanh(softplus(z)),
        ),
        1.1,
        condition=lambda z: 1.0,
        reach=0.01,
    ),
    Row(
        "gelu",
        lambda z: z * true_phi(z),
        lambda z: true_phi(z) + z * phi(z),
        (
            lambda z, y, let: z * (1 + erf(z / sqrt(2))) / 2,
            lambda z, y, let: z / 2 * (1 + erf(z / sqrt(2))),
            lambda z, y, let: gelu(z),
            lambda z, y, let: z * erfc(-z / sqrt(2)) / 2,
            lambda z, y, let: z * let((1 + erf(z / sqrt(2))) / 2),
        ),
        1.2,
        condition=lambda z: z * z if z < 0 else 0.0,
        reach=0.0,
    ),
    Row(
        "Phi",
        true_phi,
        phi,
        (lambda z, y, let: (1 + erf(z / sqrt(2))) / 2, lambda z, y, let: 1 - (1 - erf(z / sqrt(2))) / 2),
        0.4,
        condition=lambda z: z * z if z < 0 else 0.0,
        reach=0.0,
    ),
    Row(
        "log Phi",
        log_phi,
        hazard,
        (
            lambda z, y, let: log((1 + erf(z / sqrt(2))) / 2),
            lambda z, y, let: log(let((1 + erf(z / sqrt(2))) / 2)),
            lambda z, y, let: log(erfc(-z / sqrt(2)) / 2),
            lambda z, y, let: log(1 + erf(z / sqrt(2))) - log(2),
        ),
        condition=lambda z: z * z if z > 0 else 4.0,
        reach=0.0,
    ),
    Row(
        "log Phi of a margin",
        lambda z, y: log_phi(y * z),
        lambda z, y: y * hazard(y * z),
        (
            lambda z, y, let: log((1 + erf(y * z / sqrt(2))) / 2),
            lambda z, y, let: log(let((1 + erf(y * z / sqrt(2))) / 2)),
        ),
        condition=lambda z: z * z + 4.0,
        ys=(1.0, -1.0),
        reach=0.0,
    ),
    Row(
        "expm1",
        mp.expm1,
        mp.exp,
        (lambda z, y, let: exp(z) - 1, lambda z, y, let: -(1 - exp(z))),
        0.0,
        inside=lambda z: z < 88,
    ),
    Row(
        "log1p",
        mp.log1p,
        lambda z: 1 / (1 + z),
        (lambda z, y, let: log(1 + z), lambda z, y, let: log(z + 1)),
        0.0,
        inside=lambda z: z > -0.9,
    ),
    Row(
        "sqrt(1 + z^2) - 1",
        lambda z: z * z / (1 + mp.sqrt(1 + z * z)),
        lambda z: z / mp.sqrt(1 + z * z),
        (lambda z, y, let: sqrt(1 + z**2) - 1, lambda z, y, let: sqrt(z**2 + 1) - 1),
        reach=0.0,
    ),
    Row(
        "Gaussian log-density",
        lambda z: -z * z / 2 - mp.log(2 * mp.pi) / 2,
        lambda z: -z,
        (
            lambda z, y, let: -(z**2) / 2 - log(2 * pi) / 2,
            lambda z, y, let: log(exp(-(z**2) / 2) / sqrt(2 * pi)),
            lambda z, y, let: log(let(exp(-(z**2) / 2) / sqrt(2 * pi))),
        ),
        0.0,
        reach=0.0,
    ),
    Row(
        "z log z",
        lambda z: z * mp.log(z) if z else mp.mpf(0),
        lambda z: mp.log(z) + 1,
        (lambda z, y, let: z * log(z),),
        0.0,
        condition=lambda z: 1.0,
        inside=lambda z: z > 0,
        reach=0.0,
    ),
    Row(
        "softsign",
        lambda z: z / (1 + abs(z)),
        lambda z: 1 / (1 + abs(z)) ** 2,
        (lambda z, y, let: softsign(z),),
        reach=0.0,
    ),
    Row(
        "elu",
        lambda z: z if z > 0 else mp.expm1(z),
        lambda z: ONE if z > 0 else mp.exp(z),
        (
            lambda z, y, let: elu(z, 1),
            lambda z, y, let: Piecewise((z, z > 0), (exp(z) - 1, True)),
            lambda z, y, let: Max(0, z) + Min(0, exp(z) - 1),
        ),
        inside=lambda z: z != 0,
    ),
    Row(
        "selu",
        lambda z: mp.mpf("1.0507") * (z if z > 0 else mp.mpf("1.67326") * mp.expm1(z)),
        lambda z: mp.mpf("1.0507") * (ONE if z > 0 else mp.mpf("1.67326") * mp.exp(z)),
        (lambda z, y, let: SELU * Piecewise((z, z > 0), (ALPHA * (exp(z) - 1), True)),),
        1.8,
        inside=lambda z: z != 0,
        reach=0.0,
    ),
    Row(
        "relu",
        lambda z: max(z, mp.mpf(0)),
        lambda z: ONE if z > 0 else ONE * 0,
        (lambda z, y, let: Max(0, z), lambda z, y, let: Piecewise((z, z > 0), (0, True))),
    ),
    Row(
        "hard sigmoid",
        lambda z: min(max(z / 6 + ONE / 2, ONE * 0), ONE),
        lambda z: ONE / 6 if abs(z) < 3 else ONE * 0,
        (lambda z, y, let: Max(0, Min(1, z / 6 + Rational(1, 2))),),
        condition=lambda z: 4.0,
    ),
    Row(
        "hard tanh",
        lambda z: min(max(z, -ONE), ONE),
        lambda z: ONE if abs(z) < 1 else ONE * 0,
        (lambda z, y, let: Max(-1, Min(1, z)),),
        inside=lambda z: abs(z) != 1,
    ),
)
WAYS = [(row, number) for row in TABLE for number in range(len(row.ways))]


@cache
def module_of(row: Row, number: int) -> tuple[ModuleType, str]:
    """The generated module of one way: the cost is the sum of f(z[i]), so its gradient is f'."""
    with Model("numbers") as model:
        (m,) = (model.sizes("m"),)
        (i,) = (model.indices("i"),)
        (y,) = (model.data(y=(m,)),)
        (z,) = (model.parameters(z=(m,)),)
        (p,) = (model.variables("p"),)

        def let(value: Any) -> Any:
            p[i] = value
            return p[i]

        model.minimise(Sum(row.ways[number](z[i], y[i], let) + 0 * y[i], i))
    text = render_module(derive(model), source="numbers.py", digest="0")
    return load(text, "numbers"), text


@dataclass
class Worst:
    """The worst errors of one way in one type: of the value in ulp, of the derivative in parts of what is allowed."""

    value: float = 0.0
    slope: float = 0.0
    overflows: int = 0
    where: str = ""


def ulp(true: Any, info: Any) -> float:
    """The unit in the last place of a true value."""
    if not true or abs(true) < float(info.tiny):
        return float(info.tiny)
    return float(mpmath.mpf(2) ** (int(mp.floor(mp.log(abs(true), 2))) - info.nmant))


def measured(row: Row, number: int, dtype: Any) -> Worst:
    """All points, every floating-point warning an error."""
    info, worst = np.finfo(dtype), Worst()
    module, _ = module_of(row, number)
    ends = [s * row.reach * float(info.max) for s in (1, -1)] if row.reach else []
    for y in row.ys:
        for point in (*POINTS, *ends):
            z = float(dtype(point))
            if not row.inside(z):
                continue
            arguments = (mp.mpf(z), mp.mpf(y)) if len(row.ys) > 1 else (mp.mpf(z),)
            with mp.workdps(DIGITS):
                value, slope = row.value(*arguments), row.slope(*arguments)
            if max(abs(value), abs(slope)) > float(info.max):
                worst.overflows += 1
                continue
            with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error")
                cost, gradient = module.cost_and_gradient({"z": np.array([z], dtype)}, y=np.array([y], dtype))
            assert np.asarray(cost).dtype == dtype and gradient["z"].dtype == dtype
            off = (
                float(abs(mp.mpf(float(cost)) - value))
                / ulp(max(abs(value), row.scale(z)), info)
                / (1 + row.condition(z))
            )
            allowed = max(4 * float(info.eps) * row.steep, PLACES[dtype] * ulp(slope, info))
            out = float(abs(mp.mpf(float(gradient["z"][0])) - slope)) / allowed / (1 + row.condition(z))
            if not (off <= worst.value and out <= worst.slope):
                worst.where = f"{z:g}"
            worst.value, worst.slope = max(worst.value, off), max(worst.slope, out)
            if not np.isfinite(off + out):
                worst.value = worst.slope = float("inf")
    return worst


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("row", "number"), WAYS, ids=lambda v: getattr(v, "name", v))
def test_function(row: Row, number: int, dtype: Any) -> None:
    worst = measured(row, number, dtype)
    assert worst.value <= PLACES[dtype], worst
    assert worst.slope <= 1, worst


Rows = Callable[[Any, Any, Any, Any, Callable[..., Any]], Any]  # of z, y, the letters j and k, and `let`


def lse(z: Any) -> Any:
    top = max(z)
    return top + mp.log(mp.fsum(mp.exp(t - top) for t in z))


def shares(z: Any) -> Any:
    return [mp.exp(t - lse(z)) for t in z]


def cross(z: Any, y: Any) -> Any:
    return mp.fsum(b * (lse(z) - t) for t, b in zip(z, y, strict=True))


def divergence(z: Any, y: Any) -> Any:
    return mp.fsum(b * (mp.log(b) + lse(z) - t) for t, b in zip(z, y, strict=True) if b)


def negentropy(z: Any) -> Any:
    return mp.fsum(p * (t - lse(z)) for t, p in zip(z, shares(z), strict=True))


def variance(z: Any) -> Any:
    mean = mp.fsum(z) / len(z)
    return mp.fsum((t - mean) ** 2 for t in z) / len(z)


def norm(z: Any) -> Any:
    return mp.sqrt(mp.fsum(t * t for t in z))


@dataclass(frozen=True)
class Vector:
    """A cost of a whole row: its true value and gradient, and how people write it."""

    name: str
    value: Callable[[Any, Any], Any]
    slope: Callable[[Any, Any], Any]
    ways: tuple[Rows, ...]
    condition: Callable[[float], float] = lambda size: 1.0


def own(z: Any, y: Any) -> Any:
    """The gradient of negative entropy: p (log p - Sum p log p)"""
    return [p * (t - lse(z) - negentropy(z)) for t, p in zip(z, shares(z), strict=True)]


def cross_slope(z: Any, y: Any) -> Any:
    return [mp.fsum(y) * p - b for p, b in zip(shares(z), y, strict=True)]


VECTORS = (
    Vector(
        "log-sum-exp",
        lambda z, y: lse(z),
        lambda z, y: shares(z),
        (
            lambda z, y, j, k, let: log(Sum(exp(z[k]), k)),
            lambda z, y, j, k, let: -log(1 / Sum(exp(z[k]), k)),
        ),
    ),
    Vector(
        "cross-entropy of softmax",
        cross,
        cross_slope,
        (
            lambda z, y, j, k, let: -Sum(y[j] * log(exp(z[j]) / Sum(exp(z[k]), k)), j),
            lambda z, y, j, k, let: -Sum(y[j] * log(let(j, exp(z[j]) / Sum(exp(z[k]), k))), j),
            lambda z, y, j, k, let: Sum(y[j] * (log(Sum(exp(z[k]), k)) - z[j]), j),
            lambda z, y, j, k, let: -Sum(y[j] * log(softmax(z[j], j)), j),
            lambda z, y, j, k, let: -Sum(y[j] * log(let(j, softmax(z[j], j))), j),
        ),
    ),
    Vector(
        "divergence from softmax, 0 log 0 = 0",
        divergence,
        cross_slope,
        (
            lambda z, y, j, k, let: (lambda q: Sum(y[j] * log(y[j] / q), j))(let(j, softmax(z[j], j))),
            lambda z, y, j, k, let: (lambda q: Sum(y[j] * (log(y[j]) - log(q)), j))(let(j, softmax(z[j], j))),
        ),
    ),
    Vector(
        "negative entropy of softmax",
        lambda z, y: negentropy(z),
        own,
        (lambda z, y, j, k, let: (lambda p: Sum(p * log(p), j))(let(j, softmax(z[j], j))),),
        condition=lambda size: 1 + size,
    ),
    Vector(
        "variance",
        lambda z, y: variance(z),
        lambda z, y: [2 * (t - mp.fsum(z) / len(z)) / len(z) for t in z],
        (lambda z, y, j, k, let: mean_square(z, j, k),),
        condition=lambda size: 1 + size,
    ),
    Vector(
        "norm",
        lambda z, y: norm(z),
        lambda z, y: [t / norm(z) if any(z) else t for t in z],
        (lambda z, y, j, k, let: sqrt(Sum(z[j] ** 2, j)), lambda z, y, j, k, let: sqrt(Sum(let(j, z[j] ** 2), j))),
    ),
    Vector(
        "distance",
        lambda z, y: mp.sqrt(mp.fsum((t - s) ** 2 for t, s in zip(z, y, strict=True))),
        lambda z, y: [
            (t - s) / (norm([a - b for a, b in zip(z, y, strict=True)]) or 1) for t, s in zip(z, y, strict=True)
        ],
        (
            lambda z, y, j, k, let: sqrt(Sum((z[j] - y[j]) ** 2, j)),
            lambda z, y, j, k, let: sqrt(Sum(let(j, z[j] - y[j]) ** 2, j)),
        ),
    ),
)
LOGITS = (
    (0.0, 0.0, 0.0),
    (1e-8, -1e-8, 0.0),
    (1.0, 2.0, -0.5),
    (88.0, -88.0, 3.0),
    (710.0, 709.0, -745.0),
    (-1e3, -1e3, -1e3),
    (1e4, -1e4, 0.0),
    (1e4, 1e4, 1e4),
)
TARGETS = ((1.0, 0.0, 0.0), (0.0, 0.25, 0.75))
VECTOR_WAYS = [(row, number) for row in VECTORS for number in range(len(row.ways))]


def mean_square(z: Any, j: Any, k: Any) -> Any:
    return Sum((z[j] - Sum(z[k], k) / 3) ** 2, j) / 3


@cache
def vector_module(row: Vector, number: int) -> tuple[ModuleType, str]:
    """The generated module of one way."""
    with Model("vectors") as model:
        n = model.sizes("n")
        j, k = model.indices("j k")
        y = model.data(y=(n,))
        z = model.parameters(z=(n,))
        p = model.variables("p")

        def let(index: Any, value: Any) -> Any:
            p[index] = value
            return p[index]

        model.minimise(row.ways[number](z, y, j, k, let) + 0 * Sum(y[j], j))
    text = render_module(derive(model), source="vectors.py", digest="0")
    return load(text, "vectors"), text


def vector_error(row: Vector, number: int, dtype: Any) -> float:
    """The largest error in roundings of the largest term, value and gradient."""
    module, _ = vector_module(row, number)
    eps, worst = float(np.finfo(dtype).eps), 0.0
    for logits in LOGITS:
        for targets in TARGETS:
            z, y = np.array(logits, dtype), np.array(targets, dtype)
            with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error")
                cost, gradient = module.cost_and_gradient({"z": z}, y=y)
            assert np.asarray(cost).dtype == dtype and gradient["z"].dtype == dtype
            with mp.workdps(DIGITS):
                exact = [mp.mpf(float(t)) for t in z], [mp.mpf(float(t)) for t in y]
                value, slope = row.value(*exact), row.slope(*exact)
                size = max(1.0, float(abs(value)), *(abs(float(t)) for t in z))
                steep = max(1.0, *(float(abs(t)) for t in slope)) * row.condition(max(abs(float(t)) for t in z))
                off = float(abs(mp.mpf(float(cost)) - value)) / (eps * size)
                out = max(float(abs(mp.mpf(float(g)) - s)) for g, s in zip(gradient["z"], slope, strict=True)) / eps
            worst = max(worst, off, out / steep, float("inf") if not np.isfinite(off + out) else 0.0)
    return worst


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("row", "number"), VECTOR_WAYS, ids=lambda v: getattr(v, "name", v))
def test_row(row: Vector, number: int, dtype: Any) -> None:
    assert vector_error(row, number, dtype) <= 8


def print_table() -> None:
    """Worst ulp of the value, worst part of the bound of the derivative, points that overflow by truth."""
    print(f"{'function':24} {'way':>3} {'type':8} {'value, ulp':>10} {'slope':>8} {'overflow':>8}  worst at")
    for row, number in WAYS:
        for dtype in (np.float64, np.float32):
            try:
                w = measured(row, number, dtype)
            except Exception as error:  # the table goes on
                print(f"{row.name:24} {number:3} {dtype.__name__:8} {type(error).__name__}: {str(error)[:90]}")
                continue
            flag = " " if w.value <= PLACES[dtype] and w.slope <= 1 else "*"
            numbers = f"{w.value:10.2f} {w.slope:8.2f} {w.overflows:8} {flag} {w.where}"
            print(f"{row.name:24} {number:3} {dtype.__name__:8} {numbers}")
    print("\nrows: largest error in roundings of the largest term")
    for vector, number in VECTOR_WAYS:
        for dtype in (np.float64, np.float32):
            try:
                print(f"{vector.name:40} {number:3} {dtype.__name__:8} {vector_error(vector, number, dtype):8.2f}")
            except Exception as error:
                print(f"{vector.name:40} {number:3} {dtype.__name__:8} {type(error).__name__}: {str(error)[:90]}")


if __name__ == "__main__":
    print_table()
