"""Whole arrays are index notation: the same equations up to letters, and shapes that do not fit are errors."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from derive import Model, derive
from derive.affine import Affine, Index, indices, replace
from derive.expression import Access, Bound, Expr, substitute
from derive.match import canonical
from derive.system import System

IMPORTS = """
import math
import numpy
from sympy import Eq, Piecewise, exp, sqrt, tanh
from derive import *
from derive.library import logsumexp, relu, sigmoid, softmax
with Model("net") as model:
    i, j, k, r, s, l = model.indices("i j k r s l")
"""

# name: declarations, matrix notation, index notation
PAIRS = {
    "ridge": (
        """
    m, n = model.sizes("m n")
    x, y = model.data(x=(m, n), y=(m,))
    w, b = model.parameters(w=(n,), b=())
    lam = model.hyper("lam")
    a = model.variables("a")
""",
        """
    a[:] = x @ w + b
    model.minimise(norm2(a - y) / m + lam / 2 * norm2(w))
    model.predict(a)
""",
        """
    a[i] = Sum(x[i, k] * w[k], k) + b
    model.minimise(Sum((a[i] - y[i]) ** 2, i) / m + lam / 2 * Sum(w[k] ** 2, k))
    model.predict(a[i])
""",
    ),
    "layers": (
        """
    m, L = model.sizes("m L")
    n = model.width("n")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    z, a = model.variables("z a")
""",
        """
    a[1, :, :] = x
    z[l, :, :] = a[l - 1, :, :] @ w[l, :, :].T + b[l, :]
    a[l, :, :] = sigmoid(z[l, :, :])
    model.minimise(norm2(a[L, :, :] - y) / m + norm2(w))
    model.predict(a[L, :, :] > 0)
    model.alias(BP1=d(z[L, :, :]), BP4=d(w[l, :, :]))
""",
        """
    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(a[l - 1, i, k] * w[l, j, k], k) + b[l, j]
    a[l, i, j] = sigmoid(z[l, i, j])
    model.minimise(Sum((a[L, i, j] - y[i, j]) ** 2, i, j) / m + Sum(w[l, j, k] ** 2, l, j, k))
    model.predict(a[L, i, j] > 0)
    model.alias(BP1=d(z[L, i, j]), BP4=d(w[l, j, k]))
""",
    ),
    "softmax regression": (
        """
    m, n, p = model.sizes("m n p")
    x, y = model.data(x=(m, n), y=(m, p))
    model.assume(Eq(Sum(y, axis=1), 1))
    W, b = model.parameters(W=(n, p), b=(p,))
    z, a = model.variables("z a")
""",
        """
    z[:, :] = x @ W + b
    a[:, :] = softmax(z)
    model.minimise(mean(logsumexp(z)) - inner(y, z) / m)
    model.predict(argmax(a))
""",
        """
    z[i, j] = Sum(x[i, k] * W[k, j], k) + b[j]
    a[i, j] = softmax(z[i, j], j)
    model.minimise(Sum(logsumexp(z[i, j], j), i) / m - Sum(y[i, j] * z[i, j], i, j) / m)
    model.predict(argmax(a[i, j], j))
""",
    ),
    "attention": (
        """
    T, n, e = model.sizes("T n e")
    x, y = model.data(x=(T, n), y=(T, e))
    Q, K, V = model.parameters(Q=(n, e), K=(n, e), V=(n, e))
    q, k_, v, o = model.variables("q k_ v o")
""",
        """
    q[:, :] = x @ Q
    k_[:, :] = x @ K
    v[:, :] = x @ V
    o[:, :] = softmax(q @ k_.T / sqrt(e)) @ v
    model.minimise(norm2(o - y))
""",
        """
    q[i, k] = Sum(x[i, j] * Q[j, k], j)
    k_[i, k] = Sum(x[i, j] * K[j, k], j)
    v[i, k] = Sum(x[i, j] * V[j, k], j)
    o[i, k] = Sum(softmax(Sum(q[i, r] * k_[s, r], r) / sqrt(e), s) * v[s, k], s)
    model.minimise(Sum((o[i, k] - y[i, k]) ** 2, i, k))
""",
    ),
    "tied autoencoder": (
        """
    m, n, p = model.sizes("m n p")
    x = model.data(x=(m, n))
    W = model.parameters(W=(n, p))
    h = model.variables("h")
""",
        """
    h[:, :] = tanh(x @ W)
    model.minimise(norm2(x - h @ W.T) / m)
""",
        """
    h[i, j] = tanh(Sum(x[i, k] * W[k, j], k))
    model.minimise(Sum((x[i, k] - Sum(h[i, j] * W[k, j], j)) ** 2, i, k) / m)
""",
    ),
    "trace": (
        """
    m, n = model.sizes("m n")
    A = model.data(A=(m, n))
    B = model.parameters(B=(n, m))
""",
        "    model.minimise(trace(A @ B) + norm(B) + mean(diagonal(A @ B)))\n",
        """
    model.minimise(Sum(A[i, k] * B[k, i], i, k) + sqrt(Sum(B[k, i] ** 2, k, i))
                   + Sum(A[i, k] * B[k, i], i, k) / m)
""",
    ),
    "quadratic form": (
        """
    m, n = model.sizes("m n")
    x, K, y = model.data(x=(m, n), K=(m, m), y=(m,))
    w, u, A = model.parameters(w=(n,), u=(m,), A=(n, n))
    e = model.variables("e")
""",
        """
    e[:] = y - x @ w
    model.minimise(e @ K @ e / 2 + w @ A.T @ A @ w + norm2(outer(u, w)))
""",
        """
    e[i] = y[i] - Sum(x[i, k] * w[k], k)
    model.minimise(Sum(Sum(e[i] * K[i, j], i) * e[j], j) / 2
                   + Sum(Sum(Sum(w[i] * A[j, i], i) * A[j, k], j) * w[k], k)
                   + Sum((u[i] * w[k]) ** 2, i, k))
""",
    ),
    "entry by entry": (
        """
    m, n = model.sizes("m n")
    x, y = model.data(x=(m, n), y=(m, n))
    w, c = model.parameters(w=(n,), c=())
    a, g = model.variables("a g")
""",
        """
    a[:, :] = Max(0, c * x - w) * exp(x) ** 2 + relu(x) / 2 + stop(x)
    g[:, :] = Piecewise((a, a > y), (y, True))
    model.minimise(Sum(Max(g, axis=1)) + Min(a) + mean(abs(a), axis=0) @ w)
""",
        """
    a[i, j] = Max(0, c * x[i, j] - w[j]) * exp(x[i, j]) ** 2 + relu(x[i, j]) / 2 + stop(x[i, j])
    g[i, j] = Piecewise((a[i, j], a[i, j] > y[i, j]), (y[i, j], True))
    model.minimise(Sum(Max(g[i, j], j), i) + Min(a[i, j], i, j) + Sum(Sum(abs(a[i, j]), i) / m * w[j], j))
""",
    ),
    "mixed": (
        """
    m, n, p, T = model.sizes("m n p T")
    x, y, U = model.data(x=(T, m, n), y=(T, m, p), U=(m, m))
    W = model.parameters(W=(n, p))
    a, h = model.variables("a h")
""",
        """
    a[:, :, :] = x @ W
    h[i, :] = (a[1, :, :] + a[2, :, :])[i, :] * (U @ y[1, :, :])[i, :]
    model.assume(T >= 2)
    model.minimise(norm2(a - y) + norm2(h) + Sum((x[1, :, :] @ W)[i, j], i, j) + norm2(x @ x.mT))
""",
        """
    a[s, i, j] = Sum(x[s, i, k] * W[k, j], k)
    h[i, j] = (a[1, i, j] + a[2, i, j]) * Sum(U[i, k] * y[1, k, j], k)
    model.assume(T >= 2)
    model.minimise(Sum((a[s, i, j] - y[s, i, j]) ** 2, s, i, j) + Sum(h[i, j] ** 2, i, j)
                   + Sum(x[1, i, k] * W[k, j], i, j, k) + Sum(Sum(x[s, i, k] * x[s, j, k], k) ** 2, s, i, j))
""",
    ),
    "recurrence": (
        """
    T, m, n, p = model.sizes("T m n p")
    x, y = model.data(x=(T, m, n), y=(m, p))
    U, W = model.parameters(U=(n, p), W=(p, p))
    h = model.variables("h")
""",
        """
    h[0, :, :] = 0
    h[l, :, :] = tanh(x[l, :, :] @ U + h[l - 1, :, :] @ W)
    model.minimise(norm2(h[T, :, :] - y) + norm2(h) / m)
""",
        """
    h[0, i, j] = 0
    h[l, i, j] = tanh(Sum(x[l, i, k] * U[k, j], k) + Sum(h[l - 1, i, k] * W[k, j], k))
    model.minimise(Sum((h[T, i, j] - y[i, j]) ** 2, i, j) + Sum(h[l, i, j] ** 2, (l, 0, T), i, j) / m)
""",
    ),
}


def built(tmp_path: Path, *parts: str) -> Model:
    file = tmp_path / "net.py"
    file.write_text(IMPORTS + "".join(parts))
    return runpy.run_path(str(file))["model"]


def plain(target: Access, bounds: tuple[Bound, ...], value: Expr) -> tuple[str, ...]:
    """An equation with letters named by their place on the left side."""
    letters = dict.fromkeys(x for p in target.at for x in indices(p))
    names = {x: Affine.of(Index(f"!{q}")) for q, x in enumerate(letters)}
    ranges = sorted(f"{replace(Affine.of(b.index), names).key}={replace(b.hi, names).key}" for b in bounds)
    return substitute(target, names).key, canonical(substitute(value, names)).key, *ranges


def equations(system: System) -> list[tuple[str, ...]]:
    return [plain(e.target, e.bounds, e.value) for e in (*system.equations, system.objective)]


@pytest.mark.parametrize("case", PAIRS)
def test_matrix_notation_is_index_notation(case: str, tmp_path: Path) -> None:
    head, whole, entries = PAIRS[case]
    one, two = built(tmp_path, head, whole).system, built(tmp_path, head, entries).system
    assert equations(one) == equations(two)
    assert [e.id.split("@")[0] for e in one.equations] == [e.id.split("@")[0] for e in two.equations]
    left, right = derive(one), derive(two)
    assert [plain(a.target, a.bounds, a.value) for a in left.adjoints] == [
        plain(a.target, a.bounds, a.value) for a in right.adjoints
    ]
    assert [a.name for a in left.adjoints] == [a.name for a in right.adjoints]
    if two.prediction is not None:
        p, q = one.prediction, two.prediction
        assert p is not None
        assert (p.cut, len(p.bounds), p.over is None) == (q.cut, len(q.bounds), q.over is None)
