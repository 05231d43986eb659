"""Data for which an equation has no value are refused by name when the code runs; data for which it has are not."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sympy import Abs, Piecewise, asin, besselk, exp, log, loggamma, sqrt

from codegen.render import render_module
from derive import Model, Sum, derive
from verify.run import load


def built(value: Any, scale: Any = lambda x, y, s, w, i: 0, predicted: Any = None) -> ModuleType:
    """The module of: z[i] = w[1] * scale, J = the sum of z[i] + w[2]**2 + value of x[i, 1], y[i], s."""
    with Model("domain", "A domain.") as model:
        m, n = model.sizes("m n")
        i, k = model.indices("i k")
        x, y = model.data(x=(m, n), y=(m,))
        s = model.hyper("s")
        w = model.parameters(w=(n,))
        z, u = model.variables("z u")
        u[i] = Sum(x[i, k] ** 2, k)
        z[i] = Sum(w[k] * x[i, k], k) + w[1] * scale(x, y, s, u, i)
        model.minimise(Sum((z[i] - y[i]) ** 2, i) + Sum(w[k] ** 2, k) + Sum(value(x, y, s, u, i) + u[i], i) + s)
        model.predict(z[i] if predicted is None else z[i] + predicted(x, y, s, u, i))
    return load(render_module(derive(model), source="domain.py", digest="0"), "domain")


def given(**changed: Any) -> dict[str, Any]:
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    return {"x": x, "y": np.array([0.25, 0.5, 0.75]), "s": 2.0, **changed}


W = {"w": np.array([0.5, -0.5])}
REFUSED = [
    (lambda x, y, s, u, i: log(y[i]), {"y": np.array([0.5, 0.5, -0.5])}, "log(y[i]) needs y[i] > 0, but y[2] is -0.5"),
    (lambda x, y, s, u, i: log(1 - y[i]), {"y": np.array([0.5, 1.0, 0.5])}, "1 - y[i] > 0, but (1 - y)[1] is 0.0"),
    (lambda x, y, s, u, i: sqrt(y[i]), {"y": np.array([-1.0, 1.0, 0.5])}, "needs y[i] >= 0, but y[0] is -1.0"),
    (lambda x, y, s, u, i: 1 / x[i, 1], {"x": np.eye(3)[:, :2]}, "1/x[i, 1] needs x[i, 1] != 0, but (x[:, 0])[1] is 0"),
    (lambda x, y, s, u, i: 1 / sqrt(u[i]), {"x": np.eye(3)[:, :2]}, "needs u[i] > 0, but u[2] is 0.0"),
    (lambda x, y, s, u, i: y[i] / s, {"s": 0}, "1/s needs s != 0, but s is 0.0"),
    (lambda x, y, s, u, i: loggamma(y[i]), {"y": np.array([1.0, 0.0, 1.0])}, "needs y[i] > 0, but y[1] is 0.0"),
    (lambda x, y, s, u, i: asin(y[i]), {"y": np.array([0.0, 2.0, 1.0])}, "needs -1 <= y[i] <= 1, but y[1] is 2.0"),
    (lambda x, y, s, u, i: y[i] ** s, {"y": np.array([-1.0, 2.0, 1.0]), "s": 0.5}, "(y**s)[0] is nan"),
    (lambda x, y, s, u, i: besselk(1, y[i]), {"y": np.array([1.0, 0.0, 1.0])}, "[1] is inf"),
    (lambda x, y, s, u, i: y[i] * log(y[i]), {"y": np.array([1.0, -1.0, 1.0])}, "needs y[i] >= 0, but y[1] is -1.0"),
]


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("value", "changed", "said"), REFUSED, ids=[s for _, _, s in REFUSED])
def test_data_without_a_value_are_refused(value: Any, changed: dict[str, Any], said: str) -> None:
    module = built(value)
    good, bad = given(), given(**changed)
    assert np.isfinite(module.cost(W, **good))
    assert module.train((), **good, rate=0.0, epochs=1, parameters=W)[0] is not None
    for call in (module.cost, module.cost_and_gradient, module.objective):
        with pytest.raises(ValueError, match="needs") as caught:
            call(W, **bad)
        assert said in str(caught.value)
    with pytest.raises(ValueError, match="needs"):
        module.train((), **bad, rate=0.1, epochs=1, parameters=W)


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize(
    ("value", "changed"),
    [
        (lambda x, y, s, u, i: y[i] * log(y[i]), {"y": np.array([0.0, 1.0, 2.0])}),
        (lambda x, y, s, u, i: Piecewise((log(y[i]), y[i] > 0), (0, True)), {"y": np.array([-1.0, 0.0, 2.0])}),
        (lambda x, y, s, u, i: x[i, 1] ** 3 / 2, {"x": -np.ones((3, 2))}),
        (lambda x, y, s, u, i: x[i, 1] ** s, {"x": -np.ones((3, 2)), "s": 2}),
    ],
)
def test_data_with_a_value_are_not_refused(value: Any, changed: dict[str, Any]) -> None:
    assert np.isfinite(built(value).cost(W, **given(**changed)))


@pytest.mark.parametrize(
    "value",
    [
        lambda x, y, s, u, i: log(1 + u[i]),
        lambda x, y, s, u, i: sqrt(u[i]),
        lambda x, y, s, u, i: log(1 + exp(-y[i])) + sqrt(Abs(y[i])),
        lambda x, y, s, u, i: 1 / (1 + s**2),
    ],
)
def test_what_is_surely_in_the_domain_is_not_checked(value: Any) -> None:
    assert not hasattr(built(value), "_needs")


def test_forward_and_predict_check_what_they_read_and_no_more() -> None:
    module = built(lambda x, y, s, u, i: log(y[i]), lambda x, y, s, u, i: log(x[i, 1]), lambda x, y, s, u, i: 1 / s)
    x, bad = given()["x"], -given()["x"]
    assert np.isfinite(module.predict(W, x=x, s=2.0)).all()
    for call in (lambda: module.forward(W, x=bad), lambda: module.predict(W, x=bad, s=2.0)):
        with pytest.raises(ValueError, match=r"log\(x\[i, 1\]\) needs x\[i, 1\] > 0"):
            call()
    with pytest.raises(ValueError, match="1/s needs s != 0"):
        module.predict(W, x=x, s=0.0)
    assert np.isfinite(module.cost(W, **given(s=0.0)))
