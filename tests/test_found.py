"""Layouts that nobody stated are found by the cost; a layout never makes a wrong gradient right."""

import linecache
import runpy
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import IMPLEMENTATIONS, MISTAKES, Implementation
from examination import AMONG

from derive import derive
from derive.derivation import Derivation
from verify.foreign.check import check_gradient
from verify.foreign.code_keys import keys_of
from verify.foreign.found import Unknown, found
from verify.foreign.layout import Flat, Layout
from verify.foreign.points import possible
from verify.foreign.trials import Search

ROOT = Path(__file__).parents[1]
LAYERS_OF_TWO = "flat(w[2], w[3], b[2], b[3])"
FOUND = {
    "ufldl_network": f"({LAYERS_OF_TWO}, n[1], n[2], n[3], lam, x.T, y.T) -> {LAYERS_OF_TWO}",
    "ufldl_autoencoder": f"({LAYERS_OF_TWO}, n[1], n[2], lam, rho, beta, x.T) -> {LAYERS_OF_TWO}",
    "cs231n_two_layer": "({W1: w.T, b1: b, W2: v.T, b2: d}, x, label, lam) -> {W1: w.T, b1: b, W2: v.T, b2: d}",
    "sklearn_classifier": "(layers(w.T), layers(b), x, y, lam * m) -> (layers(w.T), layers(b))",
    "softmax_regression": "(w.T, b, x, label) -> (w.T, b)",
    "ridge_loops": "(flat(w, b), x, y, lam) -> flat(w, b)",
    "conv1d_loops": "(x, y, w.T, b, v) -> {filters: w.T, bias: b, head: v}",
    "svm_vectorized": "(w.T, x, label, lam) -> w.T",
    "layer_objects": "(layers(w), layers(b), x, y) -> (layers(w), layers(b))",
    "huber_lasso": "(flat(b, w), x, y, c, lam) -> flat(b, w)",
    "word_bag": "(E, U.T, word, label) -> (E, U.T)",
    "einsum_attention": "({wq: Q, wk: K, wv: V, wo: O.T}, x, y) -> {wq: Q, wk: K, wv: V, wo: O.T}",
    "max_pool_argmax": "(w, v, x, y) -> (w, v)",
    "ng_logistic": "(flat(b, w), ones(x), (y + 1) / 2, lam * m) -> flat(b, w)",
}
NOT_FOUND = (  # data of another form, and a letter that is called as in the model but means its square
    "funk_factorisation",
    "batch_norm_layer",
)


@cache
def derivation(model: str) -> Derivation:
    return derive(runpy.run_path(str(ROOT / model))["model"])


def searched(
    gradient: Callable[..., Any], cost: Callable[..., Any] | None, model: str, among: Mapping[str, Any] | None = None
) -> Layout | Unknown:
    made = derivation(model)
    return found(Search(gradient, cost, made, 0, among or {}), possible(made.system, {}, 0))


def names_of(one: Implementation, text: str, file: Path) -> tuple[Any, Any]:
    """The gradient and the cost of a text."""
    file.write_text(text)
    linecache.checkcache(str(file))
    names = runpy.run_path(str(file))
    return names[one.function], names[one.cost] if one.cost else None


@pytest.mark.parametrize("name", FOUND)
def test_a_layout_is_found(name: str, tmp_path: Path) -> None:
    one = IMPLEMENTATIONS[name]
    gradient, cost = names_of(one, one.path.read_text(), tmp_path / f"{name}.py")
    layout = searched(gradient, cost, one.model, AMONG.get(name))
    assert isinstance(layout, Layout), layout
    assert layout.text == FOUND[name]


@pytest.mark.parametrize("name", NOT_FOUND)
def test_a_layout_that_is_not_found_says_what_was_tried(name: str, tmp_path: Path) -> None:
    one = IMPLEMENTATIONS[name]
    layout = searched(*names_of(one, one.path.read_text(), tmp_path / f"{name}.py"), one.model)
    assert isinstance(layout, Unknown)
    assert "layouts were tried" in layout.reason and "--layout" in layout.reason


PLANTED = [m for m in MISTAKES if m.implementation in ("softmax_regression", "svm_vectorized", "huber_lasso")]


@pytest.mark.parametrize("mistake", PLANTED, ids=lambda m: m.name)
def test_no_layout_makes_a_mistake_right(mistake: Any, tmp_path: Path) -> None:
    one = IMPLEMENTATIONS[mistake.implementation]
    gradient, cost = names_of(one, mistake.edited(one.path.read_text()), tmp_path / "mine.py")
    for own in dict.fromkeys((cost, None)):
        layout = searched(gradient, own, one.model)
        if isinstance(layout, Unknown):
            continue
        if layout.text != FOUND[one.name]:
            assert not check_gradient(gradient, against=derivation(one.model), cost=own), layout.text


RIDGE = "examples/models/ridge_regression.py"


def test_a_hyper_parameter_called_as_in_the_model_is_no_multiple_of_it() -> None:
    """`lam * m` would make both cost and gradient right."""

    def gradient(w, b, x, y, lam):
        e = x @ w + b - y
        cost = (e @ e / 2 + lam / 2 * w @ w) / len(x)
        return cost, e @ x / len(x) + lam / len(x) * w, e.mean()

    verdict = check_gradient(gradient, against=derivation(RIDGE))
    assert {f.code for f in verdict.failures} == {"GP101", "GP109"}, str(verdict)


def test_without_a_cost_no_multiple_is_chosen() -> None:
    """Is reg = lam m, or the decay wrong? Nobody can know."""

    def gradient(w, b, x, y, reg):
        e = x @ w + b - y
        return e @ x / len(x) + reg / len(x) * w, e.mean()

    verdict = check_gradient(gradient, against=derivation(RIDGE))
    assert [f.code for f in verdict.findings] == ["GP112"], str(verdict)


def test_a_transposed_gradient_is_wrong() -> None:
    def gradient(W, b, X, labels):
        E = np.exp(X @ W.T + b)
        R = (E / E.sum(axis=1, keepdims=True) - np.eye(len(W))[labels]) / len(X)
        cost = -np.log((E / E.sum(axis=1, keepdims=True))[np.arange(len(X)), labels]).mean()
        return cost, X.T @ R, R.sum(axis=0)

    verdict = check_gradient(gradient, against=derivation("examples/models/softmax_regression.py"))
    assert verdict.word == "WRONG", str(verdict)
    assert any("d.w: its shape is (3, 2), not (2, 3)" in note for note in verdict.notes), str(verdict)


def test_a_column_of_ones_can_be_stated() -> None:
    names = runpy.run_path(str(IMPLEMENTATIONS["ng_logistic"].path))
    verdict = check_gradient(
        names["cost_function_reg"],
        against=derivation("examples/models/logistic_regression.py"),
        arguments=[Flat("b", "w"), "ones(x)", "(y + 1) / 2", "lam * m"],
        among=AMONG["ng_logistic"],
    )
    assert verdict.good and verdict.white and verdict.digits > 30, str(verdict)


def two_layers(W1, b1, W2, b2, x, y, lam):
    """`W2` stands for `W2.T` on the way back."""
    a = 1 / (1 + np.exp(-(x @ W1 + b1)))
    o = 1 / (1 + np.exp(-(a @ W2 + b2)))
    cost = np.sum((o - y) ** 2) / 2 / len(x) + lam / 2 * (np.sum(W1**2) + np.sum(W2**2))
    d = (o - y) * o * (1 - o) / len(x)
    e = d @ W2 * a * (1 - a)
    return cost, x.T @ e + lam * W1, e.sum(0), a.T @ d + lam * W2, d.sum(0)


def test_a_mistake_that_runs_only_where_all_is_square_is_judged_there() -> None:
    verdict = check_gradient(two_layers, against=derivation("derive/models/mlp.py"))
    assert verdict.word == "WRONG" and {f.block[:3] for f in verdict.failures} == {"d.w", "d.b"}, str(verdict)
    assert any("transposed weight" in line for line in verdict.diagnosis), str(verdict)
    assert any("random widths it raises ValueError" in note for note in verdict.notes), str(verdict)

    def transposed(w, b, x, y, lam):
        e = x @ w + b - y
        return x @ e / len(x) + lam * w, e.mean()

    verdict = check_gradient(transposed, against=derivation(RIDGE))
    assert verdict.word == "WRONG" and verdict.layout == "(w, b, x, y, lam) -> (w, b)", str(verdict)


def test_numbers_in_names_are_layers_and_options_are_passed_by_name() -> None:
    def gradient(X, Y, *, W1, b1, W2, b2, lambda_=0.0, verbose=False):
        a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        cost = np.sum((a2 - Y) ** 2) / 2 / len(X) + lambda_ / 2 / len(X) * (np.sum(W1**2) + np.sum(W2**2))
        d2 = (a2 - Y) * a2 * (1 - a2) / len(X)
        d1 = d2 @ W2.T * a1 * (1 - a1)
        decay = lambda_ / len(X)
        grads = {"dW1": X.T @ d1 + decay * W1, "dW2": a1.T @ d2 + decay * W2, "db1": d1.sum(0), "db2": d2.sum(0)}
        return cost, grads

    layout = searched(gradient, None, "derive/models/mlp.py")
    assert isinstance(layout, Layout), layout
    assert layout.text == (
        "(x, y, W1=w[2].T, b1=b[2], W2=w[3].T, b2=b[3], lambda_=lam * m)"
        " -> {dW1: w[2].T, db1: b[2], dW2: w[3].T, db2: b[3]}"
    )


def test_the_generated_style_is_found() -> None:
    names = runpy.run_path(str(ROOT / "generated/mlp.py"))
    verdict = check_gradient(names["cost_and_gradient"], against=derivation("derive/models/mlp.py"))
    assert verdict.good, str(verdict)


def test_keys_are_those_of_the_text() -> None:
    def inner(p):
        return p["b1"], ("W2", 3)

    def outer(params):
        return params["W1"], inner

    assert keys_of(outer)[:1] == ("W1",)
    assert set(keys_of(inner)) == {"b1", "W2"}
