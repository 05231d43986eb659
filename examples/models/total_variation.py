"""Smoothing of a signal: differences of neighbours, squared error, and a penalty that keeps edges."""

from sympy import sqrt

from derive import Model, Sum

with Model("total_variation") as model:
    T = model.sizes("T")
    t = model.indices("t")
    model.assume(T >= 2)
    y = model.data(y=(T,))
    u = model.parameters(u=(T,))
    lam, eps = model.hyper("lam", latex=r"\lambda"), model.hyper("eps", latex=r"\epsilon")
    g = model.variables("g")

    with model.over(t, 1, T - 1):
        g[t] = u[t + 1] - u[t]
    model.minimise(Sum((u[t] - y[t]) ** 2, t) / 2 + lam * Sum(sqrt(g[t] ** 2 + eps**2), t))
