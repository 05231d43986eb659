"""Pooling over time by log-sum-exp, the smooth maximum, sharpened by a hyper-parameter."""

from sympy import exp, log

from derive import Model, Sum
from derive.library import squared_error

with Model("soft_pooling") as model:
    m, T, p, q = model.sizes("m T p q")
    i, j, c, t = model.indices("i j c t")
    x, y = model.data(x=(m, T, p), y=(m,))
    w, v = model.parameters(w=(q, p), v=(q,))
    r = model.hyper("r")
    z, a, o = model.variables("z a o")

    z[i, t, j] = Sum(w[j, c] * x[i, t, c], c)
    a[i, j] = log(Sum(exp(r * z[i, t, j]), t) / T) / r
    o[i] = Sum(v[j] * a[i, j], j)
    model.minimise(Sum(squared_error(o[i], y[i]), i) / m)

    model.predict(o[i])
