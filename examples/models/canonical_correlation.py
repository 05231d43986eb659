"""Canonical correlation: two projections whose correlation over the samples is as large as can be."""

from sympy import sqrt

from derive import Model, Sum

with Model("canonical_correlation") as model:
    m, n, p = model.sizes("m n p")
    i, k, c = model.indices("i k c")
    x, y = model.data(x=(m, n), y=(m, p))
    u, v = model.parameters(u=(n,), v=(p,))
    eps = model.hyper("eps", latex=r"\epsilon")
    a, b = model.variables("a b")

    a[i] = Sum(u[k] * x[i, k], k)
    b[i] = Sum(v[c] * y[i, c], c)
    model.minimise(-Sum(a[i] * b[i], i) / sqrt((Sum(a[i] ** 2, i) + eps**2) * (Sum(b[i] ** 2, i) + eps**2)))

    model.predict(a[i])
