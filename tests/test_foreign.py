"""Gradients that other people wrote, judged against a model: right ones are accepted, wrong ones are not."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import IMPLEMENTATIONS
from examination import derivation, verdict_on

from verify.foreign.check import check_gradient
from verify.foreign.layout import Flat, Layers

NUMPY = [name for name, one in IMPLEMENTATIONS.items() if one.needs == "numpy"]


@pytest.mark.parametrize("name", NUMPY)
def test_a_right_implementation_is_accepted(name: str, tmp_path: Path) -> None:
    verdict = verdict_on(name, None, tmp_path)
    assert verdict.good, str(verdict)
    assert verdict.white and verdict.digits > 30, str(verdict)


def test_no_signature_asks_for_a_step_or_a_tolerance() -> None:
    asked = set(inspect.signature(check_gradient).parameters)
    assert not asked & {"eps", "rtol", "atol", "tol", "tolerance", "step", "h"}


def network(W1, b1, W2, b2, x, y, lam):
    """The notes' network with two layers of weights, written for this test."""
    m = len(x)
    hidden = 1 / (1 + np.exp(-(x @ W1.T + b1)))
    out = 1 / (1 + np.exp(-(hidden @ W2.T + b2)))
    cost = np.sum((out - y) ** 2) / (2 * m) + lam / 2 * (np.sum(W1**2) + np.sum(W2**2))
    delta = (out - y) * out * (1 - out) / m
    below = delta @ W2 * hidden * (1 - hidden)
    return cost, below.T @ x + lam * W1, below.sum(0), delta.T @ hidden + lam * W2, delta.sum(0)


def test_a_template_says_what_is_passed() -> None:
    verdict = check_gradient(
        network,
        against=derivation("derive/models/mlp.py"),
        sizes={"L": 3},
        arguments=["w[2]", "b[2]", "w[3]", "b[3]", "x", "y", "lam"],
    )
    assert verdict.good and verdict.white, str(verdict)


def test_loops_that_fill_zeros_lose_no_ball() -> None:
    """`np.zeros` makes floats, into which no ball can be put: the trap into which a naive judge falls."""

    def gradient(w, b, x, y, lam):
        dw, db = np.zeros_like(w), np.zeros(1)
        for i in range(len(x)):
            e = float(np.dot(w, x[i]) + b - y[i])
            for k in range(len(w)):
                dw[k] += e * x[i, k] / len(x)
            db[0] += e / len(x)
        for k in range(len(w)):
            dw[k] += lam * w[k]
        return dw, db[0]

    verdict = check_gradient(
        gradient, against=derivation("examples/models/ridge_regression.py"), arguments=["w", "b", "x", "y", "lam"]
    )
    assert verdict.good and verdict.white, str(verdict)


def test_one_part_in_a_million_million_of_one_entry_is_found() -> None:
    def gradient(w, b, x, y, lam):
        e = x @ w + b - y
        dw = e @ x / len(x) + lam * w
        dw[0] *= 1 + 1e-12
        return dw, e.mean()

    verdict = check_gradient(
        gradient, against=derivation("examples/models/ridge_regression.py"), arguments=["w", "b", "x", "y", "lam"]
    )
    assert [f.code for f in verdict.failures] == ["GP101"]
    assert verdict.failures[0].block == "d.w[1]"


def test_layers_and_flat_vectors_are_templates() -> None:
    def costs(theta, sizes, x, y, lam):
        one, two = sizes
        W1 = theta[: one[0] * one[1]].reshape(one)
        W2 = theta[one[0] * one[1] :][: two[0] * two[1]].reshape(two)
        rest = theta[one[0] * one[1] + two[0] * two[1] :]
        cost, dw1, db1, dw2, db2 = network(W1, rest[: one[0]], W2, rest[one[0] :], x, y, lam)
        return cost, np.concatenate([dw1.ravel(), dw2.ravel(), db1, db2])

    def shapes(values: Mapping[str, Any]) -> list[tuple[int, ...]]:
        return [values["w"][2].shape, values["w"][3].shape]

    flat = Flat("w[2]", "w[3]", "b[2]", "b[3]")
    mlp = derivation("derive/models/mlp.py")
    assert check_gradient(costs, against=mlp, sizes={"L": 3}, arguments=[flat, shapes, "x", "y", "lam"], returns=flat)

    def lists(ws, bs, x, y, lam):
        cost, dw1, db1, dw2, db2 = network(ws[0].T, bs[0], ws[1].T, bs[1], x, y, lam)
        return cost, [dw1.T, dw2.T], [db1, db2]

    arguments = [Layers("w.T"), Layers("b"), "x", "y", "lam"]
    assert check_gradient(lists, against=mlp, sizes={"L": 3}, arguments=arguments)


def test_a_sign_among_many_thousands_is_found() -> None:
    """Large points: the reference is the generated code on balls, products of matrices are Arb's."""
    rng = np.random.default_rng(0)
    widths, m = (40, 60, 30, 5), 8
    w = {l: rng.normal(size=(widths[l - 1], widths[l - 2])) / 8 for l in (2, 3, 4)}
    b = {l: rng.normal(size=widths[l - 1]) for l in (2, 3, 4)}
    point = {"w": w, "b": b, "x": rng.normal(size=(m, 40)), "y": rng.random(size=(m, 5)), "lam": 0.01}

    def gradient(ws, bs, x, y, lam):
        a = [x]
        for weight, bias in zip(ws, bs, strict=True):
            a.append(1 / (1 + np.exp(-(a[-1] @ weight.T + bias))))
        delta = (a[-1] - y) * a[-1] * (1 - a[-1]) / len(x)
        dws, dbs = [], []
        for q in reversed(range(len(ws))):
            dws.insert(0, delta.T @ a[q] + lam * ws[q])
            dbs.insert(0, delta.sum(axis=0))
            delta = delta @ ws[q] * a[q] * (1 - a[q])
        return dws, dbs

    def wrong(ws, bs, x, y, lam):
        dws, dbs = gradient(ws, bs, x, y, lam)
        if dws[0].shape == (60, 40):
            dws[0][12, 7] *= -1
        return dws, dbs

    mlp, arguments = derivation("derive/models/mlp.py"), [Layers("w"), Layers("b"), "x", "y", "lam"]
    assert check_gradient(gradient, against=mlp, sizes={"L": 4}, arguments=arguments, at=point)
    verdict = check_gradient(wrong, against=mlp, sizes={"L": 4}, arguments=arguments, at=point)
    assert [(f.code, f.block) for f in verdict.failures] == [("GP101", "d.w[2, 13, 8]")]
