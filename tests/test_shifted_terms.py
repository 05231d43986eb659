"""Sums of a few exponentials, in logarithms and below fractions: generated code against 60 digits, up to 1e4."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp
from sympy import Rational, exp, log

from codegen.lower import lower
from codegen.render import render_module
from codegen.rewriting.rewrites import used
from derive import Model, Sum, derive
from verify.agreement import agree
from verify.run import load

SIZES = (1e-3, 1.0, 30.0, 100.0, 800.0, 1e4)
Cost = Callable[..., Any]


def softmin(g: Any, *terms: Any) -> Any:
    return -g * log(sum(exp(-t / g) for t in terms))


# the same cost in the model, with a sum over j of d[i, j], and in mpmath; s is data, g a number
COSTS: dict[str, tuple[Cost, Cost]] = {
    "two": (lambda a, b, c, d, s, g, j: log(exp(a) + exp(b)), lambda a, b, c, d, s, g: mp.log(mp.exp(a) + mp.exp(b))),
    "three": (
        lambda a, b, c, d, s, g, j: log(exp(a) + exp(b) + exp(c)),
        lambda a, b, c, d, s, g: mp.log(mp.exp(a) + mp.exp(b) + mp.exp(c)),
    ),
    "softmin": (
        lambda a, b, c, d, s, g, j: softmin(g, a, b, c),
        lambda a, b, c, d, s, g: -g * mp.log(mp.exp(-a / g) + mp.exp(-b / g) + mp.exp(-c / g)),
    ),
    "weights": (
        lambda a, b, c, d, s, g, j: log(exp(a) / 2 + 3 * exp(b) + s * exp(c)),
        lambda a, b, c, d, s, g: mp.log(mp.exp(a) / 2 + 3 * mp.exp(b) + s * mp.exp(c)),
    ),
    "one": (
        lambda a, b, c, d, s, g, j: log(1 + exp(a) + exp(b)),
        lambda a, b, c, d, s, g: mp.log(1 + mp.exp(a) + mp.exp(b)),
    ),
    "quotient": (
        lambda a, b, c, d, s, g, j: exp(a) / (exp(a) + exp(b) + exp(c)),
        lambda a, b, c, d, s, g: 1 / (1 + mp.exp(b - a) + mp.exp(c - a)),
    ),
    "a mean": (
        lambda a, b, c, d, s, g, j: (3 * exp(a) - 2 * exp(b)) / (exp(a) + exp(b)),
        lambda a, b, c, d, s, g: (3 * mp.exp(a) - 2 * mp.exp(b)) / (mp.exp(a) + mp.exp(b)),
    ),
    "a product": (
        lambda a, b, c, d, s, g, j: log((exp(a) + exp(b)) * exp(c) / (1 + exp(a) + exp(c)) ** 2 / 2),
        lambda a, b, c, d, s, g: mp.log((mp.exp(a) + mp.exp(b)) * mp.exp(c) / (1 + mp.exp(a) + mp.exp(c)) ** 2 / 2),
    ),
    "products of exponentials": (
        lambda a, b, c, d, s, g, j: log(exp(a) * exp(b) + exp(a) * exp(c) ** 2),
        lambda a, b, c, d, s, g: mp.log(mp.exp(a + b) + mp.exp(a + 2 * c)),
    ),
    "one more in a row": (
        lambda a, b, c, d, s, g, j: log(exp(a) + Sum(exp(d(j)), j)),
        lambda a, b, c, d, s, g: mp.log(mp.exp(a) + sum(map(mp.exp, d))),
    ),
    "a row and a sink": (
        lambda a, b, c, d, s, g, j: Sum(exp(d(j)) * d(j), j) / (1 + Sum(exp(d(j)), j)) / 100,
        lambda a, b, c, d, s, g: sum(mp.exp(x) * x for x in d) / (1 + sum(map(mp.exp, d))) / 100,
    ),
    "two rows": (
        lambda a, b, c, d, s, g, j: log(Sum(exp(d(j)), j) + Sum(exp(-2 * d(j)), j) / 3),
        lambda a, b, c, d, s, g: mp.log(sum(map(mp.exp, d)) + sum(mp.exp(-2 * x) for x in d) / 3),
    ),
}
CORNERS: tuple[tuple[float, ...], ...] = tuple(product((1.0, -1.0, 0.75), repeat=3))


def built(cost: Cost) -> tuple[Any, str, Any]:
    with Model("terms") as model:
        m, n = model.sizes("m n")
        i, j = model.indices("i j")
        s, y = model.data(s=(m,), y=(m, n))
        a, b, c, d = model.parameters(a=(m,), b=(m,), c=(m,), d=(m, n))
        each = cost(a[i], b[i], c[i], lambda j: d[i, j], s[i], Rational(3, 2), j)
        rest = Sum((a[i] + b[i] + c[i] + s[i]) / 8, i) + Sum(d[i, j] * y[i, j], i, j) / 8
        model.minimise(Sum(each, i) + rest)
    derivation = derive(model)
    text = render_module(derivation, source="terms.py", digest="0")
    return derivation, text, load(text, "terms")


def places(cost: Cost, s: float, *point: float) -> Any:
    """The true derivatives by a, b, c and the row d, each a central difference of 60 digits or more."""
    with mpmath.workdps(90):
        exact = list(map(mp.mpf, point))
        step = mp.mpf(10) ** -25

        def value(shift: Any, q: int) -> Any:
            moved = [x + shift if q == k else x for k, x in enumerate(exact)]
            return cost(*moved[:3], moved[3:], mp.mpf(s), mp.mpf(3) / 2)

        return [float((value(step, q) - value(-step, q)) / (2 * step)) for q in range(len(exact))]


@pytest.mark.parametrize("case", COSTS)
def test_a_few_exponentials_up_to_1e4(case: str) -> None:
    written, true = COSTS[case]
    derivation, _, module = built(written)
    assert "shift of terms" in [row.name for row in used(lower(derivation))]
    assert agree(derivation.system, derivation, module).good
    rows = [
        [size * x for x in (*corner, corner[1], -corner[0] / 2)]
        for size in SIZES
        for corner in CORNERS[:: 1 if size < 1e3 else 5]
    ]
    for dtype in (np.float32, np.float64):
        points = np.array(rows, dtype)
        s = np.array([0.0 if q % 3 else 0.5 for q in range(len(rows))], dtype)
        given = {"a": points[:, 0], "b": points[:, 1], "c": points[:, 2], "d": points[:, 3:]}
        with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
            warnings.simplefilter("error")
            J, slopes = module.cost_and_gradient(given, s=s, y=np.zeros((len(rows), 2), dtype))
        assert np.isfinite(J)
        eps = np.finfo(dtype).eps
        for q, point in enumerate(points):
            want = places(true, float(s[q]), *map(float, point))
            found = [slopes["a"][q] - 0.125, slopes["b"][q] - 0.125, slopes["c"][q] - 0.125, *slopes["d"][q]]
            bound = 8 * eps * (4 + max(map(abs, point)))
            assert np.allclose(found, want, rtol=bound, atol=bound), (case, dtype, point, found, want)


def test_over_a_range_that_moves_the_sum_is_shifted_where_it_stands() -> None:
    """No variable holds the largest of the two for u <= t alone."""
    with Model("moving") as model:
        n, T = model.sizes("n T")
        i, t, u = model.indices("i t u")
        x = model.data(x=(n, T))
        w, v = model.parameters(w=(T,), v=(T,))
        a, b, c = model.variables("a b c")
        a[i, t] = w[t] * x[i, t]
        b[i, t] = v[t] * x[i, t]
        c[i, t] = Sum(exp(a[i, u]) / (exp(a[i, u]) + exp(b[i, t])), (u, 1, t))
        model.minimise(Sum(c[i, t] ** 2, i, t))
    derivation = derive(model)
    module = load(render_module(derivation, source="moving.py", digest="0"), "moving")
    assert agree(derivation.system, derivation, module).good
    x, ones = np.array([[1.0, 2, -3], [2, -2, 1]]), np.ones(3)
    near = [module.cost_and_gradient({"w": size * ones, "v": -size * ones}, x=x) for size in (1e2, 1e4)]
    assert near[0][0] == pytest.approx(near[1][0], rel=1e-12) and np.isfinite(near[1][1]["w"]).all()
