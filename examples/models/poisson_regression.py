"""Poisson regression: counts with a rate that is the exponential of a linear score."""

from sympy import exp

from derive import Model, Sum

with Model("poisson_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b = model.parameters(w=(n,), b=())
    s = model.variables("s")

    s[i] = Sum(w[k] * x[i, k], k) + b
    model.minimise(Sum(exp(s[i]) - y[i] * s[i], i) / m)

    model.predict(exp(s[i]))
