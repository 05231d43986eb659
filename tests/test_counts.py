"""Sizes that no array shows, such as a number of rounds: integers among the arguments of the code."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from trial import judged

from codegen.render import render_module
from derive import derive
from verify.agreement import agree
from verify.run import load

HEAD = """from sympy import *
from derive import *
from derive.library import *
with Model("trial", "A trial.") as model:
    m, n, p, q, T = model.sizes("m n p q T")
    i, j, k, t = model.indices("i j k t")
"""

ROUNDS = """
    x = model.data(x=(m,))
    w = model.parameters(w=())
    z = model.variables("z")
    z[0, i] = x[i]
    with model.over(t, 1, T):
        z[t, i] = sin(w * z[t - 1, i])
    model.minimise(Sum(z[T, i] ** 2, i) / T)
    model.predict(z[T, i])
"""

MODELS = {
    "rounds": ROUNDS,
    "at least two rounds": "    model.assume(T >= 2)" + ROUNDS.replace("z[T, i] **", "z[T - 2, i] * z[T, i] **"),
    "rounds with matrices, no data": """
    W, b = model.parameters(W=(n, n), b=(n,))
    z = model.variables("z")
    z[1, j] = b[j]
    with model.over(t, 2, T):
        z[t, j] = sin(Sum(W[j, k] * z[t - 1, k], k))
    model.minimise(Sum(z[t, j] ** 2, t, j))
""",
    "a sum whose length is given": """
    w = model.parameters(w=(m,))
    model.minimise(Sum(sin(t * w[i]), i, (t, 1, T)) + Sum(w[i] ** 2, i))
""",
    "two parts of one array": """
    x = model.data(x=(p + q,))
    w, v = model.parameters(w=(), v=())
    model.minimise(Sum(sin(w * x[j]), (j, 1, p)) + Sum(cos(v * x[p + j]), (j, 1, q)))
""",
    "classes of labels that are compared only": """
    x = model.data(x=(m,))
    label = model.integers(label=(m,), over=(1, n))
    w = model.parameters(w=())
    model.minimise(Sum(Piecewise((sin(w * x[i] * x[j]), Eq(label[i], label[j])), (w**2, True)), i, j))
""",
    "counts as values": """
    x = model.data(x=(m,))
    count = model.integers(count=(m,), over=(0, n))
    w = model.parameters(w=())
    model.minimise(Sum(exp(w * x[i]) - count[i] * w / n, i))
""",
}


def made(body: str, path: Path) -> tuple[ModuleType, str]:
    path.write_text(HEAD + body)
    text = render_module(derive(runpy.run_path(str(path))["model"]), source="trial.py", digest="0")
    return load(text, "trial"), text


@pytest.mark.parametrize("name", MODELS)
def test_the_gradient_is_right(name: str, tmp_path: Path) -> None:
    found = judged(tmp_path / "trial.py", HEAD + MODELS[name])
    assert found.kind == "RIGHT", found.why


def test_every_function_takes_the_number_of_rounds(tmp_path: Path) -> None:
    module, _ = made(ROUNDS, tmp_path / "trial.py")
    for name in ("forward", "predict", "cost", "cost_and_gradient", "train", "objective"):
        assert "T" in inspect.signature(getattr(module, name)).parameters, name
    w, x = {"w": np.float64(0.5)}, np.array([1.0, 2.0])
    assert np.allclose(module.predict(w, x=x, T=1), np.sin(0.5 * x))
    assert np.allclose(module.predict(w, x=x, T=np.int64(2)), np.sin(0.5 * np.sin(0.5 * x)))
    J, _ = module.cost_and_gradient({"w": np.float32(0.5)}, x=x.astype(np.float32), T=3)
    assert J.dtype == np.float32
    trained, history = module.train({}, x=x, T=2, rate=0.1, epochs=3)
    assert len(history) == 3 and set(trained) == {"w"}


@pytest.mark.parametrize(
    ("body", "T", "error", "said"),
    [
        (ROUNDS, 0, ValueError, "T must be at least 1, but is 0"),
        (ROUNDS, 2.0, TypeError, "T must be an integer, not float"),
        (MODELS["at least two rounds"], 1, ValueError, "T must be at least 2, but is 1"),
    ],
)
def test_a_wrong_number_of_rounds_is_an_error(
    body: str, T: float, error: type[Exception], said: str, tmp_path: Path
) -> None:
    module, _ = made(body, tmp_path / "trial.py")
    with pytest.raises(error, match=said):
        module.cost({"w": np.float64(0.5)}, x=np.ones(2), T=T)


def test_the_parts_of_an_array_fill_it(tmp_path: Path) -> None:
    module, _ = made(MODELS["two parts of one array"], tmp_path / "trial.py")
    given = {"w": np.float64(0.5), "v": np.float64(0.5)}
    assert np.isfinite(module.cost(given, x=np.ones(5), p=2, q=3))
    with pytest.raises(ValueError, match=r"x must have p \+ q = 6 places along axis 0, but has 5"):
        module.cost(given, x=np.ones(5), p=3, q=3)


def test_labels_that_are_compared_only_need_no_number_of_classes(tmp_path: Path) -> None:
    module, _ = made(MODELS["classes of labels that are compared only"], tmp_path / "trial.py")
    assert "n" not in inspect.signature(module.cost).parameters
    with pytest.raises(ValueError, match=r"label must hold integers 0\.\.inf, but has -1\.\.0"):
        module.cost({"w": np.float64(0.5)}, x=np.ones(2), label=np.array([-1, 0]))


def test_a_round_that_is_left_out_is_seen(tmp_path: Path) -> None:
    _, text = made(ROUNDS, tmp_path / "trial.py")
    derivation = derive(runpy.run_path(str(tmp_path / "trial.py"))["model"])
    wrong = text.replace("for t in range(1, T + 1):", "z[T] = x\n    for t in range(1, T):")
    assert wrong != text
    assert agree(derivation.system, derivation, load(text, "right")).good
    assert not agree(derivation.system, derivation, load(wrong, "wrong")).good
