"""The norm of a vector has the slope 0 at 0, in generated code, without warnings; nothing else gets a value by it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sympy import sqrt

from codegen.render import render_module
from derive import Model, Sum, derive, norm, norm2
from verify.agreement import agree
from verify.run import load

COSTS: dict[str, Callable[..., Any]] = {
    "whole": lambda x, w, v, g, k, let: norm(v) + norm(w),
    "group lasso": lambda x, w, v, g, k, let: Sum(sqrt(Sum(v[g, k] ** 2, k)), g) + norm2(w),
    "named norm": lambda x, w, v, g, k, let: Sum(let(g, sqrt(Sum(v[g, k] ** 2, k))) * (1 + let(g)), g) + norm2(w),
    "named squares": lambda x, w, v, g, k, let: Sum(sqrt(let(g, Sum(v[g, k] ** 2, k))), g) + norm2(w),
    "weighted": lambda x, w, v, g, k, let: Sum(sqrt(Sum(x[g, k] ** 2 * w[k] ** 2, k) / 2), g) + norm2(v),
    "residual": lambda x, w, v, g, k, let: norm(x @ w) + norm(v @ w),
    "part": lambda x, w, v, g, k, let: sqrt(Sum(v[g, k] ** 2, g, (k, 2, 3)) + w[1] ** 2),
}


def built(cost: Callable[..., Any]) -> tuple[Any, str, Any]:
    with Model("norms") as model:
        n, G = model.sizes("n G")
        g, k = model.indices("g k")
        x = model.data(x=(G, n))
        w, v = model.parameters(w=(n,), v=(G, n))
        model.assume(n >= 3)
        r = model.variables("r")

        def let(index: Any, *value: Any) -> Any:
            if value:
                r[index] = value[0]
            return r[index]

        model.minimise(cost(x, w, v, g, k, let) + 0 * Sum(x[g, k], g, k))
    derivation = derive(model)
    text = render_module(derivation, source="norms.py", digest="0")
    return derivation, text, load(text, "norms")


@pytest.mark.parametrize("case", COSTS)
def test_norms_have_the_slope_0_at_0(case: str) -> None:
    derivation, _, module = built(COSTS[case])
    assert agree(derivation.system, derivation, module).good
    for dtype in (np.float32, np.float64):
        x = np.arange(6.0, dtype=dtype).reshape(2, 3)
        v = np.zeros((2, 3), dtype)
        with np.errstate(all="raise"), warnings.catch_warnings():
            warnings.simplefilter("error")
            J, slopes = module.cost_and_gradient({"w": np.zeros(3, dtype), "v": v}, x=x)
            assert J == 0
            assert not any(s.any() for s in slopes.values())
            v[1] = 3, 0, 4
            slopes = module.cost_and_gradient({"w": np.zeros(3, dtype), "v": v}, x=x)[1]
        assert all(s.dtype == dtype and np.isfinite(s).all() for s in slopes.values())
        if case == "group lasso":
            assert np.allclose(slopes["v"], [[0, 0, 0], [0.6, 0, 0.8]])


@pytest.mark.parametrize(
    "cost",
    [
        lambda x, w, v, g, k, let: sqrt(w[1]) + norm2(v),  # no square
        lambda x, w, v, g, k, let: w[1] * sqrt(Sum(w[k] ** 4, k)) + Sum(v[g, k] / sqrt(Sum(w[k] ** 2, k)), g, k),
        lambda x, w, v, g, k, let: Sum(w[k] * v[1, k], k) / norm(w),  # the model itself divides by the norm
        lambda x, w, v, g, k, let: sqrt(1 + norm2(w)) + norm2(v),  # never 0
        lambda x, w, v, g, k, let: sqrt(norm2(w) + v[1, 1]),  # no sum of squares
    ],
)
def test_no_other_quotient_is_touched(cost: Callable[..., Any]) -> None:
    assert "== 0, 1," not in built(cost)[1]


def squashed(w: Any, k: Any, r: Any) -> Any:
    """w |w| / (1 + |w|^2), as capsules have it: at w = 0 the equation divides by 0."""
    return norm2(w) / (1 + norm2(w)) * w[k] / sqrt(Sum(w[r] ** 2, r))


def test_where_the_model_divides_by_0_there_is_nothing_to_compare() -> None:
    derivation, _, module = built(lambda x, w, v, g, k, let: Sum((squashed(w, k, g) - x[1, k]) ** 2, k) + norm2(v))
    assert agree(derivation.system, derivation, module).good
    with np.errstate(invalid="ignore"), pytest.raises(FloatingPointError):
        module.cost({"w": np.zeros(3), "v": np.zeros((2, 3))}, x=np.ones((2, 3)))


def test_nan_where_the_equations_have_a_value_is_wrong() -> None:
    derivation, text, _ = built(COSTS["group lasso"])
    unguarded, count = re.subn(r"np\.where\((\w+) == 0, 1, \1\)", r"\1", text)
    assert count
    assert not agree(derivation.system, derivation, load(unguarded, "norms")).good
