"""Recurrences that hold for every number of steps: nothing about sizes is declared, and one step agrees as many do."""

from __future__ import annotations

from pathlib import Path

import pytest
from trial import judged

HEAD = """from sympy import *
from derive import *
from derive.library import *
with Model("trial", "A trial.") as model:
    m, n, p, T, S = model.sizes("m n p T S")
    i, j, k, t, s = model.indices("i j k t s")
"""

MODELS = {
    "a state whose beginning depends on no parameter": """
    r = model.data(r=(T,))
    mu, w, a, b = model.parameters(mu=(), w=(), a=(), b=())
    e, v = model.variables("e v")
    e[t] = r[t] - mu
    v[1] = Sum(r[t] ** 2, t) / T
    with model.over(t, 2, T):
        v[t] = exp(w) + exp(a) * e[t - 1] ** 2 + exp(b) * v[t - 1]
    model.minimise(Sum(log(v[t]) + e[t] ** 2 / v[t], t) / 2)
""",
    "rounds of routing": """
    x, y, dummy = model.data(x=(m, n), y=(p,), dummy=(T,))
    W = model.parameters(W=(p, n))
    z, g, c, o = model.variables("z g c o")
    z[i, j] = Sum(W[j, k] * x[i, k], k)
    g[1, i, j] = 0
    with model.over(t, 1, T):
        c[t, i, j] = softmax(g[t, i, j], j)
        o[t, j] = Sum(c[t, i, j] * z[i, j], i)
    with model.over(t, 2, T):
        g[t, i, j] = g[t - 1, i, j] + o[t - 1, j] * z[i, j]
    model.minimise(Sum((o[T, j] - y[j]) ** 2, j) / m)
""",
}


@pytest.mark.parametrize("body", MODELS.values(), ids=MODELS.keys())
def test_agrees_from_the_smallest_sizes_on(body: str, tmp_path: Path) -> None:
    outcome = judged(tmp_path / "trial.py", HEAD + body)
    assert outcome.kind == "RIGHT", outcome
