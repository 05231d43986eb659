"""Variables whose equations are written place by place, and boundaries that take their range from the interior."""

from __future__ import annotations

from pathlib import Path

import pytest
from trial import judged

HEAD = """from sympy import exp, sin

from derive import Model, Sum

with Model("trial") as model:
    m, n = model.sizes("m n")
    i, j, k, t = model.indices("i j k t")
"""

RIGHT = {
    "read by a sum": """
    x, y = model.data(x=(m, n), y=(m, 3))
    w = model.parameters(w=(3, n))
    c = model.variables("c")
    c[i, 1] = sin(Sum(w[1, j] * x[i, j], j))
    c[i, 2] = Sum(w[2, j] * x[i, j], j) * c[i, 1]
    c[i, 3] = Sum(w[3, j] * x[i, j], j) ** 2 + c[i, 2]
    model.minimise(Sum((c[i, k] - y[i, k]) ** 2, i, (k, 1, 3)))
""",
    "one of them fixed": """
    x, y = model.data(x=(m, n), y=(m,))
    w = model.parameters(w=(3, n))
    c = model.variables("c")
    c[i, 1] = sin(Sum(w[1, j] * x[i, j], j))
    c[i, 2] = 1
    c[i, 3] = Sum(w[3, j] * x[i, j], j) ** 2
    model.minimise(Sum((c[i, 1] + c[i, 2] * c[i, 3] - y[i]) ** 2, i))
""",
    "the range of the sum follows": """
    y = model.data(y=(m,))
    w = model.parameters(w=(2,))
    c = model.variables("c")
    c[1] = sin(w[1])
    c[2] = exp(w[2] * c[1])
    model.minimise(Sum((c[1] + c[2] * y[i]) ** 2, i) + Sum(c[k], k))
""",
    "the range of a boundary follows": """
    x, y = model.data(x=(m, n), y=(m,))
    w = model.parameters(w=(n,))
    u = model.variables("u")
    u[0, 0] = 0
    u[0, j] = 0
    with model.over(t, 1, m):
        u[t, 0] = y[t]
        u[t, j] = sin(w[j] * u[t - 1, j]) + x[t, j] * u[t, j - 1]
    model.minimise(Sum(u[m, j] ** 2, (j, 1, n)))
""",
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_gradient_is_right(name: str, tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + RIGHT[name])
    assert found.kind == "RIGHT", found.why


def test_an_index_of_the_left_side_has_the_range_at_which_it_is_read(tmp_path: Path) -> None:
    body = """
    w = model.parameters(w=(n,))
    u = model.variables("u")
    u[1, j] = 2
    u[2, j] = w[1]
    model.minimise(Sum(u[2, j], (j, 1, n)))
"""
    found = judged(tmp_path / "trial.py", HEAD + body)
    assert found.kind == "RIGHT", found.why
