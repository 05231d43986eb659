"""Kinks: the stated convention holds in the derivation and in the generated code, at the kink itself."""

from functools import cache

import pytest
from sympy import Abs, Max, Min, Piecewise, Rational, cos, sign, sin

from codegen.render import render_module
from derive import Derivation, Model, Sum, derive, function
from verify.agreement import agree, check_code, make_cases
from verify.evidence import failures
from verify.run import load
from verify.steps import check_steps

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


def tie(value: object) -> Derivation:
    """A cost with the value of w and of what is 1 for every w, though no ball says so."""
    with Model("tie", "a tie") as model:
        n = model.sizes("n")
        i = model.indices("i")
        w = model.parameters(w=(n,))
        one = sin(w[i]) ** 2 + cos(w[i]) ** 2
        model.minimise(Sum(value(w[i], one), i))
    return derive(model)


HARMLESS = {
    "branches that agree there": lambda w, one: w**2 * Max(1, one),
    "equal branches": lambda w, one: Piecewise((w**2, one > 1), (w**2 * one, True)),
    "the smallest of equals": lambda w, one: w**3 + Min(one, 1) * w,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_tie_that_changes_nothing_is_decided(name):
    made = tie(HARMLESS[name])
    certificate = agree(made.system, made, load(render_module(made, source="", digest=""), "tie"))
    assert certificate.good, "\n".join(map(str, certificate.failures))


def test_a_tie_that_changes_something_is_not():
    made = tie(lambda w, one: Piecewise((w, one > 1), (w**2, True)))
    certificate = agree(made.system, made, load(render_module(made, source="", digest=""), "tie"))
    assert any("undecided" in str(f) for f in certificate.failures)


def test_a_wrong_gradient_at_a_tie_is_seen():
    made = tie(HARMLESS["the smallest of equals"])
    text = render_module(made, source="", digest="")
    wrong = text.replace("3 * w", "4 * w")
    assert wrong != text
    assert not agree(made.system, made, load(wrong, "tie")).good


def test_a_branch_that_is_rarely_taken_is_looked_for():
    with Model("rare", "a rare branch") as model:
        m, n = model.sizes("m n")
        i = model.indices("i")
        x = model.data(x=(m,))
        w, v = model.parameters(w=(n,), v=())
        rare = Piecewise((v**2, v > Rational(5, 8)), (0, True))
        model.minimise(Sum(x[i] ** 2, i) * rare + Sum(w[i] ** 2, i))
    made = derive(model)
    assert not any("v" in e for case in make_cases(made) for e in case.alive)
    certificate = agree(made.system, made, load(render_module(made, source="", digest=""), "rare"))
    assert certificate.good, "\n".join(map(str, certificate.failures))


def test_a_maximum_of_five_of_which_one_wins_far_out_is_seen_at_larger_parameters():
    with Model("five", "a maximum of five") as model:
        m = model.sizes("m")
        i = model.indices("i")
        y = model.data(y=(m,))
        a, b, c, d, e = model.parameters(a=(), b=(), c=(), d=(), e=())
        model.minimise(Max(a, b, c, d - 1, e - 2) ** 2 + Sum((y[i] - a) ** 2, i))
    made = derive(model)
    assert not any("e" in e for case in make_cases(made) for e in case.alive)
    text = render_module(made, source="", digest="")
    certificate = agree(made.system, made, load(text, "five"))
    assert certificate.good, "\n".join(map(str, certificate.failures))
    wrong = text.replace("(e - 2)", "(e - 3)") if "(e - 2)" in text else text.replace("e - 2", "e - 3")
    assert wrong != text
    assert not agree(made.system, made, load(wrong, "five")).good
