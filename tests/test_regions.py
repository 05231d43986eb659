"""Ranges that move with another index, places computed from data, grids: right against brute force, and as code."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_gather import drawn, loaded
from trial import judged

HEAD = """from sympy import Eq, Piecewise, exp, log, sqrt, tanh

from derive import Max, Min, Model, Sum

with Model("trial") as model:
    m, n, T = model.sizes("m n T")
    h, i, j, k, s, t, u = model.indices("h i j k s t u")
"""

MOVING = {
    "triangle": """
    x, y = model.data(x=(m, n), y=(m, n))
    w = model.parameters(w=(n, n))
    z = model.variables("z")
    z[i, j] = Sum(w[j, k] * x[i, k], (k, 1, j))
    model.minimise(Sum((z[i, j] - y[i, j]) ** 2, i, j) / m)
""",
    "objective over a triangle": """
    y = model.data(y=(n, n))
    w = model.parameters(w=(n, n))
    model.minimise(Sum((w[i, j] - y[i, j]) ** 2, i, (j, 1, i)))
""",
    "pairs": """
    x, y = model.data(x=(m, n), y=(m,))
    w = model.parameters(w=(n,))
    z = model.variables("z")
    z[i] = Sum(w[k] * x[i, k], k)
    model.minimise(Sum(log(1 + exp(-(z[i] - z[j]) * y[i])), i, (j, i + 1, m)) / m)
""",
    "causal attention": """
    x, y = model.data(x=(m, T, n), y=(m, T, n))
    q, r, v = model.parameters(q=(n, n), r=(n, n), v=(n, n))
    a, b, f, e, c, o = model.variables("a b f e c o")
    a[i, t, h] = Sum(q[h, k] * x[i, t, k], k)
    b[i, t, h] = Sum(r[h, k] * x[i, t, k], k)
    f[i, t, h] = Sum(v[h, k] * x[i, t, k], k)
    e[i, t, u] = Sum(a[i, t, h] * b[i, u, h], h) / sqrt(n)
    c[i, t] = Sum(exp(e[i, t, u]), (u, 1, t))
    o[i, t, h] = Sum(exp(e[i, t, u]) / c[i, t] * f[i, u, h], (u, 1, t))
    model.minimise(Sum((o[i, t, h] - y[i, t, h]) ** 2, i, t, h) / m)
""",
}

MOVING |= {
    "cumulative sums": """
    x, y = model.data(x=(m, T), y=(m, T))
    w = model.parameters(w=(T,))
    z, c = model.variables("z c")
    z[i, t] = tanh(w[t] * x[i, t])
    with model.over(t, 1, T):
        c[i, t] = Sum(z[i, s], (s, 1, t)) + Sum(z[i, s] ** 2, (s, t, T)) + Sum(x[i, s] * z[i, s], (s, 1, t)) / t
    model.minimise(Sum((c[i, t] - y[i, t]) ** 2, i, t) / m)
""",
    "softmax over the past": """
    x = model.data(x=(m, T))
    w, v = model.parameters(w=(T, T), v=(T,))
    z, c = model.variables("z c")
    z[i, t, u] = w[t, u] * x[i, t]
    c[i, t] = Sum(exp(z[i, t, u]) * v[u], (u, 1, t)) / Sum(exp(z[i, t, u]), (u, 1, t))
    model.minimise(Sum(c[i, t] ** 2, i, t))
""",
    "what is left": """
    x = model.data(x=(m, n))
    w = model.parameters(w=(n,))
    z = model.variables("z")
    z[i, j] = w[j] * x[i, j]
    model.minimise(-Sum(z[i, j] - log(Sum(exp(z[i, k]), (k, j, n))), i, j) / m)
""",
    "extremes": """
    x = model.data(x=(m, n))
    w = model.parameters(w=(n, n))
    c = model.variables("c")
    with model.over(t, 1, n):
        c[i, t] = Max(w[t, u] * x[i, u], (u, 1, t)) + Min(w[u, t] * x[i, u], (u, t, n))
    model.minimise(Sum(c[i, t] ** 2, i, t))
""",
    "three in order": """
    x = model.data(x=(n,))
    w = model.parameters(w=(n, n))
    model.minimise(Sum(tanh(w[s, t]) * w[t, u] * x[u], (s, 1, n), (t, s, n), (u, t, n)))
""",
    "quotients off the diagonal": """
    x = model.data(x=(m, n))
    w = model.parameters(w=(n, n))
    c = model.variables("c")
    c[i, t] = Sum(1 / (x[i, t] - x[i, u]) * w[t, u], (u, 1, t - 1))
    model.minimise(Sum(c[i, t] ** 2, i, (t, 1, n)))
""",
    "a filter": """
    x = model.data(x=(m, n))
    w = model.parameters(w=(n,))
    z, c = model.variables("z c")
    z[i, t] = tanh(x[i, t] * w[t])
    with model.over(t, 1, n):
        c[i, t] = Sum(w[k] * z[i, t - k + 1], (k, 1, t))
    model.minimise(Sum(c[i, t] ** 2, i, t))
""",
    "windows": """
    c = model.sizes("c")
    model.assume(T >= 2 * c + 1)
    x, y, g = model.data(x=(m, T), y=(m, T), g=(c,))
    w = model.parameters(w=(T,))
    z, o = model.variables("z o")
    z[i, t] = tanh(w[t] * x[i, t])
    with model.over(t, c + 1, T - c):
        o[i, t] = Sum(z[i, s], (s, t - c, t + c))
    model.minimise(Sum((o[i, t] - y[i, t]) ** 2, i, (t, c + 1, T - c)) / m)
""",
}

MOVING |= {
    "all earlier states, counted from 0": """
    x = model.data(x=(m, n))
    w = model.parameters(w=(n, n))
    z = model.variables("z")
    z[i, 0] = x[i, 1]
    with model.over(t, 1, n):
        z[i, t] = tanh(x[i, t] + Sum(w[t, u] * z[i, u - 1], (u, 1, t)))
    model.minimise(Sum(z[i, t] ** 2, i, (t, 1, n)))
""",
}

OUTSIDE = """
    x = model.data(x=(m, n))
    w = model.parameters(w=(n, n))
    c = model.variables("c")
    c[i, t] = Sum(tanh(w[t, u]) * x[i, t - u + 1], (u, 1, t))
    model.minimise(Sum(c[i, t] ** 2, i, t))
"""

PLACES = {
    "an affine place": """
    x = model.data(x=(m, n + 1))
    label = model.integers(label=(m,), over=(1, n))
    w = model.parameters(w=(n + 1,))
    z = model.variables("z")
    z[i] = w[label[i] + 1] * x[i, label[i] + 1] + w[label[i]]
    model.minimise(Sum(z[i] ** 2, i) / m)
""",
    "a lag": """
    model.assume(T >= n + 1)
    x, g = model.data(x=(m, T), g=(n,))
    lag = model.integers(lag=(m,), over=(1, n))
    w = model.parameters(w=(T,))
    z = model.variables("z")
    with model.over(t, n + 1, T):
        z[i, t] = w[t - lag[i]] * x[i, t - lag[i]] - x[i, t]
    model.minimise(Sum(z[i, t] ** 2, i, t) / m + Sum(g[k], k))
""",
    "a value": """
    x = model.data(x=(m, n))
    count = model.integers(count=(m,), over=(0, n))
    w = model.parameters(w=(n,))
    z = model.variables("z")
    z[i] = Sum(w[k] * x[i, k], k)
    model.minimise(Sum(exp(z[i]) - count[i] * z[i] + (1 + count[i]) ** 2, i) / m)
""",
    "a comparison": """
    x = model.data(x=(m, n))
    label = model.integers(label=(m,), over=(1, n))
    w = model.parameters(w=(n,))
    z = model.variables("z")
    z[i, j] = w[j] * x[i, j]
    hit = Piecewise((log(1 + z[i, j] ** 2), Eq(label[i], j)), (z[i, j] ** 2, label[i] <= j), (z[i, j], True))
    model.minimise(Sum(hit, i, j) / m)
""",
}

RIGHT = {**MOVING, **PLACES}


@pytest.mark.parametrize("name", RIGHT)
def test_the_gradient_is_right(name: str, tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + RIGHT[name])
    assert found.kind == "RIGHT", found.why


def test_what_may_be_read_outside_is_refused(tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + OUTSIDE)
    assert found.kind == "REFUSED" and "may be read outside of 1..n" in found.why


def model_of(text: str, path: Path) -> Any:
    path.write_text(HEAD + text)
    return runpy.run_path(str(path))["model"]


def test_running_sums_are_cumsum_and_masks_triangles(tmp_path: Path) -> None:
    _, text = loaded(model_of(MOVING["cumulative sums"], tmp_path / "trial.py"))
    assert "np.cumsum(z, axis=1)" in text and "np.cumsum((z**2)[:, ::-1], axis=1)[:, ::-1]" in text
    _, text = loaded(model_of(MOVING["softmax over the past"], tmp_path / "trial.py"))
    assert "np.exp(np.where(np.tri(T, dtype=bool), z - z_max[:, :, None], -np.inf))" in text
    assert "for " not in text[text.index("def _forward") : text.index("def forward")]


@pytest.mark.parametrize("name", ["softmax over the past", "what is left"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exponentials_beyond_the_range_do_not_overflow(name: str, dtype: Any, tmp_path: Path) -> None:
    module, _ = loaded(model_of(MOVING[name], tmp_path / "trial.py"))
    size = (5, 5) if name == "softmax over the past" else (5,)
    parameters = {"w": 1e4 * drawn(*size).astype(dtype)}
    if len(size) == 2:
        parameters["v"] = drawn(5, seed=1).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J, gradient = module.cost_and_gradient(parameters, x=drawn(3, 5, seed=2).astype(dtype))
    assert np.isfinite(J) and J.dtype == dtype
    assert all(np.isfinite(slope).all() and slope.dtype == dtype for slope in gradient.values())
