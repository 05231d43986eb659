"""Diagonals are read as arrays: no loop runs over a letter that stands twice in an entry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_gather import drawn
from trial import judged

from codegen.render import render_module
from derive import Model, Sum, derive
from verify.run import load

MODEL = """from sympy import exp, log

from derive import Model, Sum
from derive.library import softmax

with Model("diagonal") as model:
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(n, m, n), y=(m,))
    W, v = model.parameters(W=(n, n), v=(n,))
    B, c, q = model.variables("B c q")
    model.assume(n >= 2)
    B[j, i, k] = exp(W[j, k] / 4) * x[j, i, k]
    q[j, k] = softmax(W[j, k], k)
    c[i] = {value}
    model.minimise(Sum((c[i] - y[i]) ** 2, i))
"""
VALUES = {
    "a trace": "Sum(W[j, j], j) * y[i] + Sum(v[j] ** 2, j)",
    "beside an axis": "Sum(B[j, i, j] * v[j], j)",
    "with a summed axis": "Sum(B[j, k, j] * v[j], j, k) * y[i]",
    "of a neighbour": "Sum(W[j, j + 1] * x[j, i, j + 1], (j, 1, n - 1)) + Sum(v[j] ** 2, j)",
    "in a logarithm": "Sum(log(q[j, j]), j) * y[i] + Sum(v[j] ** 2, j)",
}


@pytest.mark.parametrize("value", VALUES)
def test_a_diagonal_is_an_array(value: str, tmp_path: Path) -> None:
    path = tmp_path / "diagonal.py"
    assert judged(path, MODEL.format(value=VALUES[value])).kind == "RIGHT"


def test_a_trace_is_no_loop() -> None:
    with Model("trace") as model:
        n = model.sizes("n")
        j = model.indices("j")
        x, w = model.data(x=(n, n)), model.parameters(w=(n, n))
        model.minimise(Sum(w[j, j] * x[j, j], j) ** 2)
    text = render_module(derive(model), source="trace.py", digest="-")
    assert "for j in" not in text
    x, w = drawn(3, 3), drawn(3, 3, seed=1)
    J, gradient = load(text, "trace").cost_and_gradient({"w": w}, x=x)
    whole = np.sum(np.diag(w) * np.diag(x))
    np.testing.assert_allclose(J, whole**2)
    np.testing.assert_allclose(gradient["w"], 2 * whole * np.diag(np.diag(x)))
