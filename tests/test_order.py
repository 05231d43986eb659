"""The order of computation of recurrences that need each other, without facts about sizes; right at every size."""

from __future__ import annotations

from pathlib import Path

import pytest
from trial import judged

HEAD = """from sympy import exp, sin, sqrt, tanh

from derive import Max, Min, Model, Sum

with Model("trial") as model:
    m, n, L, T = model.sizes("m n L T")
    i, j, k, l, s, t = model.indices("i j k l s t")
"""

COUPLING = """
    model.assume(L >= {least})
    x, y = model.data(x=(n,), y=(n,))
    w = model.parameters(w=(L,))
    u, v, q = model.variables("u v q")
    u[0, j] = x[j]
    v[0, j] = y[j]
    with model.over(l, 1, L):
        q[l, j] = sin(w[l] * u[l - 1, j])
        u[l, j] = v[l - 1, j] * q[l, j]
        v[l, j] = u[l - 1, j]
    model.minimise(Sum(u[L, j] ** 2 + v[L, j] ** 2, j))
"""

RIGHT = {
    "coupling": COUPLING.format(least=2),
    "deep coupling": COUPLING.format(least=4),
    "layers over time": """
    model.assume(T >= 2)
    x = model.data(x=(T, n))
    a, b, h0 = model.parameters(a=(L, n), b=(L, n), h0=(L, n))
    h, c = model.variables("h c")
    with model.over(t, 1, T):
        h[t, 0, j] = x[t, j]
    h[0, 0, j] = 0
    h[0, l, j] = h0[l, j]
    c[0, l, j] = h0[l, j] ** 2
    with model.over(t, 1, T):
        c[t, l, j] = c[t - 1, l, j] * tanh(a[l, j] * h[t, l - 1, j])
        h[t, l, j] = c[t, l, j] + sin(b[l, j] * h[t - 1, l, j])
    model.minimise(Sum(h[t, L, j] ** 2, (t, 1, T), j))
""",
    "a sum over what came before": """
    x = model.data(x=(T, n))
    w = model.parameters(w=(n,))
    a = model.variables("a")
    with model.over(t, 1, T):
        a[t] = Sum(w[j] * x[t, j], j) + Sum(sin(a[s]), (s, 1, t - 1))
    model.minimise(Sum(a[t] ** 2, t))
""",
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_gradient_is_right(name: str, tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + RIGHT[name])
    assert found.kind == "RIGHT", found.why
