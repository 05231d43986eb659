"""Roots of sums of squares with weights, at distance 0: generated code against central differences of 60 digits.

A central difference of |x| at 0 is 0, as is the slope by convention; where the slope has a limit the two agree.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from mpmath import mp
from oracle import Oracle
from sympy import Abs, Max, Rational, exp, log, sqrt

from codegen.render import render_module
from derive import Model, Sum, derive, norm, norm2
from derive.library import sigmoid, softplus
from verify.agreement import agree
from verify.run import load

POINTS, WIDTH = 3, 2
STEP = "1e-25"
Cost = Callable[..., Any]


def pairs(x: Any, g: Any, h: Any, k: Any, weight: Any = 1) -> Any:
    """Sum_k weight (x[g, k] - x[h, k])^2"""
    return Sum(weight * (x[g, k] - x[h, k]) ** 2, k)


COSTS: dict[str, Cost] = {
    "a length for each coordinate": lambda v, w, s, c, g, h, k, let: Sum(
        exp(-sqrt(Sum(((v[g, k] - v[h, k]) / s[k]) ** 2, k))), g, h
    ),
    "Matern": lambda v, w, s, c, g, h, k, let: Sum(
        (1 + sqrt(3) * let(g, h, sqrt(pairs(v, g, h, k) / s[1] ** 2))) * exp(-sqrt(3) * let(g, h)), g, h
    ),
    "Matern of data": lambda v, w, s, c, g, h, k, let: (
        Sum((1 + let(g, h, sqrt(3 * pairs(c, g, h, k, s[k] ** -2)))) * exp(-let(g, h)), g, h) + norm2(v)
    ),
    "named squares": lambda v, w, s, c, g, h, k, let: Sum(
        exp(-sqrt(let(g, h, pairs(v, g, h, k, 1 / s[k] ** 2)))), g, h
    ),
    "weights exp": lambda v, w, s, c, g, h, k, let: Sum(sqrt(pairs(v, g, h, k, exp(s[k]))), g, h),
    "weights sigmoid, softplus": lambda v, w, s, c, g, h, k, let: Sum(
        sqrt(sigmoid(s[1]) * pairs(v, g, h, k, softplus(s[k]))), g, h
    ),
    "weights 1 + s^2": lambda v, w, s, c, g, h, k, let: Sum(sqrt(pairs(v, g, h, k, 1 + s[k] ** 2)), g, h),
    "weights": lambda v, w, s, c, g, h, k, let: Sum(sqrt(pairs(v, g, h, k, s[k])), g, h),
    "weights of data": lambda v, w, s, c, g, h, k, let: Sum(sqrt(pairs(v, g, h, k, c[g, k])), g, h) + norm2(s),
    "weights below": lambda v, w, s, c, g, h, k, let: Sum(sqrt(pairs(v, g, h, k, 1 / c[g, k]) / s[2]), g, h),
    "two squares": lambda v, w, s, c, g, h, k, let: (
        sqrt(w[1] ** 2 + w[2] ** 2) + sqrt((w[1] * s[1]) ** 2 / 2) + norm2(v)
    ),
    "two sums": lambda v, w, s, c, g, h, k, let: sqrt(Sum(w[k] ** 2, k) + Sum((v[1, k] - v[2, k]) ** 2 / s[k] ** 2, k)),
    "a sum of two": lambda v, w, s, c, g, h, k, let: Sum(
        sqrt(Sum((v[g, k] - v[h, k]) ** 2 + s[k] ** 2 * (c[g, k] - c[h, k]) ** 2, k)), g, h
    ),
    "powers": lambda v, w, s, c, g, h, k, let: Sum(
        pairs(v, g, h, k) ** Rational(1, 2) + pairs(v, g, h, k) ** Rational(3, 2) * s[1], g, h
    ),
    "power 3/4": lambda v, w, s, c, g, h, k, let: Sum(pairs(v, g, h, k, s[k] ** 2) ** Rational(3, 4), g, h),
    "a given distance as data": lambda v, w, s, c, g, h, k, let: (
        Sum((sqrt(pairs(v, g, h, k)) - c[g, 1]) ** 2, g, h) + norm2(s)
    ),
    "t-SNE": lambda v, w, s, c, g, h, k, let: Sum(log(1 + sqrt(pairs(v, g, h, k))) / (1 + norm2(s)), g, h),
    "triplets": lambda v, w, s, c, g, h, k, let: (
        Sum(Max(0, 1 + sqrt(pairs(v, g, h, k)) - norm(v[1, :] - v[3, :])), g, h) + norm2(s)
    ),
    "named differences": lambda v, w, s, c, g, h, k, let: Sum(
        sqrt(Sum(let(g, k, v[g, k] - v[2, k] * s[1] / s[1]) ** 2, k)), g
    ),
    "tower": lambda v, w, s, c, g, h, k, let: (
        sqrt(Sum(let(g, sqrt(Sum((v[g, k] - v[2, k]) ** 2, k))) ** 2, g) + norm2(w)) + norm2(s)
    ),
    "residual of a mean": lambda v, w, s, c, g, h, k, let: (
        Sum(sqrt(Sum((v[g, k] - let(k, Sum(v[h, k], h) / 3)) ** 2, k) + norm2(w)), g) + norm2(s)
    ),
    "absolute": lambda v, w, s, c, g, h, k, let: Sum(sqrt(Sum(Abs(v[g, k] - v[h, k]) ** 2, k)) * s[1], g, h),
}


def built(cost: Cost) -> tuple[Any, str, Any]:
    with Model("distances") as model:
        G, n = model.sizes("G n")
        g, h, k = model.indices("g h k")
        c = model.data(c=(G, n))
        v, w, s = model.parameters(v=(G, n), w=(n,), s=(n,))
        model.assume(n >= 2, G >= 3)
        r = model.variables("r")

        def let(*at: Any) -> Any:
            index = tuple(x for x in at if x in (g, h, k))
            if len(index) < len(at):
                r[index] = at[-1]
            return r[index]

        model.minimise(cost(v, w, s, c, g, h, k, let) + norm2(w) + 0 * Sum(c[g, k], g, k))
    derivation = derive(model)
    text = render_module(derivation, source="distances.py", digest="0")
    return derivation, text, load(text, "distances")


def arrays(seed: int) -> dict[str, Any]:
    """Entries that every float type holds: two rows of v are equal, all of w is 0."""
    dice = np.random.default_rng(seed)
    v, c = (dice.integers(1, 9, size=(POINTS, WIDTH)) / 8 for _ in range(2))
    v[1] = v[0] if seed % 2 else v[2]
    return {"v": v, "w": np.zeros(WIDTH), "s": dice.integers(3, 9, size=WIDTH) / 4, "c": c}


def true_slopes(derivation: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Central differences of the objective, unrolled by an interpreter that shares nothing with the derivation."""
    oracle = Oracle(derivation.system, lambda name: {"G": POINTS, "n": WIDTH}[name], lambda name, l: 0)
    formula = oracle.objective()
    places = {
        sympy.Symbol("_".join([name, *(str(q + 1) for q in at)]), real=True): (name, at)
        for name, array in values.items()
        for at in product(*map(range, array.shape))
    }
    letters = list(places)
    function = sympy.lambdify(letters, formula, "mpmath")
    with mpmath.workdps(60):
        point = [mp.mpf(float(values[name][at])) for name, at in places.values()]
        found = {name: np.zeros(array.shape) for name, array in values.items()}
        for q, (name, at) in enumerate(places.values()):
            ends = [function(*point[:q], point[q] + step, *point[q + 1 :]) for step in (mp.mpf(STEP), -mp.mpf(STEP))]
            found[name][at] = float((ends[0] - ends[1]) / (2 * mp.mpf(STEP)))
    return found


@pytest.mark.parametrize("case", COSTS)
def test_slopes_at_distance_0(case: str) -> None:
    derivation, _, module = built(COSTS[case])
    assert agree(derivation.system, derivation, module).good
    for seed, dtype in product((0, 1), (np.float32, np.float64)):
        values = arrays(seed)
        want = true_slopes(derivation, values)
        given = {name: array.astype(dtype) for name, array in values.items()}
        data = {"c": given.pop("c")}
        with np.errstate(all="raise"), warnings.catch_warnings():
            warnings.simplefilter("error")
            slopes = module.cost_and_gradient(given, **data)[1]
        for name, slope in slopes.items():
            assert slope.dtype == dtype
            digits = 1e-5 if dtype == np.float32 else 1e-13
            assert np.allclose(slope, want[name], rtol=digits, atol=digits), name


@pytest.mark.parametrize(
    ("cost", "at_1"),
    [
        (lambda v, w, s, c, g, h, k, let: sqrt(s[1] * v[1, 1] ** 2 + s[2] * v[1, 2] ** 2), (1, -1)),  # 0, not flat
        (lambda v, w, s, c, g, h, k, let: sqrt(sqrt(Sum(w[k] ** 2, k))) + norm2(v) + norm2(s), (1, 1)),
        (lambda v, w, s, c, g, h, k, let: Sum(w[k] ** 2, k) ** Rational(1, 4) + norm2(v) + norm2(s), (1, 1)),
    ],
    ids=["signs", "root of a root", "fourth root"],
)
def test_slopes_that_are_infinite_are_said(cost: Cost, at_1: tuple[int, int]) -> None:
    module = built(cost)[2]
    given = {"v": np.ones((POINTS, WIDTH)), "w": np.zeros(WIDTH), "s": np.array(at_1, float)}
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="is not finite"):
        module.cost_and_gradient(given, c=np.ones((POINTS, WIDTH)))


def test_code_that_is_wrong_at_distance_0_is_rejected() -> None:
    derivation, text, _ = built(COSTS["Matern"])
    guard = "np.where(norm2_v_s == 0, 1, norm2_v_s)"
    assert guard in text
    for wrong in ("norm2_v_s", "np.where(norm2_v_s == 0, 1, 2 * norm2_v_s)"):
        assert not agree(derivation.system, derivation, load(text.replace(guard, wrong), "wrong")).good
