"""An adjoint that has regions is written out only where one of them holds all places that are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sympy import exp

from codegen.render import render_module
from derive import Model, Sum, derive
from derive.values.text import render_expr
from verify.agreement import agree
from verify.run import load


def summed_over_both_regions() -> Model:
    """d.e has two regions, 1..T - 1 and T, and d.a sums over both."""
    with Model("summed") as model:
        T = model.sizes("T")
        t = model.indices("t")
        model.assume(T >= 2)
        r = model.data(r=(T,))
        a = model.parameters(a=())
        e, s = model.variables("e s")
        e[t] = r[t] * a
        s[1] = 1
        with model.over(t, 2, T):
            s[t] = e[t - 1] * s[t - 1]
        model.minimise(Sum(e[t] * s[t], t))
    return model


def read_in_part() -> Model:
    """s is read at t and at t + 1, in a square."""
    with Model("read_in_part") as model:
        T, m = model.sizes("T m")
        t, i = model.indices("t i")
        model.assume(T >= 2)
        r = model.data(r=(T, m))
        a = model.parameters(a=(m,))
        e, s = model.variables("e s")
        e[t, i] = r[t, i] - a[i]
        s[1, i] = 1
        with model.over(t, 2, T):
            s[t, i] = e[t - 1, i]
        model.minimise(Sum(e[t, i] * s[t, i] ** 2, t, i))
    return model


def single_place_and_rows() -> Model:
    """y is read at one place of its first row, and in whole rows after it."""
    with Model("single_place") as model:
        T, C, n = model.sizes("T C n")
        t, c, k = model.indices("t c k")
        model.assume(T >= 2)
        x = model.data(x=(T, n))
        W = model.parameters(W=(C, n))
        y, a = model.variables("y a")
        y[t, c] = exp(Sum(W[c, k] * x[t, k], k))
        a[1] = y[1, 1]
        with model.over(t, 2, T):
            a[t] = a[t - 1] * Sum(y[t, c] ** 2, c)
        model.minimise(a[T])
    return model


@pytest.mark.parametrize("made", [summed_over_both_regions, read_in_part, single_place_and_rows])
def test_models_whose_adjoints_have_regions_agree(made: Callable[[], Model]) -> None:
    model = made()
    derivation = derive(model)
    module = load(render_module(derivation, source="model.py", digest="0"), model.name)
    certificate = agree(derivation.system, derivation, module)
    assert certificate.good, "\n".join(map(str, certificate.failures))


def test_a_sum_over_two_regions_reads_the_adjoint() -> None:
    (equation,) = (a for a in derive(summed_over_both_regions()).adjoints if a.of == "a")
    assert render_expr(equation.value) == "Sum(d.e[t]*r[t], t)"
