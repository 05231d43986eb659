"""Kinks: the stated convention holds in the derivation and in the generated code, at the kink itself."""

from functools import cache

import pytest
from sympy import Abs, Max, Min, Piecewise, sign

from codegen.render import render_module
from derive import Derivation, Model, Sum, derive, function
from verify.agreement import agree, check_code, make_cases
from verify.run import load
from verify.steps import check_steps, failures

ACTIVATIONS = {
    "relu": lambda z: Max(0, z),
    "leaky": lambda z: Piecewise((z, z > 0), (z / 4, True)),
    "hard": lambda z: Max(-1, Min(1, z)),
    "fold": lambda z: Abs(z),
    "square_sign": lambda z: z**2 * sign(z),
}


@cache
def kinked(name: str) -> Derivation:
    f = function(name, ACTIVATIONS[name])
    with Model(name, "kinks") as model:
        m, L = model.sizes("m L")
        n = model.width("n")
        i, j, k, l = model.indices("i j k l")
        x, y = model.data(x=(m, n(1)), y=(m, n(L)))
        w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
        mu = model.hyper("mu")
        z, a = model.variables("z a")
        a[1, i, k] = x[i, k]
        z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
        a[l, i, j] = f(z[l, i, j])
        model.minimise(Sum((a[L, i, j] - y[i, j]) ** 2, i, j) / m + mu * Sum(Abs(w[l, j, k]), l, j, k))
        model.predict(a[L, i, j])
    return derive(model)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_steps_hold_at_the_kink(name):
    assert not failures(check_steps(kinked(name)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_code_keeps_the_convention(name):
    text = render_module(kinked(name), source="", digest="")
    certificate = agree(kinked(name).system, kinked(name), load(text, name))
    assert certificate.good, "\n".join(map(str, certificate.failures))


def test_another_convention_is_caught_at_the_kink_only():
    text = render_module(kinked("relu"), source="", digest="")
    other = text.replace("np.maximum(np.sign(z), 0)", "(z >= 0).astype(z.dtype)")
    assert other != text
    checks = check_code(kinked("relu"), load(other, "relu"), make_cases(kinked("relu")))
    wrong = [c for c in checks if not c.good]
    assert wrong and all(c.where.endswith(" 0") for c in wrong), [str(c) for c in wrong]
