"""A window that moves over the ends of an array is refused, and the fix that is named works."""

from __future__ import annotations

from pathlib import Path

import pytest
from trial import judged

MODEL = """from sympy import And, Piecewise

from derive import Model, Sum

with Model("window") as model:
    m, T = model.sizes("m T")
    i, t, s = model.indices("i t s")
    x, y = model.data(x=(m, T), y=(m, T))
    w = model.parameters(w=(T, T))
    a = model.variables("a")
    a[i, t] = Sum(w[t, s] * x[i, s], (s, {lo}, {hi}))
    model.minimise(Sum((a[i, t] - y[i, t]) ** 2, i, t) / m)
"""
WINDOWS = {
    ("t - 3", "t"): ("s >= t - 3", "s, 1, t"),
    ("t", "t + 2"): ("s <= t + 2", "s, t, T"),
    ("t - 1", "t + 1"): ("And(s >= t - 1, s <= t + 1)", "s, 1, T"),
}


@pytest.mark.parametrize("ends", WINDOWS)
def test_a_window_that_is_cut_off_at_the_ends(ends: tuple[str, str], tmp_path: Path) -> None:
    lo, hi = ends
    test, span = WINDOWS[ends]
    path, text = tmp_path / "window.py", MODEL.format(lo=lo, hi=hi)
    found = judged(path, text)
    named = f"Sum(Piecewise((..., {test}), (0, True)), ({span}))"
    assert found.kind == "REFUSED" and f"if only the places that exist are meant: {named}" in found.why
    written = f"Sum(w[t, s] * x[i, s], (s, {lo}, {hi}))"
    assert written in text
    assert judged(path, text.replace(written, named.replace("...", "w[t, s] * x[i, s]"))).kind == "RIGHT"
