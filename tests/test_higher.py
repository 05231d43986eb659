"""Derivatives of derivatives: as variables in a model, and as systems made from a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
from models import system
from sympy import exp, log, tanh

from codegen.render import render_module
from derive import Max, Model, ModelError, Sum, System, derive
from derive.higher import data_gradient, hessian_diagonal, hessian_vector, jacobian_vector, vector_jacobian
from derive.values.nodes import mul, number
from derive.values.text import render_expr
from verify.agreement import agree
from verify.certificate import Certificate
from verify.run import load
from verify.sizes import plan
from verify.stated import KIND, check_stated


def penalty() -> Model:
    with Model("penalty", "The gradient by the data is penalised.") as model:
        m, n, p = model.sizes("m n p")
        i, j, k = model.indices("i j k")
        x = model.data(x=(m, n))
        w, b, v = model.parameters(w=(p, n), b=(p,), v=(p,))
        h, f = model.variables("h f")
        h[i, j] = tanh(Sum(w[j, k] * x[i, k], k) + b[j])
        f[i] = Sum(v[j] * h[i, j], j)
        g = model.gradient("g", Sum(f[i], i), by=x)
        model.minimise(Sum(f[i], i) / m + Sum((Sum(g[i, k] ** 2, k) - 1) ** 2, i) / m)
    return model


def physics() -> Model:
    with Model("physics", "A derivative of a derivative.") as model:
        m, p = model.sizes("m p")
        i, j = model.indices("i j")
        t = model.data(t=(m,))
        w, b, v = model.parameters(w=(p,), b=(p,), v=(p,))
        u = model.variables("u")
        u[i] = Sum(v[j] * tanh(w[j] * t[i] + b[j]), j)
        u1 = model.gradient("u1", Sum(u[i], i), by=t)
        u2 = model.gradient("u2", Sum(u1[i], i), by=t)
        model.minimise(Sum((u2[i] + u[i]) ** 2, i) / m)
    return model


def layers() -> Model:
    with Model("layers", "Gradient by the input of a network of any depth.") as model:
        m, L = model.sizes("m L")
        n = model.width("n")
        i, j, k, l = model.indices("i j k l")
        x = model.data(x=(m, n(1)))
        w = model.parameters(w=(l, n(l), n(l - 1)), over=(l, 2, L))
        z, a = model.variables("z a")
        a[1, i, k] = x[i, k]
        z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k)
        a[l, i, j] = tanh(z[l, i, j])
        g = model.gradient("g", Sum(a[L, i, j], i, j), by=x)
        model.minimise(Sum(g[i, k] ** 2, i, k) / m)
    return model


def recurrent() -> Model:
    with Model("recurrent", "Gradient by the inputs of a recurrence.") as model:
        m, T = model.sizes("m T")
        i, t = model.indices("i t")
        x = model.data(x=(m, T))
        model.assume(T >= 2)
        w, r = model.parameters(w=(), r=())
        h = model.variables("h")
        h[i, 0] = 0
        h[i, t] = tanh(w * x[i, t] + r * h[i, t - 1])
        g = model.gradient("g", Sum(h[i, T], i), by=x)
        model.minimise(Sum(g[i, t] ** 2, i, t) / m)
    return model


def directions() -> Model:
    with Model("directions", "Tangents along data and a parameter.") as model:
        m, n, p = model.sizes("m n p")
        i, j, k = model.indices("i j k")
        x, u = model.data(x=(m, n), u=(m, n))
        w, s = model.parameters(w=(p, n), s=(p, n))
        h, f = model.variables("h f")
        h[i, j] = tanh(Sum(w[j, k] * x[i, k], k))
        f[i] = Sum(h[i, j] ** 2, j)
        f_dot, h_dot = model.tangent("f_dot h_dot", (f, h), x=u, w=s)
        model.minimise(Sum(f_dot[i] ** 2, i) / m + Sum(h_dot[i, j] ** 3, i, j))
    return model


def jacobians() -> Model:
    with Model("jacobians", "Jacobians by data, a parameter and a variable.") as model:
        m, n, p = model.sizes("m n p")
        i, j, k, q = model.indices("i j k q")
        x = model.data(x=(m, n))
        w = model.parameters(w=(p, n))
        z, h = model.variables("z h")
        z[i, j] = Sum(w[j, k] * x[i, k], k)
        h[i, j] = exp(z[i, j]) / Sum(exp(z[i, k]), k)
        D = model.jacobian("D", h[i, j], by=x[i, k])
        E = model.jacobian("E", h, by=w)
        F = model.jacobian("F", h[i, j], by=z[i, q])
        model.minimise(
            Sum(D[i, j, k] ** 2, i, j, k) + Sum(E[i, j, q, k] ** 3, i, j, q, k) + Sum(F[i, j, q] ** 3, i, j, q)
        )
    return model


def coupled() -> Model:
    with Model("coupled", "The samples meet in a mean, so one direction does not serve all.") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x = model.data(x=(m,))
        w = model.parameters(w=())
        mu, h = model.variables("mu h")
        mu[()] = Sum(x[i], i) / m
        h[i] = tanh(w * (x[i] - mu[()]))
        D = model.jacobian("D", h[i], by=x[i])
        model.minimise(Sum(D[i] ** 2, i))
    return model


def curvature() -> Model:
    with Model("curvature", "The diagonal of the Hessian is penalised.") as model:
        m, n = model.sizes("m n")
        i, k = model.indices("i k")
        x, y = model.data(x=(m, n), y=(m,))
        w = model.parameters(w=(n,))
        z = model.variables("z")
        z[i] = Sum(w[k] * x[i, k], k)
        cost = Sum(log(1 + exp(-y[i] * z[i])), i) / m
        g = model.gradient("g", cost, by=w)
        H = model.jacobian("H", g[k], by=w[k])
        model.minimise(cost + Sum(H[k] ** 2, k))
    return model


def windows() -> Model:
    with Model("windows", "Jacobian of a convolution.") as model:
        m, T, F = model.sizes("m T F")
        i, t, s, q = model.indices("i t s q")
        x = model.data(x=(m, T))
        model.assume(T >= F)
        w = model.parameters(w=(F,))
        a = model.variables("a")
        with model.over(t, 1, T - F + 1):
            a[i, t] = tanh(Sum(w[s] * x[i, t + s - 1], s))
        D = model.jacobian("D", a[i, t], by=x[i, q])
        model.minimise(Sum(D[i, t, q] ** 2, i, t, q))
    return model


def largest() -> Model:
    with Model("largest", "Derivatives by places that data give and at the first place of a maximum.") as model:
        m, v, p = model.sizes("m v p")
        i, j, k = model.indices("i j k")
        word = model.integers(word=(m,), over=(1, v))
        E, w = model.parameters(E=(v,), w=(p,))
        z, top = model.variables("z top")
        z[i, j] = tanh(w[j] * E[word[i]])
        top[i] = Max(z[i, j], j)
        g = model.gradient("g", Sum(top[i] ** 2, i), by=E)
        model.minimise(Sum(g[k] ** 2, k))
    return model


MODELS = (
    penalty,
    physics,
    layers,
    recurrent,
    directions,
    jacobians,
    coupled,
    curvature,
    windows,
    largest,
)
EQUATIONS = {
    penalty: {"g": "Sum(v[j]*(1 - h[i, j]**2)*w[j, k], j)"},
    layers: {
        "g": "g_a[1, i, k]",
        "g_a@l=L": "1",
        "g_a@l=1..L - 1": "Sum(g_a[l + 1, i, k]*(1 - a[l + 1, i, k]**2)*w[l + 1, k, j], k)",
    },
    recurrent: {
        "g_h@t=T": "1",
        "g_h@t=1..T - 1": "g_h[i, t + 1]*(1 - h[i, t + 1]**2)*r",
        "g": "g_h[i, t]*(1 - h[i, t]**2)*w",
    },
    directions: {"f_dot": "2*Sum(h[i, j]*h_dot[i, j], j)"},
    jacobians: {"D_z": "w[j, q]"},
}


def certified(made: Model | System) -> Certificate:
    derivation = derive(made)
    name = derivation.system.name
    return agree(derivation.system, derivation, load(render_module(derivation, source="model.py", digest="0"), name))


def module_of(made: Model | System) -> Any:
    return load(render_module(derive(made), source="model.py", digest="0"), "made")


@pytest.mark.parametrize("make", MODELS, ids=lambda f: f.__name__)
def test_a_derivative_in_a_model_agrees(make: Callable[[], Model]) -> None:
    model = make()
    certificate = certified(model)
    assert certificate.good, "\n".join(map(str, certificate.failures))
    seen = {c.equation for c in certificate.checks if c.check == KIND}
    assert seen == {s.target.tensor for s in model.system.stated}


@pytest.mark.parametrize(("make", "ident"), [(f, e) for f, rows in EQUATIONS.items() for e in rows])
def test_its_equation_is_the_one_that_would_be_typed(make: Callable[[], Model], ident: str) -> None:
    assert render_expr(make().system.equation(ident).value) == EQUATIONS[make][ident]


@pytest.mark.parametrize("make", [penalty, recurrent, directions, jacobians], ids=lambda f: f.__name__)
def test_a_wrong_equation_of_a_derivative_is_found(make: Callable[[], Model]) -> None:
    whole = make().system
    for stated in whole.stated:
        name = stated.target.tensor
        wrong = tuple(
            replace(e, value=mul(number(2), e.value)) if e.target.tensor == name else e for e in whole.equations
        )
        changed = replace(whole, equations=wrong)
        checks = [c for sizes in plan(changed) for c in check_stated(changed, sizes, seed=0)]
        assert name in {c.equation for c in checks if not c.good}
    assert all(c.good for sizes in plan(whole) for c in check_stated(whole, sizes, seed=0))


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


def test_the_second_derivative_of_a_network_is_what_mpmath_finds() -> None:
    module = module_of(physics())
    w, b, v, t = drawn(3), drawn(3, seed=1), drawn(3, seed=2), drawn(4)
    with mpmath.workdps(40):

        def u(s: Any) -> Any:
            return sum(vj * mpmath.tanh(wj * s + bj) for wj, bj, vj in zip(w, b, v, strict=True))

        residuals = [mpmath.diff(u, s, 2) + u(mpmath.mpf(s)) for s in t]
        expected = float(sum(r**2 for r in residuals) / 4)
    assert module.cost({"w": w, "b": b, "v": v}, t=t) == pytest.approx(expected, rel=1e-12)


def logistic(w: Any, x: np.ndarray, y: np.ndarray) -> Any:
    total = mpmath.mpf(0)
    for row, label in zip(x, y, strict=True):
        total += mpmath.log(1 + mpmath.exp(-label * sum(a * c for a, c in zip(w, row, strict=True))))
    return total / len(y)


def test_second_derivatives_of_a_regression_are_what_mpmath_finds() -> None:
    with Model("plain", "Logistic regression.") as plain:
        m, n = plain.sizes("m n")
        i, k = plain.indices("i k")
        x, y = plain.data(x=(m, n), y=(m,))
        w = plain.parameters(w=(n,))
        z = plain.variables("z")
        z[i] = Sum(w[k] * x[i, k], k)
        plain.minimise(Sum(log(1 + exp(-y[i] * z[i])), i) / m)
    at, rows, labels, along = drawn(2), drawn(5, 2), np.sign(drawn(5)), drawn(2, seed=3)
    with mpmath.workdps(40):

        def second(p: int, q: int) -> Any:
            orders = [0, 0]
            orders[p] += 1
            orders[q] += 1
            return mpmath.diff(lambda *w: logistic(w, rows, labels), tuple(map(mpmath.mpf, at)), tuple(orders))

        hessian = np.array([[float(second(p, q)) for q in range(2)] for p in range(2)])
        first = [
            mpmath.diff(lambda *w: logistic(w, rows, labels), tuple(map(mpmath.mpf, at)), o) for o in [(1, 0), (0, 1)]
        ]
    slope = np.array([float(f) for f in first])
    given = {"x": rows, "y": labels}
    product = module_of(hessian_vector(plain)).cost_and_gradient({"w": at}, **given, direction_w=along)
    assert product[0] == pytest.approx(slope @ along, rel=1e-12)
    assert product[1]["w"] == pytest.approx(hessian @ along, rel=1e-12)
    assert module_of(hessian_diagonal(plain)).cost_and_gradient({"w": at}, **given)[1]["w"] == pytest.approx(
        np.diag(hessian), rel=1e-12
    )
    assert module_of(jacobian_vector(plain, "z")).predict({"w": at}, x=rows, direction_w=along) == pytest.approx(
        rows @ along
    )
    pulled = module_of(vector_jacobian(plain, "z")).cost_and_gradient({"w": at}, **given, cotangent_z=labels)
    assert pulled[1]["w"] == pytest.approx(rows.T @ labels)
    by_data = module_of(data_gradient(plain, "x")).cost_and_gradient({"w": at, "x": rows}, y=labels)[1]
    assert by_data["w"] == pytest.approx(slope, rel=1e-12)
    risen = rows + 1e-6 * np.eye(5, 2)
    rise = module_of(plain).cost({"w": at}, x=risen, y=labels) - module_of(plain).cost({"w": at}, x=rows, y=labels)
    assert (by_data["x"] * np.eye(5, 2)).sum() * 1e-6 == pytest.approx(rise, rel=1e-4)


OUTSIDE: dict[str, Callable[[], System]] = {
    "hessian_vector": lambda: hessian_vector(system("mlp")),
    "hessian_diagonal": lambda: hessian_diagonal(curvature()),
    "data_gradient": lambda: data_gradient(system("mlp")),
    "jacobian_vector": lambda: jacobian_vector(recurrent(), "h"),
    "vector_jacobian": lambda: vector_jacobian(system("mlp"), "a"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_system_made_from_a_model_agrees(name: str) -> None:
    made = OUTSIDE[name]()
    assert made.name.endswith(name)
    certificate = certified(made)
    assert certificate.good, "\n".join(map(str, certificate.failures))


def test_the_equations_of_a_hessian_keep_their_regions() -> None:
    made = hessian_vector(system("mlp"))
    assert {"J_z@l=L", "J_z@l=2..L - 1", "J_w", "J_b"} <= {e.id for e in made.equations}
    assert [s.target.tensor for s in made.stated] == ["J_w", "J_b"]


def kinked() -> None:
    with Model("kinked", "A network of ramps.") as model:
        m = model.sizes("m")
        i = model.indices("i")
        t = model.data(t=(m,))
        w = model.parameters(w=())
        u = model.variables("u")
        u[i] = Max(0, w * t[i])
        v = model.gradient("v", Sum(u[i], i), by=t)
        model.gradient("a", Sum(v[i], i), by=t)


def test_the_second_derivative_of_a_kink_is_0_and_refused() -> None:
    with pytest.raises(ModelError, match=r"by t is 0 everywhere\n  fix: a kink has the slope 0"):
        kinked()


def test_a_declared_name_takes_the_letter_that_a_derivation_chose() -> None:
    with Model("letters", "Letters of a Jacobian are not declared.") as model:
        m, n = model.sizes("m n")
        x = model.data(x=(m, n))
        w = model.parameters(w=(n, n))
        h = model.variables("h")
        h[:, :] = tanh(x @ w)
        D = model.jacobian("D", h, by=w)
        chosen = {x.name for d in model._drafts for x in d.over}
        for name in sorted(chosen):
            letter = model.variables(name)
            letter[:] = Sum(h**2, axis=1)
        model.minimise(Sum(D**2) + Sum(letter))
    assert certified(model).good
