"""Where the code reads sizes off its arguments: multiples, widths of hidden arrays; refusals say where they stand."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from trial import judged

from codegen.render import render_module
from derive import Refused, derive
from verify.run import load

HEAD = """from sympy import besselj, polylog, exp, sin

from derive import Model, Sum

with Model("trial") as model:
    m, q, L, T = model.sizes("m q L T")
    n = model.width("n")
    i, j, k, l, t = model.indices("i j k l t")
"""

QUARTERS = """
    x, y = model.data(x=(4 * q,), y=(m, q + 1))
    w = model.parameters(w=())
    z = model.variables("z")
    with model.over(j, 1, q):
        z[j] = w * (x[j] - x[q + j]) + x[2 * q + j] * w**2 + x[3 * q + j]
    model.minimise(Sum(z[j] ** 2, j) / q + w * Sum(y[i, j], i, j))
"""

LAYERS_OVER_TIME = """
    x = model.data(x=(T, n(0)))
    W, U = model.parameters(W=(l, n(l), n(l - 1)), U=(l, n(l), n(l)), over=(l, 1, L))
    h = model.variables("h")
    h[0, 0, j] = 0
    with model.over(l, 1, L):
        h[l, 0, j] = 0
    with model.over(t, 1, T):
        h[0, t, k] = x[t, k]
    with model.over(l, 1, L), model.over(t, 1, T):
        h[l, t, j] = sin(Sum(W[l, j, k] * h[l - 1, t, k], k)) + Sum(U[l, j, k] * h[l, t - 1, k], k)
    model.minimise(Sum(h[L, T, j] ** 2, j))
"""

REFUSED = {
    "a function without a NumPy form": (
        """
    x = model.data(x=(m,))
    w = model.parameters(w=())
    z = model.variables("z")
    z[i] = polylog(2, w * x[i])
    model.minimise(Sum(z[i], i))
""",
        r"trial.py:13: z\[i\] = .*\n  polylog cannot be computed",
    ),
    "a derivative that SymPy does not know": (
        """
    x = model.data(x=(m,))
    w = model.parameters(w=())
    z = model.variables("z")
    z[i] = besselj(w, x[i])
    model.minimise(Sum(z[i], i))
""",
        r"trial.py:13: z\[i\] = .*\n  besselj has no derivative that SymPy knows",
    ),
}


def module_of(text: str, path: Path) -> ModuleType:
    path.write_text(text)
    derivation = derive(runpy.run_path(str(path))["model"])
    return load(render_module(derivation, source="trial", digest="0"), "trial")


@pytest.mark.parametrize("body", [QUARTERS, LAYERS_OVER_TIME])
def test_the_gradient_is_right(body: str, tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + body)
    assert found.kind == "RIGHT", found.why


def test_lengths_that_do_not_fit_are_errors(tmp_path: Path) -> None:
    module = module_of(HEAD + QUARTERS, tmp_path / "trial.py")
    w = {"w": np.float64(1.5)}
    assert np.isfinite(module.cost(w, x=np.ones(8), y=np.ones((2, 3))))
    with pytest.raises(ValueError, match=r"x must have 4\*q = 8 places along axis 0, but has 9"):
        module.cost(w, x=np.ones(9), y=np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"x must have 4\*q = 12 places along axis 0, but has 8"):
        module.cost(w, x=np.ones(8), y=np.ones((2, 4)))


def test_a_declared_order_of_sizes_is_checked(tmp_path: Path) -> None:
    body = """
    model.assume(T >= q + 1)
    x = model.data(x=(T,))
    w = model.parameters(w=(q,))
    z = model.variables("z")
    with model.over(t, 1, T - q + 1):
        z[t] = Sum(w[j] * x[t + j - 1], j)
    model.minimise(Sum(z[t] ** 2, t))
"""
    module = module_of(HEAD + body, tmp_path / "trial.py")
    assert np.isfinite(module.cost({"w": np.ones(2)}, x=np.ones(3)))
    with pytest.raises(ValueError, match=r"T must be at least q \+ 1, but is 2"):
        module.cost({"w": np.ones(2)}, x=np.ones(2))


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_where(name: str, tmp_path: Path) -> None:
    body, message = REFUSED[name]
    with pytest.raises(Refused, match=message):
        module_of(HEAD + body, tmp_path / "trial.py")
