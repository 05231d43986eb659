"""Recurrences on a grid with boundaries: costs of alignments, numbers of paths."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from test_gather import drawn, loaded
from trial import judged

from codegen.render import render_module
from derive import derive
from verify.agreement import agree
from verify.run import load

SOFT_DTW = Path(__file__).parent.parent / "examples" / "models" / "soft_dtw.py"

PLAIN = """from sympy import exp, log

from derive import Model, Sum

with Model("plain") as model:
    S, T = model.sizes("S T")
    i, j = model.indices("i j")
    x, y = model.data(x=(S,), y=(T,))
    w = model.parameters(w=())
    D = model.variables("D")
    D[0, 0] = 0
    with model.over(i, 1, S):
        D[i, 0] = 3
    with model.over(j, 1, T):
        D[0, j] = 3
    with model.over(i, 1, S), model.over(j, 1, T):
        near = exp(-D[i - 1, j]) + exp(-D[i, j - 1]) + exp(-D[i - 1, j - 1])
        D[i, j] = (w * x[i] - y[j]) ** 2 - log(near)
    model.minimise(D[S, T])
"""


def test_integers_on_a_boundary_are_no_false_alarm(tmp_path: Path) -> None:
    assert judged(tmp_path / "plain.py", PLAIN).kind == "RIGHT"
    derivation = derive(runpy.run_path(str(tmp_path / "plain.py"))["model"])
    text = render_module(derivation, source="plain.py", digest="-")
    assert "D[0, 0] = 0" in text and "np.full((S,), 3, x.dtype)" in text
    assert agree(derivation.system, derivation, load(text, "right")).good
    for wrong in (text.replace("D[0, 0] = 0", "D[0, 0] = 1"), text.replace("(S,), 3,", "(S,), 4,")):
        assert wrong != text and not agree(derivation.system, derivation, load(wrong, "wrong")).good


def aligned(c: Any) -> Any:
    """The soft minimum of the costs of all alignments."""
    costs = np.pad(np.full(c.shape, 0.0), ((1, 0), (1, 0)), constant_values=1000)
    costs[0, 0] = 0
    for i, j in np.ndindex(c.shape):
        costs[i + 1, j + 1] = c[i, j] - np.logaddexp.reduce(-costs[[i, i, i + 1], [j, j + 1, j]])
    return costs[-1, -1]


@pytest.mark.parametrize("size", [1, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_costs_do_not_overflow(size: float, dtype: Any) -> None:
    module, _ = loaded(runpy.run_path(str(SOFT_DTW))["model"])
    x, y = (size * drawn(6, 2)).astype(dtype), (size * drawn(5, seed=1)).astype(dtype)
    parameters = {"w": drawn(2, seed=2).astype(dtype), "b": dtype(0.5)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J, gradient = module.cost_and_gradient(parameters, x=x, y=y)
    assert J.dtype == dtype and all(np.isfinite(g).all() and g.dtype == dtype for g in gradient.values())
    c = ((x.astype(float) @ parameters["w"].astype(float) + 0.5)[:, None] - y.astype(float)) ** 2
    np.testing.assert_allclose(J, aligned(c), rtol=64 * np.finfo(dtype).eps)


OPEN = """from sympy import exp, log

from derive import Model, Sum

with Model("open") as model:
    S, T = model.sizes("S T")  # both may be 1
    s, t = model.indices("s t")
    x, y = model.data(x=(S,), y=(T,))
    w, g = model.parameters(w=()), model.hyper("g")
    D, R = model.variables("D R")
    D[s, t] = (w * x[s] - y[t]) ** 2
    R[1, 1] = D[1, 1]
    with model.over(s, 2, S):
        R[s, 1] = R[s - 1, 1] + D[s, 1]
    with model.over(t, 2, T):
        R[1, t] = R[1, t - 1] + D[1, t]
    with model.over(s, 2, S), model.over(t, 2, T):
        near = exp(-R[s - 1, t] / g) + exp(-R[s, t - 1] / g) + exp(-R[s - 1, t - 1] / g)
        R[s, t] = D[s, t] - g * log(near)
    model.minimise(R[S, T])
"""


def open_cost(w: Any, x: Any, y: Any, g: Any) -> Any:
    """The same by numbers of 60 digits."""
    found: dict[tuple[int, int], Any] = {}
    for s, t in np.ndindex(len(x), len(y)):
        ways = [found[at] for at in ((s - 1, t), (s, t - 1), (s - 1, t - 1)) if at in found]
        near = -g * mpmath.log(sum(mpmath.exp(-way / g) for way in ways)) if len(ways) == 3 else sum(ways)
        found[s, t] = near + (w * mpmath.mpf(float(x[s])) - mpmath.mpf(float(y[t]))) ** 2
    return found[len(x) - 1, len(y) - 1]


@pytest.mark.parametrize("size", [1, 50, 1e4])
@pytest.mark.parametrize("shape", [(4, 5), (2, 2), (1, 3), (3, 1), (1, 1)])
def test_exponentials_under_conditions_do_not_overflow(shape: tuple[int, int], size: float, tmp_path: Path) -> None:
    """Where sizes may be 1 the regions of an adjoint stay conditions; sums beside them are shifted as elsewhere."""
    path = tmp_path / "open.py"
    path.write_text(OPEN)
    module, text = loaded(runpy.run_path(str(path))["model"])
    assert "if 2 <= S and t + 1 <= T" in text
    x, y, w, g = size * drawn(shape[0]), size * drawn(shape[1], seed=1), 0.75, 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J, gradient = module.cost_and_gradient({"w": w}, x=x, y=y, g=g)
    with mpmath.workdps(60):
        near, step = (mpmath.mpf(w), mpmath.mpf(g)), mpmath.mpf("1e-22")
        costs = [open_cost(near[0] + q * step, x, y, near[1]) for q in (-1, 0, 1)]
        assert abs(J - costs[1]) <= 1e-14 * abs(costs[1])
        slope = (costs[2] - costs[0]) / (2 * step)
        assert abs(gradient["w"] - slope) <= 1e-13 * abs(slope)


CORNER = """from sympy import tanh

from derive import Model, Sum

with Model("corner") as model:
    m, T, L = model.sizes("m T L")
    i, t, l = model.indices("i t l")
    x, y = model.data(x=(m, T), y=(m, L))
    w, v, u, s = model.parameters(w=(T, L), v=(T, L), u=(T,), s=(L,))
    h = model.variables("h")
    with model.over(t, 1, T):
        h[i, t, 0] = x[i, t] * u[t]
    with model.over(l, 1, L):
        h[i, 0, l] = y[i, l] * s[l]
    with model.over(t, 1, T), model.over(l, 1, L):
        h[i, t, l] = tanh(w[t, l] * h[i, t - 1, l] + v[t, l] * h[i, t, l - 1])
    model.minimise(Sum(h[i, T, l] ** 2, i, (l, 1, L)))
"""


def test_a_corner_that_nobody_reads_needs_no_equation(tmp_path: Path) -> None:
    path = tmp_path / "corner.py"
    assert judged(path, CORNER).kind == "RIGHT"
    module, text = loaded(runpy.run_path(str(path))["model"])
    found = module.forward(
        {"w": drawn(3, 2), "v": drawn(3, 2), "u": drawn(3), "s": drawn(2)}, x=drawn(4, 3), y=drawn(4, 2)
    )
    assert "h = np.zeros((m, T + 1, L + 1), x.dtype)" in text
    np.testing.assert_array_equal(found["h"][:, 0, 0], 0)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("h[i, t - 1, l] + ", "h[i, t - 1, l - 1] + "),
        ("(l, 1, L)))", "(l, 1, L)) + Sum(h[i, t, 0], i, (t, 0, T)))"),
        ("minimise(", "predict(h[i, 0, 0])\n    model.minimise("),
    ],
)
def test_a_corner_that_is_read_is_a_gap(right: str, wrong: str, tmp_path: Path) -> None:
    assert CORNER.count(right) == 1
    found = judged(tmp_path / "corner.py", CORNER.replace(right, wrong))
    assert found.kind == "REFUSED" and "leave a gap at i = 1..m and t = 0 and l = 0" in found.why


LINE = """from derive import Model, Sum

with Model("line") as model:
    m, T = model.sizes("m T")
    i, t = model.indices("i t")
    model.assume(T >= 3)
    x, w = model.data(x=(m, T)), model.parameters(w=(T,))
    z = model.variables("z")
    z[i, 1] = w[1] * x[i, 1]
    with model.over(t, 3, T):
        z[i, t] = w[t] * x[i, t]
    model.minimise(Sum(z[i, t] ** 2, i, (t, 3, T)))
"""


def test_a_gap_along_one_index_is_one_even_if_nobody_reads_it(tmp_path: Path) -> None:
    found = judged(tmp_path / "line.py", LINE)
    assert found.kind == "REFUSED" and "leave a gap at i = 1..m and t = 2" in found.why


JOINED = """from sympy import tanh

from derive import Model, Sum

with Model("joined") as model:
    n, m, q, p = model.sizes("n m q p")
    i, k, j = model.indices("i k j")
    x, y = model.data(x=(m, n), y=(m, p))
    w, v = model.parameters(w=(n, q), v=(n + q, p))
    h, c = model.variables("h c")
    h[i, j] = tanh(Sum(x[i, k] * w[k, j], k))
    with model.over(k, 1, n):
        c[i, k] = x[i, k]
    with model.over(k, 1, q):
        c[i, n + k] = h[i, k]
    model.minimise(Sum((Sum(c[i, k] * v[k, j], k) - y[i, j]) ** 2, i, j))
"""


def test_the_left_side_may_be_shifted_by_a_size(tmp_path: Path) -> None:
    path = tmp_path / "joined.py"
    assert judged(path, JOINED).kind == "RIGHT"
    module, text = loaded(runpy.run_path(str(path))["model"])
    x, w = drawn(4, 3), drawn(3, 2)
    found = module.forward({"w": w, "v": drawn(5, 2)}, x=x)
    np.testing.assert_array_equal(found["c"], np.concatenate((x, np.tanh(x @ w)), axis=1))
    assert "c[:, n:n + q] = h" in text
