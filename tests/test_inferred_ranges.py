"""Ranges that no slot shows: they follow from readers, from other equations, from windows, or are refused."""

from __future__ import annotations

import runpy
import textwrap
from pathlib import Path

import pytest

from codegen.render import render_module
from derive import Model, ModelError, derive
from derive.values.text import render_range
from verify.agreement import agree
from verify.run import load

HEAD = """from sympy import Eq, KroneckerDelta, exp, tanh

from derive import Max, Model, Sum, norm2

with Model("case") as model:
    m, n, p, q, F, L, S, T = model.sizes("m n p q F L S T")
    i, j, k, l, r, s, t = model.indices("i j k l r s t")
    a, b, c, f, h, z = model.variables("a b c f h z")
"""


def written(body: str, names: str = "a b c f h z") -> str:
    """The file of a model whose variables are `names`."""
    return HEAD.replace('"a b c f h z"', f'"{names}"').replace(
        "a, b, c, f, h, z =", f"{', '.join(names.split())}{',' if ' ' not in names else ''} ="
    ).replace(", =", " =") + textwrap.indent(textwrap.dedent(body).strip("\n") + "\n", "    ")


def ranges(path: Path, body: str, names: str) -> dict[str, str]:
    """The ranges of the letters of every equation."""
    path.write_text(written(body, names))
    model = runpy.run_path(str(path))["model"]
    assert isinstance(model, Model)
    return {
        e.id: ", ".join(f"{b.index.name}={render_range(b.lo, b.hi)}" for b in e.bounds) for e in model.system.equations
    }


RIGHT = {
    "a recurrence whose last state is read": (
        """
        x = model.data(x=(m, n))
        w, d = model.parameters(w=(n, n), d=(L,))
        h[0, i, j] = x[i, j]
        h[l, i, j] = tanh(Sum(w[j, k] * h[l - 1, i, k], k))
        c[l] = d[l]
        model.minimise(Sum(h[L, i, j] ** 2, i, j) + Sum(c[l] ** 2, l))
        """,
        "c h",
        {"h@l=0": "i=1..m, j=1..n", "h@l=1..L": "l=1..L, i=1..m, j=1..n"},
    ),
    "a mean that stands before the state in every layer": (
        """
        x, w = model.data(x=(m, n)), model.parameters(w=(L, n))
        h[0, i, j] = x[i, j]
        a[l, i] = Sum(h[l - 1, i, j], j) / n
        b[l, i, j] = (h[l - 1, i, j] - a[l, i]) * w[l, j]
        h[l, i, j] = h[l - 1, i, j] + b[l, i, j]
        model.minimise(Sum(h[L, i, j] ** 2, i, j))
        """,
        "a b h",
        {"a": "l=1..L, i=1..m", "b": "l=1..L, i=1..m, j=1..n", "h@l=1..L": "l=1..L, i=1..m, j=1..n"},
    ),
    "a state that runs backward": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=())
        h[T + 1] = 0
        a[t] = w * h[t + 1]
        h[t] = x[t] + tanh(a[t])
        model.minimise(h[1] ** 2)
        """,
        "a h",
        {"a": "t=1..T", "h@t=1..T": "t=1..T"},
    ),
    "readers of readers": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=())
        model.assume(T >= 2)
        h[1] = w
        a[t] = x[t] - h[t]
        b[t] = h[t] * w
        c[t] = b[t] ** 2
        h[t + 1] = h[t] + a[t] * c[t]
        model.minimise(Sum(a[t] ** 2 + b[t], t))
        """,
        "a b c h",
        {"a": "t=1..T", "b": "t=1..T", "c": "t=1..T - 1", "h@t=2..T": "t=2..T"},
    ),
    "windows": (
        """
        model.assume(n >= F)
        x, w = model.data(x=(m, n)), model.parameters(w=(F,))
        a[i, r] = Sum(w[s] * x[i, r + s - 1], s)
        model.minimise(Sum(a[i, r] ** 2, i, r))
        """,
        "a",
        {"a": "i=1..m, r=1..n - F + 1"},
    ),
    "strides": (
        """
        x, w = model.data(x=(2 * q,)), model.parameters(w=())
        a[i] = w * x[2 * i - 1] + x[2 * i] ** 2
        b[i] = a[i] + Max(w * x[2 * i + s - 2], (s, 1, 2))
        model.minimise(Sum(b[i] ** 2, i) + Sum(x[2 * k] * w ** 2, k))
        """,
        "a b",
        {"a": "i=1..q", "b": "i=1..q"},
    ),
    "the range of a stride that a fact shows": (
        """
        model.assume(Eq(n, 2 * q))
        x, w, y = model.data(x=(n,)), model.parameters(w=()), model.data(y=(q,))
        a[i] = w * x[2 * i - 1]
        model.minimise(Sum(a[i] ** 2, i))
        """,
        "a",
        {"a": "i=1..q"},
    ),
    "the first place of a matrix": (
        """
        x, w = model.data(x=(T, n)), model.parameters(w=(n, n))
        h[0, j, k] = KroneckerDelta(j, k)
        a[t, :, :] = w @ h[t - 1, :, :] @ w.T
        b[t, :] = x[t, :] @ a[t, :, :]
        h[t, :, :] = a[t, :, :] + w
        model.minimise(Sum(b[t, j] ** 2, t, j) + norm2(h[T, :, :]))
        """,
        "a b h",
        {"a": "t=1..T, i=1..n, j=1..n", "h@t=0": "j=1..n, k=1..n", "h@t=1..T": "t=1..T, i=1..n, j=1..n"},
    ),
    "a copy for every task": (
        """
        x, w = model.data(x=(T, n)), model.parameters(w=(n,))
        a[t, j] = w[j] ** 2
        model.minimise(Sum((a[t, j] - x[t, j]) ** 2, t, j))
        """,
        "a",
        {"a": "t=1..T, j=1..n"},
    ),
    "layers in time, the first of which is given": (
        """
        x, w = model.data(x=(T, n)), model.parameters(w=(l, n, n), over=(l, 1, L))
        with model.over(t, 1, T):
            h[0, t, :] = x[t, :]
        with model.over(l, 1, L):
            h[l, 0, :] = 0
        a[l, t, :] = tanh(h[l - 1, t, :] @ w[l, :, :] + h[l, t - 1, :])
        b[l, t, :] = a[l, t, :] * h[l, t - 1, :] + h[l - 1, t, :]
        h[l, t, :] = a[l, t, :] * b[l, t, :]
        model.minimise(norm2(h[L, T, :]))
        """,
        "a b h",
        {"a": "l=1..L, t=1..T, i=1..n", "b": "l=1..L, t=1..T, i=1..n"},
    ),
    "a grid whose corner nothing reads": (
        """
        x, w = model.data(x=(T, n)), model.parameters(w=(L, n, n))
        h[0, t, j] = x[t, j]
        h[l, 0, j] = 0
        c[l, t, j] = Sum(w[l, j, k] * h[l - 1, t, k], k)
        h[l, t, j] = tanh(c[l, t, j] + h[l, t - 1, j])
        model.minimise(Sum(h[L, t, j] ** 2, (t, 1, T), j))
        """,
        "c h",
        {"c": "l=1..L, t=1..T, j=1..n", "h@l=1..L,t=0": "l=1..L, j=1..n"},
    ),
    "what no equation but a stated range needs": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=())
        model.assume(T >= 3)
        a[t] = w * (x[t + 1] - x[t - 1])
        model.minimise(Sum(a[t] ** 2, (t, 2, T - 1)))
        """,
        "a",
        {"a": "t=2..T - 1"},
    ),
    "the beginning of layers whose widths differ": (
        """
        u = model.width("u")
        x = model.data(x=(T, m, u(0)))
        w, v = model.parameters(w=(l, u(l), u(l - 1)), v=(l, u(l), u(l)), over=(l, 1, L))
        with model.over(t, 1, T):
            h[0, t, i, k] = x[t, i, k]
        with model.over(l, 1, L):
            h[l, 0, i, j] = 0
        with model.over(l, 1, L), model.over(t, 1, T):
            h[l, t, i, j] = tanh(Sum(w[l, j, k] * h[l - 1, t, i, k], k) + Sum(v[l, j, k] * h[l, t - 1, i, k], k))
        model.minimise(Sum(h[L, T, i, j] ** 2, i, j))
        """,
        "h",
        {"h@l=1..L,t=0": "l=1..L, i=1..m, j=1..u(l)"},
    ),
    "gates that stand in one array": (
        """
        x, w = model.data(x=(T, 2 * q)), model.parameters(w=(q,))
        a[t, k] = x[t, k] ** 2
        b[t, j] = a[t, j] * tanh(a[t, j + q])
        model.minimise(Sum(w[j] * b[t, j], t, j))
        """,
        "a b",
        {"a": "t=1..T, k=1..2*q", "b": "t=1..T, j=1..q"},
    ),
    "a part that begins where the given part ends": (
        """
        x, y = model.data(x=(n,), y=(p,))
        w = model.parameters(w=())
        with model.over(k, 1, n):
            a[k] = w * x[k]
        a[k] = w * y[k - n] ** 2
        model.minimise(Sum(a[k] ** 2, k))
        """,
        "a",
        {"a@k=1..n": "k=1..n", "a@k=n + 1..n + p": "k=n + 1..n + p"},
    ),
}


def verified(path: Path) -> bool:
    """Do equations, code and differences agree?"""
    derivation = derive(runpy.run_path(str(path))["model"])
    return agree(derivation.system, derivation, load(render_module(derivation, source="-", digest="-"), "case")).good


@pytest.mark.parametrize("case", RIGHT)
def test_a_range_that_follows(case: str, tmp_path: Path) -> None:
    body, names, expected = RIGHT[case]
    found = ranges(tmp_path / "case.py", body, names)
    assert {key: found.get(key) for key in expected} == expected, found
    assert verified(tmp_path / "case.py")


# what is written; the error; and what is written when its fix is followed
REFUSED = {
    "a difference on both sides": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=())
        model.assume(T >= 3)
        a[t] = w * x[t + 1] - x[t - 1]
        model.minimise(Sum(a[t] ** 2, t))
        """,
        "fix: if all places are meant at which the entries exist, state them: with model.over(t, 2, T - 1)",
        ("a[t] = w", "with model.over(t, 2, T - 1): a[t] = w"),
    ),
    "a difference of neighbours in a sum": (
        """
        w = model.parameters(w=(T,))
        model.assume(T >= 2)
        a[t] = w[t] ** 2
        model.minimise(Sum(a[t] ** 2, t) + Sum((w[t + 1] - w[t]) ** 2, t))
        """,
        "nothing gives index t a range\n  fix: if all places are meant at which the entries exist, state them: "
        "Sum(..., (t, 1, T - 1))",
        ("- w[t]) ** 2, t)", "- w[t]) ** 2, (t, 1, T - 1))"),
    ),
    "a filter that could forecast": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=(F,))
        model.assume(T >= F)
        a[t] = Sum(w[s] * x[t - s], s)
        model.minimise(Sum(a[t] ** 2, t))
        """,
        "state them: with model.over(t, F + 1, T + 1)",
        ("a[t] = Sum", "with model.over(t, F + 1, T + 1): a[t] = Sum"),
    ),
    "a window that could be padded": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=(3,))
        model.assume(T >= 3)
        a[t] = Sum(w[s] * x[t + s - 2], s)
        model.minimise(Sum(a[t] ** 2, t))
        """,
        "state them: with model.over(t, 2, T - 1)",
        ("a[t] = Sum", "with model.over(t, 2, T - 1): a[t] = Sum"),
    ),
    "a stride that need not divide": (
        """
        x, y, w = model.data(x=(n,)), model.data(y=(q,)), model.parameters(w=())
        a[i] = w * x[2 * i - 1] * x[2 * i]
        model.minimise(Sum(a[i] ** 2, i) + Sum(y[k], k) * w)
        """,
        "nothing gives index i a range: n may be no multiple of 2\n"
        "  fix: with a size q, declare model.assume(Eq(n, 2*q))",
        ("a[i] =", "model.assume(Eq(n, 2*q)); a[i] ="),
    ),
    "a window that may not fit": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=(F,))
        a[t] = Sum(w[s] * x[t + s - 1], s)
        model.minimise(Sum(a[t] ** 2, t))
        """,
        "nothing gives index t a range while it is not known whether F <= T\n  fix: declare model.assume(F <= T)",
        ("a[t] =", "model.assume(F <= T); a[t] ="),
    ),
    "windows over two arrays": (
        """
        x, y, w = model.data(x=(T,)), model.data(y=(n,)), model.parameters(w=())
        a[t] = w * x[t + 1] * y[t + 1]
        model.minimise(Sum(a[t] ** 2, t))
        """,
        "nothing gives index t a range\n  fix: let it stand alone in a slot, or state it: with model.over(t, 1, ...)",
        ("a[t] = w * x[t + 1] * y[t + 1]", "with model.over(t, 1, T): a[t] = w * x[t]"),
    ),
    "a state without an end": (
        """
        w = model.parameters(w=())
        x = model.data(x=(T,))
        a[0] = x[1]
        a[t] = w * a[t - 1]
        model.minimise(Sum(a[t] ** 2, t))
        """,
        "nothing gives index t a range\n  fix: let it stand alone in a slot, or state it: with model.over(t, 1, ...)",
        ("a[t] = w", "with model.over(t, 1, T): a[t] = w"),
    ),
    "a state that is predicted further than it is needed, perhaps": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=())
        a[0] = 1
        a[t] = w * tanh(a[t - 1])
        model.minimise(Sum((x[t] - a[t]) ** 2, t))
        model.predict(a[t])
        """,
        "nothing gives index t a range\n  fix: what the objective needs is with model.over(t, 1, T); if more is "
        "predicted, state that",
        ("a[t] = w", "with model.over(t, 1, T): a[t] = w"),
    ),
    "a state that is read at the end of two ranges": (
        """
        x, y, w = model.data(x=(T,)), model.data(y=(S,)), model.parameters(w=())
        a[0] = 1
        a[t] = w * tanh(a[t - 1])
        model.minimise(Sum(x[t] ** 2, t) * a[T] + Sum(y[t] ** 2, t) * a[S])
        """,
        "while it is not known whether S <= T\n  fix: declare model.assume(S <= T), or its opposite",
        ("a[0] = 1", "model.assume(S + 1 <= T); a[0] = 1"),
    ),
    "a letter that nothing shows": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=())
        a[t] = w
        model.minimise(Sum(a[t] ** 2, t) * x[T])
        """,
        "index t of the left side does not stand on the right side, and no reader shows its range",
        ("a[t] = w", "with model.over(t, 1, T): a[t] = w"),
    ),
    "sizes that are never equal": (
        """
        x, w = model.data(x=(T, 4 * q)), model.parameters(w=(q, q))
        a[t, j] = x[t, j] ** 2
        model.minimise(Sum(Sum(w[j, k] * a[t, k], k) ** 2, t, j))
        """,
        "index k has two ranges: 1..q from w[j, k], 1..4*q from a[t, k]\n"
        "  fix: if only the places of both are meant: Sum(..., (k, 1, q)); else use another letter",
        ("a[t, k], k)", "a[t, k], (k, 1, q))"),
    ),
    "whole arrays of sizes that are never equal": (
        """
        x, y, w = model.data(x=(m, 2 * n)), model.data(y=(m, n)), model.parameters(w=())
        a[i, k] = w * x[i, k]
        model.minimise(norm2(x * w - y))
        """,
        "fix: write the entries, with the places that you mean",
        ("norm2(x * w - y)", "Sum((x[i, n + k] * w - y[i, k]) ** 2, i, (k, 1, n)) + Sum(a[i, k], i, k)"),
    ),
    "a multiple that can be equal": (
        """
        x, y, w = model.data(x=(m, 2 * n)), model.data(y=(m, p)), model.parameters(w=())
        a[i, k] = w * x[i, k] + y[i, k]
        model.minimise(Sum(a[i, k] ** 2, i, k))
        """,
        "fix: if the two are equal, declare model.assume(Eq(p, 2*n))",
        ("a[i, k] = w", "model.assume(Eq(p, 2*n)); a[i, k] = w"),
    ),
    "a boundary whose corner is read": (
        """
        v = model.parameters(v=(m, n))
        a[0, j] = 0
        a[i, 0] = 0
        a[i, j] = v[i, j]
        model.minimise(Sum((a[i, j] - a[i - 1, j - 1]) ** 2, (i, 1, m), (j, 1, n)))
        """,
        "the equations of a leave a gap at i = 0 and j = 0\n  fix: with model.over(j, 0, n): a[0, j] = ...",
        ("a[0, j] = 0", "with model.over(j, 0, n): a[0, j] = 0"),
    ),
    "two equations for the rest": (
        """
        x, w = model.data(x=(T,)), model.parameters(w=())
        a[0] = x[T]
        a[t] = w * a[t - 1]
        a[t] = w + a[t - 1]
        model.minimise(a[T])
        """,
        "nothing gives index t a range",
        ("a[t] = w * a[t - 1]", ""),
    ),
}


def refusal(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ModelError) as caught:
        runpy.run_path(str(path))
    return str(caught.value)


@pytest.mark.parametrize("case", REFUSED)
def test_a_range_that_could_be_another(case: str, tmp_path: Path) -> None:
    body, error, (old, new) = REFUSED[case]
    assert error in refusal(tmp_path / "case.py", written(body, "a"))
    assert old in body
    (tmp_path / "case.py").write_text(written(body.replace(old, new), "a"))
    assert verified(tmp_path / "case.py")
