"""Right models at awkward sizes and numbers: without a value somewhere, ill-conditioned, long, or many-sized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from sympy import Rational, exp, log, pi, sin, sqrt

from codegen.render import render_module
from derive import Max, Model, Sum, derive
from verify.agreement import agree, unjudged
from verify.case import sharp
from verify.certificate import Certificate, Check
from verify.instance import instance
from verify.judge import LOST
from verify.numbers import BITS
from verify.run import load
from verify.sizes import plan


def certificate(model: Model) -> Certificate:
    derivation = derive(model)
    module = load(render_module(derivation, source="model.py", digest="0"), model.name)
    return agree(derivation.system, derivation, module)


def spread_of_the_samples() -> Model:
    """The standard deviation of one sample is 0, and has no derivative there."""
    with Model("spread") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x = model.data(x=(m,))
        w = model.parameters(w=())
        z, mu = model.variables("z mu")
        z[i] = exp(w * x[i])
        mu[()] = Sum(z[i], i) / m
        model.minimise(sqrt(Sum((z[i] - mu) ** 2, i)))
    return model


def hidden_by_a_large_number() -> Model:
    """float32 keeps no digit of a score beside 1e9."""
    with Model("masked") as model:
        m, n = model.sizes("m n")
        i, k = model.indices("i k")
        x, mask = model.data(x=(m, n), mask=(m, n))
        w = model.parameters(w=(n,))
        e = model.variables("e")
        e[i, k] = w[k] * x[i, k] - 1000000000 * (1 - mask[i, k])
        model.minimise(Sum(log(Sum(exp(e[i, k]), k)), i))
    return model


def a_wave() -> Model:
    """sin(pi i) is 0, the float of pi times i is not a multiple of pi."""
    with Model("wave") as model:
        m = model.sizes("m")
        i = model.indices("i")
        w = model.parameters(w=(m,))
        model.minimise(Sum(w[i] * sin(pi * i) + w[i] ** 2, i))
    return model


def a_recurrence_of_squares() -> Model:
    """The numerators double their length in each step."""
    with Model("squares") as model:
        T = model.sizes("T")
        t = model.indices("t")
        c = model.data(c=(T,))
        w = model.parameters(w=())
        h = model.variables("h")
        model.assume(T >= 4)
        h[0] = w
        with model.over(t, 1, T):
            h[t] = h[t - 1] ** 4 / (1 + h[t - 1] ** 4) + c[t]
        model.minimise(h[T])
    return model


def a_long_series() -> Model:
    """At least 20 times, at least 7 layers."""
    with Model("long_series") as model:
        T, L = model.sizes("T L")
        t, l = model.indices("t l")
        model.assume(T >= 20, L >= 7)
        x = model.data(x=(T,))
        w = model.parameters(w=(l,), over=(l, 2, L))
        a = model.variables("a")
        a[1, t] = x[t]
        a[l, t] = sin(w[l] * a[l - 1, t])
        model.minimise(Sum(a[L, t] ** 2, t))
    return model


MODELS = [spread_of_the_samples, hidden_by_a_large_number, a_wave, a_recurrence_of_squares, a_long_series]


@pytest.mark.parametrize("made", MODELS)
def test_right_models_agree(made: Callable[[], Model]) -> None:
    found = certificate(made())
    assert found.good, "\n".join(map(str, found.failures))


def test_a_size_without_a_value_is_left_out() -> None:
    found = certificate(spread_of_the_samples())
    assert found.sizes
    assert not any("m=1" in sizes for sizes in found.sizes)


def test_an_objective_without_a_value_is_undecided() -> None:
    with Model("nowhere") as model:
        m = model.sizes("m")
        i = model.indices("i")
        w = model.parameters(w=(m,))
        model.minimise(log(-Sum(exp(w[i]), i)))
    found = certificate(model)
    assert not found.good
    assert all("UNDECIDED" in str(failure) for failure in found.failures)


def test_long_rationals_leave_the_judging_to_balls() -> None:
    checks = certificate(a_recurrence_of_squares()).checks
    assert {c.grade for c in checks if c.check.startswith("derivation")} >= {"enclosed"}


def test_any_two_of_many_sizes_differ_somewhere() -> None:
    with Model("many") as model:
        sizes = model.sizes("a b c e f g h")
        letters = model.indices("p q r s t u v")
        x = model.parameters(x=tuple(sizes))
        model.minimise(Sum(Max(0, x[tuple(letters)]), *letters))
    plans = [dict(s.numbers) for s in plan(model.system)]
    assert all(any(p[one] != p[two] for p in plans) for one, two in combinations("abcefgh", 2))
    assert max(max(p.values()) for p in plans) <= 4


def layers_of_norms() -> Model:
    """Normalisation of one unit: its variance is 0, and rounding is multiplied by a hundred in every layer."""
    with Model("norms") as model:
        m, n, L = model.sizes("m n L")
        i, k, l = model.indices("i k l")
        x = model.data(x=(m, n))
        w = model.parameters(w=(l, n), over=(l, 2, L))
        a, mu, v = model.variables("a mu v")
        a[1, i, k] = x[i, k]
        with model.over(l, 2, L):
            mu[l, i] = Sum(a[l - 1, i, k], k) / n
            v[l, i] = Sum((a[l - 1, i, k] - mu[l, i]) ** 2, k) / n
            a[l, i, k] = a[l - 1, i, k] + w[l, k] * (a[l - 1, i, k] - mu[l, i]) / sqrt(v[l, i] + Rational(1, 100000))
        model.minimise(Sum(a[L, i, k] ** 2, i, k))
    return model


def test_rounding_that_is_unbounded_at_some_sizes_is_no_disagreement() -> None:
    found = certificate(layers_of_norms())
    assert found.good, "\n".join(map(str, found.failures))


def test_rounding_that_is_unbounded_everywhere_is_undecided() -> None:
    lost = Check("J", "code, float64", "derivation", 0.0, "ulp", "J", "black box", True, f"float64 {LOST}: x")
    judged = replace(lost, grade="rounded", why="")
    assert [c.undecided for c in unjudged([lost, lost])] == [True]
    assert not list(unjudged([lost, judged]))


def test_wide_balls_are_computed_again_with_more_bits() -> None:
    derivation = derive(a_recurrence_of_squares())
    case = sharp(derivation, instance(derivation.system, plan(derivation.system)[0], 0, 97), 0)
    assert case.field.bits == BITS
    with Model("cancels") as model:
        T = model.sizes("T")
        t = model.indices("t")
        model.assume(T >= 12)
        w, b = model.parameters(w=(), b=(T,))
        h = model.variables("h")
        h[0] = w
        with model.over(t, 1, T):
            h[t] = 1000000 * (sin(h[t - 1] + b[t] / 1000000) - sin(h[t - 1]))
        model.minimise(sin(h[T]))
    derivation = derive(model)
    drawn = instance(derivation.system, plan(derivation.system)[0], 0, 97)
    assert sharp(derivation, drawn, 0).field.bits == 4 * BITS
