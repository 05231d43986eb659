"""Hidden units that saturate for a whole batch: mean activations of exactly 0 or 1 in floating point."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx
from sympy import log

from codegen.render import render_module
from derive import Model, Sum, derive
from derive.library import kl_sparsity, sigmoid, softplus, squared_error, tanh
from derive.models.sparse_autoencoder import model as sparse_autoencoder
from verify.agreement import check_code, make_cases
from verify.run import load

BITS, STEP = 45000, 16000  # 1 - sigmoid(1e4) is about 2**-14427
LARGE = 1e4
GIVEN = {"lam": 0.001, "beta": 0.3, "rho": 0.1}
RTOL = {np.float32: 1e-5, np.float64: 1e-12}
COLUMNS: dict[str, list[list[float]]] = {  # pre-activations of the hidden units, one row per sample
    "all high": [[LARGE] * 3] * 4,
    "all low": [[-LARGE] * 3] * 4,
    "all, either way": [[LARGE, -LARGE, LARGE]] * 4,
    "some units": [[LARGE, -LARGE, h] for h in (0.5, -1.0, 2.0, 0.25)],
    "one sample, high": [[LARGE, LARGE, 0.5]],
    "one sample, low": [[-LARGE, -LARGE, 0.5]],
    "mixed in a batch": [[LARGE, -LARGE, 1.0], [-LARGE, LARGE, LARGE], [LARGE, LARGE, -LARGE]],
    "one of many": [[LARGE, -LARGE, 0.5], [-LARGE, LARGE, 1.0], [-LARGE, LARGE, 2.0], [-LARGE, LARGE, -3.0]],
    "beyond exp": [[100.0, -100.0, 800.0], [-100.0, -104.0, 750.0], [90.0, -800.0, 745.0]],
}


def rendered(model: Model) -> str:
    return render_module(derive(model), source="model.py", digest="0" * 8)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return load(rendered(sparse_autoencoder), "sparse_autoencoder")


def network(module: ModuleType, rows: list[list[float]], dtype: Any) -> tuple[dict[str, Any], Any]:
    """Parameters and data that give these pre-activations exactly: unit j reads input i in sample i."""
    m, hidden = len(rows), len(rows[0])
    parameters = module.initial((m, hidden, m), seed=3, dtype=dtype)
    parameters["w"][2] = np.array(rows, dtype).T.copy()
    parameters["b"][2] = np.zeros(hidden, dtype)
    return parameters, np.eye(m, dtype=dtype)


def reference(parameters: dict[str, Any], x: Any, lam: Any, beta: Any, rho: Any) -> tuple[Any, dict[int, list[Any]]]:
    """The cost as it is written, and its central differences by the biases, with so many bits that both are exact."""
    w = {l: [[arb(float(t)) for t in row] for row in v] for l, v in parameters["w"].items()}
    b = {l: [arb(float(t)) for t in v] for l, v in parameters["b"].items()}
    lam, beta, rho = (arb(float(t)) for t in (lam, beta, rho))
    rows = [[arb(t) for t in row] for row in x.tolist()]
    m = len(rows)
    step = arb(2) ** -STEP
    decay = lam * sum(t * t for v in w.values() for row in v for t in row) / 2

    def cost() -> Any:
        J, means = decay, [arb(0)] * len(b[2])
        for row in rows:
            a = row
            for l in (2, 3):
                z = [sum(s * t for s, t in zip(v, a, strict=True)) + c for v, c in zip(w[l], b[l], strict=True)]
                a = [1 / (1 + (-t).exp()) for t in z]
                means = [r + t / m for r, t in zip(means, a, strict=True)] if l == 2 else means
            J += sum((s - t) ** 2 for s, t in zip(a, row, strict=True)) / 2 / m
        return J + beta * sum(rho * (rho / r).log() + (1 - rho) * ((1 - rho) / (1 - r)).log() for r in means)

    def slope(l: int, j: int) -> Any:
        kept = b[l][j]
        b[l][j] = kept + step
        above = cost()
        b[l][j] = kept - step
        below = cost()
        b[l][j] = kept
        return (above - below) / (2 * step)

    return cost(), {l: [slope(l, j) for j in range(len(b[l]))] for l in b}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", COLUMNS)
def test_saturated_units_have_the_true_cost_and_gradient(module: ModuleType, case: str, dtype: Any) -> None:
    parameters, x = network(module, COLUMNS[case], dtype)
    given = {n: dtype(v) for n, v in GIVEN.items()}
    with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        J, gradient = module.cost_and_gradient(parameters, x=x, **given)
        assert module.cost(parameters, x=x, **given) == J
    assert J.dtype == dtype and all(v.dtype == dtype for part in gradient.values() for v in part.values())
    assert np.isfinite(module.pack(gradient)).all()
    with ctx.workprec(BITS):
        expected, slopes = reference(parameters, x, **given)
        rtol, eps, tiny = RTOL[dtype], float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
        assert abs(arb(float(J)) - expected) <= rtol * abs(expected)
        for l, column in slopes.items():
            largest = max(abs(float(t)) for t in column)
            for found, true in zip(gradient["b"][l].tolist(), column, strict=True):
                assert abs(arb(found) - true) <= rtol * abs(true) + eps * largest + tiny, (l, found, float(true))


def penalised(part: Any, penalty: Any, activation: Any = sigmoid) -> Model:
    """A network with a penalty on r, the mean of a part of the units of layer 2."""
    with Model("penalised") as model:
        m, L = model.sizes("m L")
        n = model.width("n")
        i, j, k, l = model.indices("i j k l")
        model.assume(L >= 3)
        x, y = model.data(x=(m, n(1)), y=(m, n(L)))
        w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
        rho = model.hyper("rho")
        z, a, r, C = model.variables("z a r C")

        a[1, i, k] = x[i, k]
        z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
        a[l, i, j] = activation(z[l, i, j])
        r[j] = Sum(part(a[2, i, j]), i) / m
        C[i] = Sum(squared_error(a[L, i, j], y[i, j]), j)
        model.minimise(Sum(C[i], i) / m + Sum(penalty(rho, r[j]), j))
        model.predict(a[L, i, j])
    return model


PENALISED: dict[str, tuple[Model, tuple[str, ...], tuple[str, ...]]] = {  # what stands in the code, and what does not
    "rest": (penalised(lambda a: 1 - a, kl_sparsity), ("log_one_minus_r", "share_one_minus_a"), ("/ r", "np.log(r)")),
    "half": (penalised(lambda a: a / 2, lambda rho, r: rho * log(r)), ("log_r", "share_a"), ("/ r", "np.log(r)")),
    "no part beside": (penalised(lambda a: (1 + a) / 2, kl_sparsity, tanh), ("log_r", "/ r"), ("share_", "np.log(r)")),
    "no logarithm": (penalised(lambda a: a, lambda rho, r: rho / r), ("/ r",), ("log_", "share_")),
    "no bound": (penalised(lambda a: a, lambda rho, r: rho * log(r), softplus), ("np.log(r)", "/ r"), ("log_r",)),
}


@pytest.mark.parametrize("case", PENALISED)
def test_other_means_agree_and_are_replaced_where_that_is_stable(case: str) -> None:
    model, present, absent = PENALISED[case]
    derivation = derive(model)
    text = render_module(derivation, source="model.py", digest="0" * 8)
    assert all(t in text for t in present) and not any(t in text for t in absent)
    checks = check_code(derivation, load(text, case), make_cases(derivation))
    assert checks and all(c.good for c in checks)
