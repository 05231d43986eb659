"""Whole arrays are index notation: the same equations up to letters, and shapes that do not fit are errors."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from derive import Model, ModelError, derive
from derive.system import System
from derive.values.affine import Affine, Index, indices, replace
from derive.values.binders import Bound
from derive.values.match import canonical
from derive.values.nodes import Access, Expr
from derive.values.text import render_expr, render_range

IMPORTS = """
import math
import numpy
from sympy import Eq, KroneckerDelta, Piecewise, exp, sqrt, tanh
from derive import *
from derive.library import det, inverse, logdet, logsumexp, relu, sigmoid, softmax, solve
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
    "functions of matrices": (
        """
    m, n, p = model.sizes("m n p")
    x, S, C = model.data(x=(m, n), S=(m, n, n), C=(m, n, p))
    A, B, alpha, c = model.parameters(A=(n, n), B=(n, p), alpha=(n,), c=())
    P, u, w, g = model.variables("P u w g")
""",
        """
    P[:, :] = eye(n) * exp(alpha) + c * x.T @ x
    u[:, :] = solve(P, x.T).T
    w[:] = solve(A + c**2 * eye(n), alpha)
    g[:] = logdet(S @ A)
    model.minimise(inner(u, x) + norm2(inverse(P.T)) + det(2 * A) + Sum(g) + w @ B @ B.T @ w
                   + norm2(solve(S, C)) + Sum(inverse(A)))
    model.predict(inverse(S))
""",
        """
    P[j, k] = exp(alpha[k]) * KroneckerDelta(j, k) + Sum(c * x[i, j] * x[i, k], i)
    u[i, k] = solve(P[j, k], x[i, j], j, k)
    w[k] = solve(A[j, k] + c**2 * KroneckerDelta(j, k), alpha[j], j, k)
    g[i] = logdet(Sum(S[i, j, r] * A[r, k], r), j, k)
    model.minimise(Sum(u[i, j] * x[i, j], i, j) + Sum(inverse(P[k, j], j, k) ** 2, j, k) + det(2 * A[j, k], j, k)
                   + Sum(g[i], i) + Sum(Sum(Sum(w[i] * B[i, j], i) * B[k, j], j) * w[k], k)
                   + Sum(solve(S[i, j, k], C[i, j, r], j, k) ** 2, i, k, r)
                   + Sum(inverse(A[j, k], j, k), j, k))
    model.predict(inverse(S[i, j, k], j, k))
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
    return target.replaced(names).key, canonical(value.replaced(names)).key, *ranges


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


def test_a_gallery_model_in_matrix_notation_has_the_same_equations(tmp_path: Path) -> None:
    entries = (Path(__file__).parent.parent / "examples" / "models" / "gaussian_likelihood.py").read_text()
    whole = entries.replace("C[j, k] = Sum(L[j, p] * L[k, p], p)", "C[:, :] = L @ L.T")
    whole = whole.replace("z[i, j] = x[i, j] - mu[j]", "z[:, :] = x - mu")
    whole = whole.replace("u[i, k] = solve(C[j, k], z[i, j], j, k)", "u[:, :] = solve(C, z.T).T")
    whole = whole.replace("Sum(z[i, j] * u[i, j], i, j)", "inner(z, u)").replace("logdet(C[j, k], j, k)", "logdet(C)")
    whole = whole.replace("import Model, Sum", "import Model, inner")
    assert "Sum" not in whole
    (tmp_path / "entries.py").write_text(entries)
    (tmp_path / "whole.py").write_text(whole)
    one, two = (derive(runpy.run_path(str(tmp_path / f"{x}.py"))["model"]) for x in ("entries", "whole"))
    assert equations(one.system) == equations(two.system)
    assert [plain(a.target, a.bounds, a.value) for a in one.adjoints] == [
        plain(a.target, a.bounds, a.value) for a in two.adjoints
    ]


GIVEN = """
    m, n, p, T = model.sizes("m n p T")
    x, y, X = model.data(x=(m, n), y=(m, p), X=(T, m, n))
    c, v = model.data(c=(m, 1), v=(m,))
    label = model.integers(label=(m,), over=(1, n))
    z, a, h = model.variables("z a h")
"""
TRAINED = {"W": "(n, p)", "b": "(p,)", "w": "(n,)", "u": "(n,)", "t": "()"}


def head(*trained: str) -> str:
    """The declarations, with some of the parameters."""
    shapes = ", ".join(f"{name}={TRAINED[name]}" for name in trained)
    return f"{GIVEN}    {', '.join(trained)} = model.parameters({shapes})\n"


HEAD = head(*TRAINED)  # where an error comes before anybody asks what is used
GOAL = "    model.minimise(norm2(W))\n"
BOTH = "W has shape (n, p), x has shape (m, n)"
SINGLE = "where a single value is needed"

SHAPES = {  # statement: what is said, and the fix
    "z[:, :] = W @ x": (f"W @ x does not fit: {BOTH}", "x @ W"),
    "z[:, :] = x @ y": ("x @ y does not fit: x has shape (m, n), y has shape (m, p)", "x.T @ y"),
    "z[:, :] = W @ y": ("W @ y does not fit: W has shape (n, p), y has shape (m, p)", "W @ y.T"),
    "z[:, :] = y @ x.T": ("y has shape (m, p), x.T has shape (n, m)", "x.T @ y"),
    "z[:, :] = x @ b": ("x has shape (m, n), b has shape (p,)", "Eq(n, p)"),
    "z[:, :] = (x - 1) @ (x + 1)": ("(x - 1) @ (x + 1) does not fit: x - 1 has shape (m, n)", "(x - 1).T @ (x + 1)"),
    "z[:, :] = X @ X": ("X @ X does not fit: X has shape (T, m, n), X has shape (T, m, n)", "X @ X.mT"),
    "z[:, :, :] = W @ X": ("@ of stacks of matrices needs the same leading axes", "slice them"),
    "z[:, :] = t @ W": ("@ multiplies arrays: t has shape (), W has shape (n, p)", "write *"),
    "z[:, :] = a @ W": ("no equation above gives a a shape, which @ needs", "a[:, :]"),
    "z[:, :] = W @ a": ("no equation above gives a a shape, which @ needs", "a[:, :]"),
    "z[:, :] = x + y": ("the shapes differ: x has shape (m, n), y has shape (m, p)", "Eq(n, p)"),
    "z[:, :] = W + (x @ W).T @ x": ("W has shape (n, p), (x @ W).T @ x has shape (p, n)", "((x @ W).T @ x).T"),
    "z[:, :] = x + v": ("the shapes differ: x has shape (m, n), v has shape (m,)", "x[i, j] + v[i]"),
    "z[:, :] = X + x": ("the shapes differ: X has shape (T, m, n), x has shape (m, n)", "x[i, j] + v[i]"),
    "z[:, :] = c + v": ("the shapes differ: c has shape (m, 1), v has shape (m,)", "x[i, j] + v[i]"),
    "z[:, :] = y * c": ("the shapes differ: y has shape (m, p), c has shape (m, 1)", "c[i, 1]"),
    "z[:, :] = sigmoid(x) + exp(y)": ("sigmoid(x) has shape (m, n), exp(y) has shape (m, p)", "Eq(n, p)"),
    "z[:, :] = Piecewise((x, x > 0), (y, True))": ("x has shape (m, n), y has shape (m, p)", "Eq(n, p)"),
    "z[:] = x @ W": ("the left side has 1 axes, and x @ W has shape (m, p)", "one colon"),
    "z[:, :] = w": ("the left side has 2 axes, and w has shape (n,)", "nothing is repeated"),
    "z[i] = x @ W": (f"x @ W has shape (m, p), {SINGLE}", "norm2(...)"),
    "z[:, :] = x[:, 1:n]": ("a slice is the colon alone", "model.over"),
    "z[:] = x[1, :, 2]": ("x has 2 indices, not 3", "2 indices"),
    "z[:, :] = W[label, :]": ("label has shape (m,), and a position is one place", "label[i]"),
    "z[:] = w.T": (".T turns a matrix, but w has shape (n,)", "outer(u, v)"),
    "z[:, :, :] = X.T": (".T turns a matrix, but X has shape (T, m, n)", "X[l, :, :].T"),
    "z[i] = (x @ W)[i]": ("x @ W has 2 axes, not 1", "(m, p)"),
    "z[:] = outer(W, b)": ("outer is of two vectors: W has shape (n, p), b has shape (p,)", "@"),
    "model.minimise(x @ w)": (f"x @ w has shape (m,), {SINGLE}", "norm2(...)"),
    "model.minimise(Sum(w ** 2, k))": (f"w**2 has shape (n,), {SINGLE}", "Sum(...)"),
    "model.minimise(trace(x))": ("trace is of a square matrix: x has shape (m, n)", "Eq(m, n)"),
    "z[:, :] = inverse(x)": ("inverse is of a square matrix: x has shape (m, n)", "Eq(m, n)"),
    "z[:, :] = inverse(w)": ("inverse is of a square matrix: w has shape (n,)", "A[l, :, :]"),
    "model.minimise(logdet(x @ W))": ("logdet is of a square matrix: x @ W has shape (m, p)", "Eq(m, p)"),
    "model.minimise(Sum(det(X)))": ("det is of a square matrix: X has shape (T, m, n)", "Eq(m, n)"),
    "z[:, :] = solve(x.T @ x, x)": ("solve does not fit: x.T @ x has shape (n, n), x has shape (m, n)", "side: x.T"),
    "z[:, :] = solve(x.T @ x, y)": ("solve does not fit: x.T @ x has shape (n, n), y has shape (m, p)", "Eq(n, m)"),
    "z[:, :] = solve(x @ x.T, t)": ("the right side of solve is a vector, or a matrix for every matrix", "A[j, k]"),
    "h[:, :] = solve(X @ X.mT, v)": ("a matrix for every matrix: X @ X.mT has shape (T, m, m)", "A[j, k], b[j]"),
    "h[:, :, :] = solve(X @ X.mT, p * X.mT)": ("solve does not fit: X @ X.mT has shape (T, m, m)", "Eq(m, n)"),
    "model.minimise(logdet(x @ x.T, i, j))": ("logdet of a whole array takes no index", "logdet(x @ x.T), or"),
    "model.minimise(logdet(t))": ("logdet takes two different indices", "logdet(A[j, k], j, k)"),
    "z[:, :] = x.T @ x + eye(m)": ("x.T @ x has shape (n, n), eye(m) has shape (m, m)", "Eq(n, m)"),
    "model.minimise(eye(m) @ x)": (f"eye(m) @ x has shape (m, n), {SINGLE}", "norm2(...)"),
    "model.minimise(Sum(x, axis=2))": (
        "there is no axis 2, or it is named twice: x has shape (m, n)",
        "axis=1 the last",
    ),
    "model.minimise(norm2(t))": (
        "norm2 goes over the axes of an array, and t has none that is known here",
        "leave norm2 out",
    ),
    "model.minimise(inner(W, b))": ("W has shape (n, p), b has shape (p,)", "@"),
    "model.minimise(inner(x, y))": ("x has shape (m, n), y has shape (m, p)", "Eq(n, p)"),
    "model.minimise(Sum(x, 0))": ("0 is not an index", "Sum(z, axis=0)"),
    "model.minimise(Sum(softmax(x, 0)))": ("0 is not an index", "softmax(z, axis=0)"),
    "model.predict(argmax(x, 0))": ("0 is not an index", "argmax(a)"),
    "z[...] = x": ("Ellipsis is no place", "colon"),
    "model.minimise(mean(z[:, :]))": ("nothing above says how many entries z has", "divide a Sum"),
    # Python and NumPy
    "model.minimise(Sum(numpy.exp(x[i, k]), i, k))": ("numpy.exp computes with numbers", "SymPy's"),
    "model.minimise(Sum(numpy.exp(x)))": ("numpy.exp computes with numbers, and x is a formula", "SymPy's"),
    "model.minimise(numpy.mean(w))": ("w is a formula, not an array", "mean"),
    "model.minimise(numpy.sum(w))": ("computes with numbers, and w is a formula", "Sum"),
    "model.minimise(numpy.dot(w, u))": ("w is a formula, not an array", "@"),
    "model.minimise(numpy.ones(3) @ w)": ("an array of numbers is no part of an equation", "model.data"),
    "model.minimise(w @ numpy.ones(3))": ("an array of numbers is no part of an equation", "model.data"),
    "model.minimise(math.exp(w[1]))": ("w[1] is a formula and has no number yet", "SymPy's function"),
    "model.minimise(float(w[1]))": ("w[1] is a formula and has no number yet", "SymPy's function"),
    "model.minimise(1 if w[1] > 0 else 2)": ("w[1] > 0 is true at some entries", "Piecewise"),
    "model.minimise(1 if w > 0 else 2)": ("w > 0 is true at some entries", "Piecewise"),
    "model.minimise(1 if w == u else 2)": ("== does not compare", "Eq(z[i], y[i])"),
    "model.minimise(1 if w[1] == 0 else 2)": ("== does not compare the entries of w[1]", "Eq(z[i], y[i])"),
    "model.minimise(norm2(w) if x @ w != v else 2)": ("!= does not compare the entries of x @ w", "Ne(z[i], y[i])"),
    "z[:, :] = Piecewise((x, x + 1 == y), (1, True))": ("== does not compare the entries of x + 1", "Eq(z[i], y[i])"),
    "model.minimise(1 if w else 2)": ("w has no truth value", "Piecewise"),
    "model.minimise(len(w))": ("w has no length in numbers", "the size"),
    "model.minimise(sum(w))": ("w has no sequence of entries", "Sum(w)"),
    "model.minimise(sum(x @ w))": ("x @ w has no sequence of entries", "Sum(x @ w)"),
    "model.minimise(w.sum())": ("a tensor has no 'sum'", "Sum(z)"),
    "model.minimise(norm2(exp(x).T))": ("'exp' object has no attribute 'T'", "tanh(z.T)"),
    "model.minimise(norm2(exp(x) @ exp(W)))": ("unsupported operand type(s) for @", "by an equation"),
}


@pytest.mark.parametrize("written", SHAPES)
def test_what_does_not_fit_is_an_error_at_its_line(written: str, tmp_path: Path) -> None:
    what, fix = SHAPES[written]
    with pytest.raises(ModelError) as caught:
        built(tmp_path, HEAD, f"    {written}\n", GOAL)
    error = caught.value
    assert what in error.what and fix in error.fix
    assert error.source is not None and error.source.text == written


def test_sizes_declared_equal_are_equal(tmp_path: Path) -> None:
    lines = "    z[:, :] = x + y\n    model.minimise(norm2(z + W[1, :]))\n"
    with pytest.raises(ModelError, match="the shapes differ"):
        built(tmp_path, head("W"), lines)
    system = built(tmp_path, head("W"), "    model.assume(Eq(n, p))\n", lines).system
    assert render_expr(system.objective.value) == "Sum((z[i, j] + W[1, j])**2, i, j)"


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [("b + x @ W", "mp"), ("(x @ W).T", "pm"), ("z", "mp"), ("x @ u", "m"), ("z[i, :]", "mp"), ("norm(z)", "")],
)
def test_a_prediction_keeps_its_axes_in_order(asked: str, sizes: str, tmp_path: Path) -> None:
    lines = f"    z[:, :] = x @ W + b\n    model.minimise(norm2(z) + norm2(u))\n    model.predict({asked})\n"
    prediction = built(tmp_path, head("W", "b", "u"), lines).system.prediction
    assert prediction is not None
    assert "".join(b.hi.key.strip("1#+0") for b in prediction.bounds) == sizes


def test_a_variable_stands_whole_after_its_equations(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"z has 2 indices, not 0\n.*or state its equations above this one"):
        built(
            tmp_path, HEAD, "    a[i] = w[1] * tanh(z) + v[i]\n    z[:, :] = x @ W\n    model.minimise(Sum(a[i], i))\n"
        )


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    goal = "    model.minimise(numpy.float64(0.5) * norm2(w) + norm2(u) * numpy.int64(2) - numpy.float64(1.5))\n"
    text = render_expr(built(tmp_path, head("w", "u"), goal).system.objective.value)
    assert text == "Sum(w[i]**2, i)/2 + 2*Sum(u[i]**2, i) - 3/2"


LATER = """
    with model.over(l, 1, T):
        h[l, :] = X[l, 1, :] * w
"""


def test_a_whole_array_is_all_of_it(tmp_path: Path) -> None:
    """What is known of a variable when it is used whole must be all of it, also when the last equation is stated."""
    early = "    h[0, :] = w\n    z[:, :] = 2 * h\n" + LATER + "    model.minimise(norm2(z))\n"
    late = "    h[0, :] = w\n" + LATER + "    z[:, :] = 2 * h\n    model.minimise(norm2(z) + mean(z))\n"
    fixed = "    h[0, :] = w\n    a[:] = 2 * h[0, :]\n" + LATER + "    model.minimise(norm2(a) + norm2(h))\n"
    system = built(tmp_path, head("w"), late).system
    assert [render_range(s.lo, s.hi) for s in system.tensor("z").slots] == ["0..T", "1..n"]
    assert render_expr(system.objective.value).endswith("/((T + 1)*n)")
    assert render_range(*built(tmp_path, head("w"), fixed).system.tensor("a").range_of(0, (Affine.of(1),))) == "1..n"
    other = built(tmp_path, head("w"), early).system  # the shape of z follows from all equations of h
    assert [render_range(s.lo, s.hi) for s in other.tensor("z").slots] == ["0..T", "1..n"]


def test_a_size_used_too_early_is_an_error(tmp_path: Path) -> None:
    first = "    with model.over(j, 1, n):\n        a[j] = w[j]\n    z[:] = a / mean(a)\n"
    second = "    with model.over(j, n + 1, 2 * n):\n        a[j] = u[j - n]\n"
    with pytest.raises(ModelError, match="the axes differ: in a"):
        built(tmp_path, HEAD, first, second, "    model.minimise(norm2(z))\n")


def test_letters_are_the_models_own_where_they_fit(tmp_path: Path) -> None:
    lines = "    z[s, r] = Sum(x[s, k] * W[k, r], k)\n    a[:, :] = z * (x @ W)\n    model.minimise(norm2(a))\n"
    system = built(tmp_path, head("W"), lines).system
    assert render_expr(system.equation("a").target) == "a[s, r]"
    assert render_expr(system.equation("a").value) == "z[s, r]*Sum(x[s, k]*W[k, r], k)"
    file = tmp_path / "bare.py"
    file.write_text(
        IMPORTS.replace("    i, j, k, r, s, l = model.indices", "    _ = model.indices").replace("i j k r s l", "l")
        + '    k, q = model.sizes("k q")\n    x = model.data(x=(k, q))\n    i = model.parameters(i=(q,))\n'
        + "    model.minimise(norm2(x @ i))\n"
    )
    goal = runpy.run_path(str(file))["model"].system.objective
    assert render_expr(goal.value) == "Sum(Sum(x[l, j]*i[j], j)**2, l)"
