"""Factorisation machine: all pairs of features interact through the products of their factors."""

from derive import Model, Sum
from derive.library import squared_error

with Model("factorisation_machine") as model:
    m, n, r = model.sizes("m n r")
    i, k, f = model.indices("i k f")
    x, y = model.data(x=(m, n), y=(m,))
    w, v, b = model.parameters(w=(n,), v=(n, r), b=())
    s, o = model.variables("s o")

    s[i, f] = Sum(v[k, f] * x[i, k], k) ** 2 - Sum(v[k, f] ** 2 * x[i, k] ** 2, k)
    o[i] = b + Sum(w[k] * x[i, k], k) + Sum(s[i, f], f) / 2
    model.minimise(Sum(squared_error(o[i], y[i]), i) / m)

    model.predict(o[i])
