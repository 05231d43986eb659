"""Negative binomial regression: counts that scatter more than Poisson's, with a learnable scatter, by loggamma."""

from sympy import exp, log, loggamma

from derive import Model, Sum

with Model("negative_binomial_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b, c = model.parameters(w=(n,), b=(), c=())
    s = model.variables("s")

    s[i] = Sum(w[k] * x[i, k], k) + b - c
    r = exp(c)  # a name for a part of the formula
    model.minimise(Sum(loggamma(r) - loggamma(y[i] + r) + (y[i] + r) * log(1 + exp(s[i])) - y[i] * s[i], i) / m)

    model.predict(exp(s[i] + c))
