"""What a generated module accepts as a number, and what it says of results that are none."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sympy import log, sqrt

from codegen.render import render_module
from derive import Model, Sum, derive
from verify.run import load

X = {"x": np.array([1.0, 2.0, 4.0])}
SMALL = {"x": X["x"].astype(np.float32)}


@pytest.fixture(scope="module")
def line() -> ModuleType:
    with Model("line", "A line through the logarithm of b.") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x, c = model.data(x=(m,), c=())
        b, w = model.parameters(b=(), w=())
        model.minimise(Sum((w * x[i] + log(b) - c) ** 2, i) + sqrt(w))
    return load(render_module(derive(model), source="line.py", digest="0"), "line")


NUMBERS = (2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.array(2), np.array(2.0, np.float32))


@pytest.mark.parametrize("two", NUMBERS, ids=lambda two: f"{type(two).__name__} {np.asarray(two).dtype}")
def test_any_number_is_a_scalar_parameter_or_datum(line: ModuleType, two: Any) -> None:
    wanted = sum((2 * x + np.log(2) - 2) ** 2 for x in X["x"]) + np.sqrt(2)
    J, gradient = line.cost_and_gradient({"b": two, "w": two}, **X, c=two)
    assert J == pytest.approx(wanted) == line.cost({"b": two, "w": 2.0}, **X, c=2)
    assert J.dtype == np.float64
    at = line.objective({"b": two, "w": two}, **X, c=two)(np.array([2.0, 2.0]))
    assert at[0] == pytest.approx(wanted)
    assert at[1] == pytest.approx([gradient["b"], gradient["w"]])
    moved, _ = line.train({}, **X, c=two, rate=0.01, epochs=1, parameters={"b": two, "w": two})
    assert moved["b"] == pytest.approx(2 - 0.01 * gradient["b"])


def test_numbers_take_the_type_of_the_arrays(line: ModuleType) -> None:
    J, gradient = line.cost_and_gradient({"b": 2, "w": np.float64(2)}, **SMALL, c=1.0)
    assert {J.dtype, gradient["b"].dtype, gradient["w"].dtype} == {np.dtype(np.float32)}


WRONG = (True, "2", None, [2.0], np.ones(1), np.nan, np.inf, 2j, {})


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_what_is_no_number_is_refused_by_name(line: ModuleType, wrong: Any) -> None:
    for call in (line.cost, line.cost_and_gradient, line.objective):
        with pytest.raises(ValueError, match="b must be a finite number, not"):
            call({"b": wrong, "w": 2.0}, **X, c=1.0)
        with pytest.raises(ValueError, match="c must be a finite number, not"):
            call({"b": 1.0, "w": 2.0}, **X, c=wrong)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_number_too_large_for_the_type_is_refused(line: ModuleType) -> None:
    with pytest.raises(ValueError, match="w must be a finite number, not 1e\\+300"):
        line.cost({"b": 1.0, "w": 1e300}, **SMALL, c=1.0)


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero", "ignore:overflow")
def test_a_cost_or_a_gradient_that_is_not_finite_is_an_error(line: ModuleType) -> None:
    for call in (line.cost, line.cost_and_gradient):
        with pytest.raises(FloatingPointError, match="the cost J is not finite"):
            call({"b": -1.0, "w": 2.0}, **X, c=1.0)
    assert np.isfinite(line.cost({"b": 1.0, "w": 0.0}, **X, c=1.0))
    with pytest.raises(FloatingPointError, match="the derivative by w is not finite"):
        line.cost_and_gradient({"b": 1.0, "w": 0.0}, **X, c=1.0)
    with pytest.raises(FloatingPointError, match="no start led to a finite cost; a smaller rate may"):
        line.train({}, **X, c=1.0, rate=1e9, epochs=3, parameters={"b": 1.0, "w": 2.0})


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
def test_a_start_without_a_cost_gives_way_to_the_others(line: ModuleType) -> None:
    """Small random numbers of either sign: the logarithm or the root has no value at some of the starts."""
    costs = []
    for seed in range(12):
        start = line.initial({}, seed)
        costs.append(line.cost(start, **X, c=1.0) if min(start["b"], start["w"]) > 0 else np.inf)
    first = next(q for q in range(12) if np.isinf(costs[q]) and np.isfinite(costs[q + 1 :]).any())
    best, _ = line.train({}, **X, c=1.0, rate=0.0, epochs=0, restarts=12 - first, seed=first)
    assert line.cost(best, **X, c=1.0) == min(costs[first:])
