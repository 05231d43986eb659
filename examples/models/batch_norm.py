"""Batch normalisation: mean and variance over the samples couple all of them in one gradient."""

from sympy import sqrt

from derive import Model, Sum
from derive.library import squared_error

with Model("batch_norm") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m, p))
    w, g, b = model.parameters(w=(p, n), g=(p,), b=(p,))
    eps = model.hyper("eps", latex=r"\epsilon")
    z, mu, var, u, a = model.variables("z mu var u a", mu=r"\mu", var=r"\sigma")

    z[i, j] = Sum(w[j, k] * x[i, k], k)
    mu[j] = Sum(z[i, j], i) / m
    var[j] = Sum((z[i, j] - mu[j]) ** 2, i) / m
    u[i, j] = (z[i, j] - mu[j]) / sqrt(var[j] + eps**2)
    a[i, j] = g[j] * u[i, j] + b[j]
    model.minimise(Sum(squared_error(a[i, j], y[i, j]), i, j) / m)

    model.predict(a[i, j])
