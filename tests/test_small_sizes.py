"""Boundaries beside an interior of any size, 1 included: conditions stay where sizes do not order their ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from trial import judged

HEAD = """from sympy import sin

from derive import Model, Sum

with Model("trial") as model:
    m, n, T = model.sizes("m n T")
    i, j, k, t = model.indices("i j k t")
"""

RIGHT = {
    "zeros at both ends": """
    x, y = model.data(x=(n,), y=(n + 1,))
    a, w = model.parameters(a=(), w=(n,))
    z, q = model.variables("z q")
    z[0] = 0
    z[i] = sin(w[i]) * x[i]
    z[n + 1] = 0
    with model.over(i, 1, n):
        q[i] = a * z[i - 1] - 2 * z[i] ** 2 + z[i + 1]
    model.minimise(Sum(q[i] ** 2, i) + Sum(y[j], j))
""",
    "summed over the places": """
    x = model.data(x=(n, m))
    w = model.parameters(w=(m,))
    z, q = model.variables("z q")
    z[0] = 0
    z[i] = sin(Sum(w[j] * x[i, j], j))
    z[n + 1] = 1
    with model.over(i, 1, n):
        q[i] = z[i - 1] * z[i] + 3 * z[i + 1]
    model.minimise(Sum(q[i] ** 2, i))
""",
    "only neighbours": """
    x = model.data(x=(n, m))
    w = model.parameters(w=(m,))
    z, q = model.variables("z q")
    z[0] = 0
    z[i] = Sum(w[j] * x[i, j], j)
    z[n + 1] = 1
    with model.over(i, 1, n):
        q[i] = z[i - 1] * z[i + 1]
    model.minimise(Sum(q[i] ** 2, i))
""",
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_gradient_is_right(name: str, tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + RIGHT[name])
    assert found.kind == "RIGHT", found.why


def test_a_chain_may_have_one_step_only(tmp_path: Path) -> None:
    body = """
    x = model.data(x=(T, n))
    w = model.parameters(w=(n,))
    z = model.variables("z")
    z[1] = 0
    with model.over(t, 2, T):
        z[t] = sin(z[t - 1]) + Sum(w[j] * x[t, j], j)
    model.minimise(Sum(z[t] ** 2, t))
"""
    found = judged(tmp_path / "trial.py", HEAD + body)
    assert found.kind == "RIGHT", found.why
    assert judged(tmp_path / "trial.py", HEAD + "    model.assume(T >= 2)\n" + body.lstrip("\n")).kind == "RIGHT"
