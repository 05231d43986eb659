"""Volatility that clusters (GARCH): the variance of a series feeds on the last surprise and on the last variance."""

from sympy import log

from derive import Model, Sum
from derive.library import softplus

with Model("garch") as model:
    T = model.sizes("T")
    t = model.indices("t")
    r = model.data(r=(T,))
    mu, w, a, b = model.parameters(mu=(), w=(), a=(), b=())
    e, v = model.variables("e v")

    e[t] = r[t] - mu
    v[1] = Sum(r[t] ** 2, t) / T
    with model.over(t, 2, T):
        v[t] = softplus(w) + softplus(a) * e[t - 1] ** 2 + softplus(b) * v[t - 1]
    model.minimise(Sum(log(v[t]) + e[t] ** 2 / v[t], t) / 2)
