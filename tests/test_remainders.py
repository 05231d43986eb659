"""Remainders and floors of indices as values, and places by parity: even and odd parts have an index of their own."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from math import cos, sin
from pathlib import Path

import numpy as np
import pytest
from trial import judged

from codegen.render import render_module
from derive import Refused, derive
from verify.run import load

HEAD = """from sympy import *
from derive import *
with Model("trial", "A trial.") as model:
    n, T = model.sizes("n T")
    i, j, t, p = model.indices("i j t p")
    x = model.parameters(x=(n,))
"""

Value = Callable[[int, list[float]], float]

VALUES: dict[str, tuple[str, Value]] = {
    "an operator": ("(1 + i % 5) * sin(x[i])", lambda i, x: (1 + i % 5) * sin(x[i])),
    "Mod of a product": ("Mod(3 * i - 1, 7) * sin(x[i])", lambda i, x: (3 * i - 1) % 7 * sin(x[i])),
    "of a negative number": ("Mod(-i, 3) * x[i] ** 2", lambda i, x: -i % 3 * x[i] ** 2),
    "by a size": ("Mod(2 * i, n) * sin(x[i])", lambda i, x: 2 * i % (len(x) - 1) * sin(x[i])),
    "of a size": ("(n % 3) * sin(x[i]) + x[i]", lambda i, x: (len(x) - 1) % 3 * sin(x[i]) + x[i]),
    "a whole quotient": ("(i // 2) * sin(x[i])", lambda i, x: i // 2 * sin(x[i])),
    "a condition": (
        "Piecewise((sin(x[i]), Eq(i % 2, 0)), (cos(x[i]), i % 3 > 0), (x[i], True))",
        lambda i, x: sin(x[i]) if i % 2 == 0 else cos(x[i]) if i % 3 > 0 else x[i],
    ),
}

PARITY = """
    y = model.data(y=(T,))
    h = model.variables("h")
    h[1, 1] = Sum(x[i], i)
    with model.over(t, 2, T):
        h[t, 1] = sin(h[t - 1, 2])
    with model.over(t, 1, T):
        h[t, 2] = cos(h[t, 1]) + y[t]
    model.minimise(Sum(h[t, p] ** 2, t, p))
"""


@pytest.mark.parametrize("name", VALUES)
def test_the_value_is_that_of_python(name: str, tmp_path: Path) -> None:
    text, value = VALUES[name]
    path = tmp_path / "trial.py"
    found = judged(path, HEAD + f"    model.minimise(Sum({text}, i))\n")
    assert found.kind == "RIGHT", found.why
    code = render_module(derive(runpy.run_path(str(path))["model"]), source="trial.py", digest="0")
    for size in (1, 2, 3, 9, 70):
        x = np.linspace(-1, 2, size)
        expected = sum(value(i, [0.0, *x]) for i in range(1, size + 1))
        assert np.isclose(load(code, "trial").cost({"x": x}), expected, rtol=1e-12)


def test_even_and_odd_places_have_an_index_of_their_own(tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + PARITY)
    assert found.kind == "RIGHT", found.why
    path = tmp_path / "even.py"
    path.write_text(
        HEAD + "    z = model.variables('z')\n    z[2 * i] = x[i]\n    model.minimise(Sum(z[j], (j, 1, n)))\n"
    )
    with pytest.raises(Refused, match=r"give the parts a second index: z\[i, 1\] = \.\.\., z\[i, 2\] = "):
        runpy.run_path(str(path))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Mod(sin(x[i]), 2)", "it jumps, and SymPy knows no derivative of it"),
        ("x[i] * Mod(i, n - 2)", "a remainder is one of integers, by a positive number or by a size"),
        ("x[i] * Mod(i / 2, 3)", "a remainder is one of integers"),
        ("x[i] * Mod(i, -3)", "a remainder is one of integers"),
    ],
)
def test_other_remainders_are_refused(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "trial.py"
    path.write_text(HEAD + f"    model.minimise(Sum({text}, i))\n")
    with pytest.raises(Refused, match=why):
        runpy.run_path(str(path))
