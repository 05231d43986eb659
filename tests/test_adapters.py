"""Functions of other libraries, and objects with coefs_ and intercepts_, judged like any other function."""

import linecache
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from corpus import IMPLEMENTATIONS

from derive import ModelError
from verify.foreign.adapters import of_estimator, of_jax, of_torch
from verify.foreign.check import check_gradient

ROOT = Path(__file__).parents[1]


def names_in(name: str, file: Path, old: str = "", new: str = "") -> dict[str, Any]:
    """What an implementation defines, perhaps with an edit."""
    text = IMPLEMENTATIONS[name].path.read_text()
    assert old in text
    file.write_text(text.replace(old, new) if old else text)
    linecache.checkcache(str(file))
    return runpy.run_path(str(file))


def verdict_on(gradient: Callable[..., Any], name: str) -> Any:
    return check_gradient(gradient, against=runpy.run_path(str(ROOT / IMPLEMENTATIONS[name].model))["model"])


def judged_twice(gradients: list[Callable[..., Any]], name: str, block: str, layout: str) -> None:
    """The first is right, the second wrong in one block; the layout is found for both."""
    right, wrong = (verdict_on(gradient, name) for gradient in gradients)
    assert right.good and not right.white and right.digits >= 13, str(right)
    assert {(f.code, f.block.partition("[")[0]) for f in wrong.failures} == {("GP102", block)}, str(wrong)
    assert right.layout == wrong.layout == layout


def test_an_object_with_coefs_and_intercepts(tmp_path: Path) -> None:
    edits = ("", ""), ("np.mean(deltas[layer], 0)", "np.sum(deltas[layer], 0)")
    gradients = []
    for q, (old, new) in enumerate(edits):
        own = names_in("sklearn_classifier", tmp_path / f"mine{q}.py", old, new)["TinyMLPClassifier"]
        gradients.append(of_estimator(own, "_backprop"))
    layout = "(layers(w.T), layers(b), x, y, lam * m) -> (layers(w.T), layers(b))"
    judged_twice(gradients, "sklearn_classifier", "d.b", layout)


def test_a_function_of_torch(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs torch, which no extra installs: adapters use the torch that is there")
    parameters = ("W1", "b1", "W2", "b2")
    gradients = []
    for q, (old, new) in enumerate((("", ""), ("d1.sum(0)", "d1.mean(0)"))):
        own = names_in("torch_function", tmp_path / f"mine{q}.py", old, new)["TanhNetworkLoss"]
        gradients.append(of_torch(own.apply, *parameters))
    judged_twice(gradients, "torch_function", "d.b", "(w[2], b[2], w[3], b[3], x, y, lam) -> (w[2], b[2], w[3], b[3])")


def test_a_function_of_jax(tmp_path: Path) -> None:
    pytest.importorskip("jax", reason="needs jax, which no extra installs: adapters use the JAX that is there")
    gradients = []
    for q, (old, new) in enumerate((("", ""), ("jnp.sum(r)", "jnp.mean(r)"))):
        own = names_in("jax_poisson", tmp_path / f"mine{q}.py", old, new)["poisson_loss"]
        gradients.append(of_jax(own, "w", "b"))
    judged_twice(gradients, "jax_poisson", "d.b", "(w, b, x, y) -> (w, b)")


def test_a_library_that_nobody_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, adapter in (("torch", of_torch), ("jax", of_jax)):
        monkeypatch.delitem(sys.modules, name, raising=False)
        with pytest.raises(ModelError, match=f"{name} is not imported"):
            adapter(lambda w: w, "w")
