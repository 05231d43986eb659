"""Products over an index: the derivative is the product of the others, also where factors are 0."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_gather import drawn, loaded
from trial import judged

from codegen.latex.printer import Printer
from codegen.render import render_module
from derive import derive
from derive.values.text import render_expr
from verify.agreement import agree
from verify.run import load

HEAD = """import sympy
from sympy import exp, log, tanh

from derive import Model, Prod, Product, Sum, stop

with Model("trial") as model:
    m, n, p, T, L = model.sizes("m n p T L")
    h, i, j, k, l, s, t, u = model.indices("h i j k l s t u")
    x = model.data(x=(m, n))
"""

RIGHT = {
    "a product of predictions": """
    w = model.parameters(w=(n,))
    model.minimise(Sum((Product(w[k] * x[i, k], k) - 1) ** 2, i) / m)
""",
    "SymPy's product": """
    w, v = model.parameters(w=(n, p), v=(p,))
    z = model.variables("z")
    z[j] = -2 * sympy.Product(w[k, j] + x[1, k] * v[j], (k, 1, n)) + 1
    model.minimise(Sum(z[j] ** 2, j) + sympy.Product(w[j, k] ** 2 + v[k], (k, 1, p), (j, 1, n)))
""",
    "several indices, one inside the other": """
    w = model.parameters(w=(m, n))
    model.minimise(Product(w[i, k] + x[i, k], i, k) + Product(1 + Product(w[i, k], (k, 2, n)) ** 2, i))
""",
    "triangles": """
    w = model.parameters(w=(n, n))
    model.minimise(Product(w[j, k] + x[1, k], j, (k, 1, j)) + Sum(Product(w[j, k], (k, j + 1, n)) * x[1, j], j))
""",
    "inside a sum and a logarithm": """
    q = model.parameters(q=(n,))
    model.minimise(Sum(log(1 + Product(1 - q[k] * x[i, k], k) ** 2) * x[i, h] * q[h], i, h) / m)
""",
    "a second product over the same letter": """
    w = model.parameters(w=(n,))
    model.minimise(Product(w[k], k) * Sum(Product(w[k] + x[i, k], k) * Product(w[j], j), i))
""",
    "running products": """
    w = model.parameters(w=(n,))
    z, g = model.variables("z g")
    with model.over(t, 1, n):
        z[i, t] = Product(w[k] * x[i, k], (k, 1, t))
        g[i, t] = Product(w[k] + x[i, t], (k, 1, t - 1))
    model.minimise(Sum((z[i, t] + g[i, t]) ** 2, i, t) / m)
""",
    "over layers": """
    D = model.width("D")
    w = model.parameters(w=(l, D(l)), over=(l, 1, L))
    model.minimise(Sum((Product(Sum(w[l, k] ** 2, k), (l, 1, L)) * x[i, h] - 1) ** 2, i, h))
""",
    "whole arrays": """
    w = model.parameters(w=(n, p))
    model.minimise(Prod(w) + Sum((Product(x @ w, axis=1) - 1) ** 2) + Product(1 + Product(w, axis=0) ** 2))
""",
    "a power": """
    w, c = model.parameters(w=(n,), c=())
    model.minimise(Sum(Product(c * x[i, 1], (k, 1, n)) * Product(stop(w[k]) * w[k], k), i))
""",
    "a recurrence": """
    w, v = model.parameters(w=(T, n), v=(n,))
    z = model.variables("z")
    z[1, k] = tanh(v[k])
    with model.over(t, 2, T):
        z[t, k] = Product(tanh(w[t, j] * z[t - 1, j]) + v[k], j)
    model.minimise(Sum((z[T, k] - x[i, k]) ** 2, i, k))
""",
    "second derivatives": """
    w = model.parameters(w=(n,))
    g = model.gradient("g", Product(w[k] ** 2 + w[k], k), by=w)
    model.minimise(Sum((g[k] - x[i, k]) ** 2, i, k))
""",
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_gradient_is_right(name: str, tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + RIGHT[name])
    assert found.kind == "RIGHT", found.why


def model_of(name: str, path: Path) -> Any:
    path.write_text(HEAD + RIGHT[name])
    return runpy.run_path(str(path))["model"]


def without(values: Any) -> Any:
    """The product of all others in the last axis, one by one."""
    places = range(values.shape[-1])
    return np.stack([np.prod(np.delete(values, k, axis=-1), axis=-1) for k in places], axis=-1)


@pytest.mark.parametrize("zeros", [0, 1, 2, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_factors_may_be_zero(zeros: int, dtype: Any, tmp_path: Path) -> None:
    module, text = loaded(model_of("a product of predictions", tmp_path / "trial.py"))
    x, w = drawn(3, 4).astype(dtype), drawn(4, seed=1).astype(dtype)
    x[1, :zeros] = 0
    w[4 - zeros // 2 :] = 0
    J, gradient = module.cost_and_gradient({"w": w}, x=x)
    factors = w * x
    expected = 2 * ((factors.prod(axis=1) - 1)[:, None] * without(factors) * x).sum(axis=0) / 3
    assert J.dtype == gradient["w"].dtype == dtype
    np.testing.assert_allclose(gradient["w"], expected, rtol=16 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)
    assert "(w * x).prod(axis=1)" in text and "_others(w * x, axis=1)" in text
    _, only = module.cost_and_gradient({"w": w[:1]}, x=x[:, :1])
    assert only["w"] == pytest.approx(2 * ((w[:1] * x[:, :1] - 1) * x[:, :1]).sum(axis=0) / 3)


def test_a_running_product_begins_with_1_and_divides_nowhere(tmp_path: Path) -> None:
    module, text = loaded(model_of("running products", tmp_path / "trial.py"))
    w, x = np.array([0.0, 2.0, 3.0]), np.ones((1, 3))
    found = module.forward({"w": w}, x=x)
    np.testing.assert_array_equal(found["z"], [[0, 0, 0]])
    np.testing.assert_array_equal(found["g"], [[1, 1, 3]])
    assert "np.cumprod(w * x, axis=1)" in text
    _, gradient = module.cost_and_gradient({"w": w}, x=x)
    np.testing.assert_array_equal(gradient["w"], [2 * (1 + 3 + 3 * (6 + 3)), 2 * 3 * 1, 0])


@pytest.mark.parametrize(("right", "wrong"), [("values[..., :-1]", "values[..., 1:]"), ("before * after", "before")])
def test_a_wrong_product_of_the_others_is_seen(right: str, wrong: str, tmp_path: Path) -> None:
    derivation = derive(model_of("a product of predictions", tmp_path / "trial.py"))
    text = render_module(derivation, source="trial.py", digest="-")
    assert text.count(right) == 1
    assert agree(derivation.system, derivation, load(text, "right")).good
    assert not agree(derivation.system, derivation, load(text.replace(right, wrong), "wrong")).good


def test_the_others_are_printed_as_such(tmp_path: Path) -> None:
    derivation = derive(model_of("a product of predictions", tmp_path / "trial.py"))
    (adjoint,) = derivation.adjoints
    assert "Product(w[r]*x[i, r], r, r != k)" in render_expr(adjoint.value)
    assert r"\prod_{r=1,\,r \ne k}^{n} w_{r}\,x_{ir}" in Printer(derivation.system).expr(adjoint.value)


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    for text, why in (
        ("    model.minimise(Product(c, k))\n", "the product over k does not use it"),
        ("    model.minimise(Product(c))\n", "Product needs the indices to multiply over"),
    ):
        found = judged(tmp_path / "trial.py", HEAD + "    c = model.parameters(c=())\n" + text)
        assert found.kind == "REFUSED" and why in found.why
