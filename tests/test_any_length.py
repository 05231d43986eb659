"""Recurrences that hold for every number of steps: nothing about sizes is declared, and one step agrees as many do."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from trial import judged

from codegen.render import render_module
from derive import Refused, derive
from verify.agreement import agree
from verify.run import load

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
    "a grid of alignments": """
    x, z = model.data(x=(T,), z=(S, n))
    w = model.parameters(w=(n,))
    d, r = model.variables("d r")
    d[t, s] = (x[t] - Sum(w[k] * z[s, k], k)) ** 2
    r[1, 1] = d[1, 1]
    with model.over(t, 2, T):
        r[t, 1] = d[t, 1] + r[t - 1, 1]
    with model.over(s, 2, S):
        r[1, s] = d[1, s] + r[1, s - 1]
    with model.over(t, 2, T), model.over(s, 2, S):
        r[t, s] = d[t, s] - log(exp(-r[t - 1, s - 1]) + exp(-r[t - 1, s]) + exp(-r[t, s - 1]))
    model.minimise(r[T, S])
""",
    "a grid whose third column is the first that skips": """
    model.assume(S >= 3)
    x, skip = model.data(x=(T, n), skip=(S,))
    place = model.integers(place=(S,), over=(1, p))
    W = model.parameters(W=(p, n))
    y, al = model.variables("y al")
    y[t, j] = softmax(Sum(W[j, k] * x[t, k], k), j)
    al[1, 1] = y[1, place[1]]
    al[1, 2] = y[1, place[2]]
    with model.over(s, 3, S):
        al[1, s] = 0
    with model.over(t, 2, T):
        al[t, 1] = al[t - 1, 1] * y[t, place[1]]
        al[t, 2] = (al[t - 1, 2] + al[t - 1, 1]) * y[t, place[2]]
        with model.over(s, 3, S):
            al[t, s] = (al[t - 1, s] + al[t - 1, s - 1] + skip[s] * al[t - 1, s - 2]) * y[t, place[s]]
    model.minimise(-log(al[T, S] + al[T, S - 1]))
""",
    "a state that looks two steps back": """
    x = model.data(x=(T,))
    a, b = model.parameters(a=(), b=())
    h = model.variables("h")
    h[1] = a
    with model.over(t, 2, T):
        h[t] = sin(h[t - 1] * b) + x[t - 1] * h[1] + a * h[t - 1]
    model.minimise(Sum(h[t] ** 2 * x[t], t) + h[T] * h[1])
""",
    "vectors on a grid": """
    x = model.data(x=(T, S, n))
    W, V = model.parameters(W=(n, n), V=(n, n))
    h = model.variables("h")
    h[1, 1, k] = x[1, 1, k]
    with model.over(t, 2, T):
        h[t, 1, k] = x[t, 1, k] + Sum(W[k, j] * h[t - 1, 1, j], j)
    with model.over(s, 2, S):
        h[1, s, k] = x[1, s, k] + Sum(V[k, j] * h[1, s - 1, j], j)
    with model.over(t, 2, T), model.over(s, 2, S):
        h[t, s, k] = sin(Sum(W[k, j] * h[t - 1, s, j] + V[k, j] * h[t, s - 1, j], j)) + x[t, s, k]
    model.minimise(Sum(h[T, S, k] ** 2, k))
""",
    "an equation of its own for the last step": """
    x = model.data(x=(T + 1,))
    w = model.parameters(w=())
    h = model.variables("h")
    h[1] = w
    with model.over(t, 2, T):
        h[t] = sin(h[t - 1] * w) * x[t]
    h[T + 1] = h[T] ** 2 + h[1] * x[T + 1]
    model.minimise(Sum(h[t] * x[t], (t, 1, T + 1)))
""",
}

EMPTY = {
    "differences that need three places": """
    c = model.parameters(c=(T,))
    model.minimise(Sum((c[t] - 2 * c[t + 1] + c[t + 2]) ** 2, (t, 1, T - 2)) + Sum(c[t] ** 2, t))
""",
    "how often a number is added": """
    b, c = model.parameters(b=(), c=(T,))
    model.minimise(Sum(b, (t, 1, T - 3)) + Sum(c[t] ** 2, t))
""",
    "a variable that may have no place": """
    c = model.parameters(c=(T,))
    z = model.variables("z")
    with model.over(t, 1, T - 3):
        z[t] = c[t] * c[t + 3]
    model.minimise(Sum(z[t] ** 2, t) + Sum(c[t] ** 2, t))
""",
    "products, contractions, prefixes": """
    x, A = model.data(x=(m, T), A=(T, T))
    b, c = model.parameters(b=(), c=(T,))
    z = model.variables("z")
    z[i] = Sum(x[i, t] * c[t], (t, 1, T - 3)) + Sum(exp(x[i, t] * b), (t, 2, T - 4))
    mixed = Sum(A[s, t] * c[t + 2] * c[s], (s, 1, T - 3), (t, 1, T - 2))
    model.minimise(Sum(z[i] ** 2, i) + Product(c[t], (t, 1, T - 3)) + mixed)
""",
    "a sum that starts late": """
    w, v = model.parameters(w=(T,), v=(T,))
    z = model.variables("z")
    z[t] = w[t] * Sum(v[s] ** 2 * w[t], (s, 1, t - 3))
    model.minimise(Sum(z[t] ** 2, t))
""",
}

BACKWARDS = """
    x, y = model.data(x=(T,), y=(S,))
    w = model.parameters(w=())
    g, h = model.variables("g h")
    g[T] = w
    with model.over(t, 1, T - 1):
        g[t] = sin(g[t + 1] * x[t]) + g[T]
    h[S] = w
    with model.over(s, 1, S - 1):
        h[s] = sin(h[s + 1] * y[s]) + h[S]
    model.minimise(g[1] + h[1] ** 2)
"""


@pytest.mark.parametrize("body", [*MODELS.values(), *EMPTY.values()], ids=[*MODELS, *EMPTY])
def test_agrees_from_the_smallest_sizes_on(body: str, tmp_path: Path) -> None:
    outcome = judged(tmp_path / "trial.py", HEAD + body)
    assert outcome.kind == "RIGHT", outcome


def test_places_that_are_tested_by_no_condition_are_seen(tmp_path: Path) -> None:
    """The code of the grid, with one condition left out, reads beyond its arrays or adds what does not stand."""
    path = tmp_path / "trial.py"
    path.write_text(HEAD + MODELS["a grid of alignments"])
    derivation = derive(runpy.run_path(str(path))["model"])
    text = render_module(derivation, source="trial.py", digest="0")
    wrong = text.replace(" if 2 <= T else 0)", " if 1 <= T else 0)", 1)
    assert wrong != text
    assert agree(derivation.system, derivation, load(text, "right")).good
    assert not agree(derivation.system, derivation, load(wrong, "wrong")).good


def test_all_facts_that_are_missing_are_asked_for_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trial.py"
    path.write_text(HEAD + BACKWARDS)
    with pytest.raises(Refused, match=r"model\.assume\(2 <= S, 2 <= T\)"):
        render_module(derive(runpy.run_path(str(path))["model"]), source="trial.py", digest="0")
    path.write_text((HEAD + BACKWARDS).replace("    x, y =", "    model.assume(2 <= T, 2 <= S)\n    x, y ="))
    assert judged(path, path.read_text()).kind == "RIGHT"


@pytest.mark.parametrize("body", ["Max(c[t], (t, 1, T - 3))", "Min(c[t], (t, 4, T))"])
def test_a_largest_of_nothing_is_refused(body: str, tmp_path: Path) -> None:
    text = HEAD + f"    c = model.parameters(c=(T,))\n    model.minimise({body} + Sum(c[t] ** 2, t))\n"
    found = judged(tmp_path / "trial.py", text)
    assert found.kind == "REFUSED" and "has no value where" in found.why and "model.assume(" in found.why
