"""Mistakes that show at long axes, at large data or very close to a kink only, and right code that must pass there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import tanh

from derive import Max, Model, Sum
from derive.library import binary_cross_entropy, sigmoid
from verify.foreign.check import check_gradient


def states() -> Model:
    """A recurrence in time, a hinge, and a cost that grows with the data."""
    with Model("states") as model:
        m, T = model.sizes("m T")
        i, t = model.indices("i t")
        x, y = model.data(x=(m, T), y=(m,))
        u, v = model.parameters(u=(), v=())
        h = model.variables("h")

        h[i, 0] = 0
        h[i, t] = tanh(u * h[i, t - 1] + x[i, t])
        model.minimise(Sum((h[i, T] - y[i]) ** 2, i) / m + Sum(Max(0, v * y[i] + 1), i) / m)
    return model


def gradient(
    u: Any, v: Any, x: Any, y: Any, *, steps: int = 1000, samples: int = 1000, most: float = np.inf, least: float = 0.0
) -> tuple[Any, Any, Any]:
    """J, dJ/du and dJ/dv, right with the defaults."""
    m, T = x.shape
    h = [np.zeros(m)]
    for t in range(T):
        h.append(np.tanh(u * h[-1] + x[:, t]))
    gap = v * y + 1
    J = ((h[T] - y) ** 2).sum() / m + np.maximum(gap, 0).sum() / m
    dh, du = 2 * (h[T] - y) / m, 0.0
    for t in range(T, max(0, T - steps), -1):
        dz = dh * (1 - h[t] ** 2)
        du = du + (dz * h[t - 1]).sum()
        dh = u * dz
    dv = (y * (gap > least))[:samples].sum() / m
    return J, du, dv if most == np.inf else np.clip(dv, -most, most)


MISTAKES = {
    "truncated in time": {"steps": 10},
    "samples forgotten": {"samples": 32},
    "cut off": {"most": 1000.0},
    "kink moved": {"least": 1e-8},
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_that_shows_far_away_is_found(name: str) -> None:
    def wrong(u: Any, v: Any, x: Any, y: Any) -> Any:
        return gradient(u, v, x, y, **MISTAKES[name])

    assert check_gradient(wrong, against=states()).word == "WRONG"


def test_right_code_passes_there() -> None:
    def right(u: Any, v: Any, x: Any, y: Any) -> Any:
        return gradient(u, v, x, y)

    verdict = check_gradient(right, against=states())
    assert verdict.word == "right"
    assert verdict.white


def test_probabilities_may_be_cut_off_where_functions_are_saturated() -> None:
    with Model("logistic") as model:
        m, n = model.sizes("m n")
        i, k = model.indices("i k")
        x, y = model.data(x=(m, n), y=(m,))
        w = model.parameters(w=(n,))
        a = model.variables("a")

        a[i] = sigmoid(Sum(w[k] * x[i, k], k))
        model.minimise(Sum(binary_cross_entropy(a[i], y[i]), i) / m)

    def careful(w: Any, x: Any, y: Any) -> Any:
        a = np.clip(1 / (1 + np.exp(-(x @ w))), 1e-15, 1 - 1e-15)
        return -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum() / len(x), (a - y) @ x / len(x)

    assert check_gradient(careful, against=model).word == "right"
