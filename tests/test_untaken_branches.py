"""np.where computes every branch everywhere: a branch must be harmless also where it is not taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import And, Eq, Piecewise, exp, log, sqrt

from codegen.lowering.boxes import FILL
from codegen.render import render_module
from derive import Derivation, Model, Sum, derive
from verify.agreement import agree
from verify.run import load


def score(cost: Any) -> Derivation:
    """The sum over i of cost(z[i], y[i]), with z[i] = Sum_k w[k] x[i, k]."""
    with Model("score") as model:
        m, n = model.sizes("m n")
        i, k = model.indices("i k")
        x, y = model.data(x=(m, n), y=(m,))
        w = model.parameters(w=(n,))
        z = model.variables("z")

        z[i] = Sum(w[k] * x[i, k], k)
        model.minimise(Sum(cost(z[i], y[i]), i))
    return derive(model)


def neighbours() -> Derivation:
    """Stochastic neighbours: the diagonal of P and of q is 0, and its logarithm never needed."""
    with Model("neighbours") as model:
        m, p = model.sizes("m p")
        i, j, k = model.indices("i j k")
        P = model.data(P=(m, m))
        Y = model.parameters(Y=(m, p))
        q = model.variables("q")

        q[i, j] = Piecewise((0, Eq(i, j)), (1 / (1 + Sum((Y[i, k] - Y[j, k]) ** 2, k)), True))
        model.minimise(
            Sum(Piecewise((0, Eq(i, j)), (P[i, j] * log(P[i, j] / (q[i, j] / Sum(q[i, j], i, j))), True)), i, j)
        )
    return derive(model)


COSTS = {
    "logarithm": lambda z, y: Piecewise((log(z * y), z * y > 0), (y * z, True)),
    "root": lambda z, y: Piecewise((y, z <= 0), (sqrt(z) * y, True)),
    "quotient": lambda z, y: Piecewise((y / (z - 0.25), z > 1), (y * z, True)),
    "exponential": lambda z, y: Piecewise((exp(z * y), z * y < 0), (1 + y * z, True)),
    "two conditions": lambda z, y: Piecewise((log(z) / y, And(z > 0, y > 1)), (z**2, True)),
}


def warned(derivation: Derivation, **arrays: np.ndarray) -> None:
    """Cost and gradient are computed without a floating-point error. FloatingPointError otherwise."""
    module = load(render_module(derivation, source="score.py", digest="0"), "score")
    (name,) = (t.name for t in derivation.system.tensors if t.role == "parameter")
    parameters = {name: arrays.pop(name)}
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        J, gradient = module.cost_and_gradient(parameters, **arrays)
    assert np.isfinite(J)
    assert np.isfinite(gradient[name]).all()


@pytest.mark.parametrize("name", COSTS)
def test_branch_that_is_not_taken_raises_nothing(name: str) -> None:
    derivation = score(COSTS[name])
    x = np.array([[0.25, 0.0], [-3.0, 1.0], [4000.0, 1.0], [0.5, 0.25]])
    warned(derivation, w=np.array([1.0, 1.0]), x=x, y=np.array([3.0, 0.0, 2.0, 1.5]))
    warned(derivation, w=np.array([1.0, 1.0]), x=x, y=np.array([0.0, -3.0, 0.0, -1.0]))
    certificate = agree(
        derivation.system, derivation, load(render_module(derivation, source="score.py", digest="0"), "score")
    )
    assert certificate.good


def test_diagonal_that_is_not_taken_raises_nothing_and_runs_on_balls() -> None:
    derivation = neighbours()
    P = np.full((3, 3), 0.125) * (1 - np.eye(3))
    warned(derivation, Y=np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]]), P=P)
    module = load(render_module(derivation, source="neighbours.py", digest="0"), "neighbours")
    certificate = agree(derivation.system, derivation, module)
    assert certificate.good
    assert not [check for check in certificate.checks if "black box" in check.grade]


def test_the_guard_is_what_keeps_it_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for op in list(FILL):
        monkeypatch.delitem(FILL, op)
    with pytest.raises(FloatingPointError):
        warned(
            neighbours(), Y=np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]]), P=np.full((3, 3), 0.1) * (1 - np.eye(3))
        )
