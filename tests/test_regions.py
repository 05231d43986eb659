"""Ranges that move with another index, places computed from data, grids: right against brute force, and as code."""

from __future__ import annotations

from pathlib import Path

import pytest
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
