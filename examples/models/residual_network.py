"""Residual network of any depth: every layer adds a correction to the one below."""

from derive import Model, Sum, d
from derive.library import softplus, squared_error

with Model("residual_network") as model:
    m, n, L = model.sizes("m n L")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n), y=(m, n))
    w, v, b = model.parameters(w=(l, n, n), v=(l, n, n), b=(l, n), over=(l, 2, L))
    h, a = model.variables("h a")

    a[1, i, j] = x[i, j]
    h[l, i, j] = softplus(Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j])
    a[l, i, j] = a[l - 1, i, j] + Sum(v[l, j, k] * h[l, i, k], k)
    model.minimise(Sum(squared_error(a[L, i, j], y[i, j]), i, j) / m)

    model.predict(a[L, i, j])
    model.alias(output=d(a[L, i, j]), back=d(a[l, i, j]))
