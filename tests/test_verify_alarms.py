"""Right code that no check may call wrong: constant gradients, scalar data, ties, gradients that are 0."""

from __future__ import annotations

import math
from functools import cache

import pytest
from sympy import Abs, Piecewise, Rational, exp, pi

from codegen.render import render_module
from derive import Derivation, Max, Model, Sum, derive
from derive.library import softmax
from verify.agreement import agree, check_code, make_cases
from verify.certificate import Certificate
from verify.differences import central
from verify.instance import instance
from verify.run import load
from verify.sizes import plan


@cache
def derived(name: str) -> Derivation:
    with Model(name, "alarms") as model:
        m = model.sizes("m")
        i = model.indices("i")
        a = model.parameters(a=(m,))
        x, c = model.data(x=(m,), c=())
        model.minimise((COSTS | UNLUCKY)[name](a, x, c, i))
    return derive(model)


COSTS = {
    "scalar_data": lambda a, x, c, i: Sum(c * a[i] ** 2, i) + Sum(c * x[i] * a[i], i),
    "third": lambda a, x, c, i: Rational(1, 3) * Sum(a[i], i),
    "nothing": lambda a, x, c, i: Sum(exp(a[i]), i) / Sum(exp(a[i]), i) + Sum(softmax(a[i], i) * c, i),
    "tie": lambda a, x, c, i: Sum(Max((a[i] + c) * (a[i] - c), a[i] ** 2 - c**2) * x[i], i),
    "jump": lambda a, x, c, i: Sum(
        Piecewise((a[i], (x[i] + c) ** 2 >= x[i] ** 2 + 2 * x[i] * c + c**2), (a[i] ** 2, True)), i
    ),
    "signs": lambda a, x, c, i: Sum(Abs(a[i] - 2), i) / 3,
    "circle": lambda a, x, c, i: pi * Sum(a[i], i) / 7,
}

UNLUCKY = {
    "far": lambda a, x, c, i: Sum(Max(0, a[i] - 50), i),
    "off": lambda a, x, c, i: Max(0, c - 500) * Sum(a[i], i),
}


@cache
def text_of(name: str) -> str:
    return render_module(derived(name), source="", digest="")


@cache
def certificate(name: str) -> Certificate:
    return agree(derived(name).system, derived(name), load(text_of(name), name))


def caught(name: str, old: str, new: str) -> list[str]:
    """The checks that a fault in the text fails."""
    assert old in text_of(name), text_of(name)
    module = load(text_of(name).replace(old, new), name)
    return sorted({c.check for c in check_code(derived(name), module, make_cases(derived(name))) if not c.good})


@pytest.mark.parametrize("name", COSTS)
def test_right_code_passes(name):
    assert certificate(name).good, "\n".join(map(str, certificate(name).failures))
    assert not [c for c in certificate(name).checks if c.grade == "black box"]


def test_a_constant_that_is_not_quite_a_third_is_caught():
    assert "code, 170 bits" in caught("third", "1 / 3, x.dtype", "1 / 3 + 1 / 10**16, x.dtype")
    assert "code, float64" in caught("third", "1 / 3, x.dtype", "1 / 3, np.float32")


def test_entries_of_a_tensor_are_of_different_sizes():
    for seed in range(20):
        drawn = instance(derived("scalar_data").system, plan(derived("scalar_data").system)[0], seed, 7)
        sizes = [abs(v) for (name, _), v in drawn.entries.items() if name == "a"]
        assert len(set(sizes)) == len(sizes)


def test_a_kink_has_every_slope_between_those_of_its_sides():
    for slope, good in ((-1, True), (0, True), (2, True), (2.01, False), (-1.01, False)):
        assert central(lambda h: max(2 * h, -h) + h**2, 1e-16).agrees(slope) is good


def test_the_slope_of_a_smooth_cost_is_one_number():
    for slope, good in ((3, True), (3.00001, False), (2.99999, False)):
        assert central(lambda h: math.exp(3 * h) + 100 * h**2, 1e-16).agrees(slope) is good
        assert central(lambda h: 3 * h, 1e-16).agrees(slope) is good


@pytest.mark.parametrize("name", UNLUCKY)
def test_a_gradient_that_is_0_by_bad_luck_was_not_seen(name):
    assert [c.check for c in certificate(name).failures] == ["alive"]


def test_a_wrong_float_at_a_tie_is_caught():
    old, new = 'parameters["a"]\n    da', 'parameters["a"] * (1 + (x.dtype == float) / 10**9)\n    da'
    assert caught("tie", old, new) == ["code, float64"]
