"""Pairwise maxout: every unit is the larger of two linear functions; a hinge loss."""

from derive import Max, Model, Sum
from derive.library import hinge

with Model("maxout_network") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m,))
    w, u, v = model.parameters(w=(p, n), u=(p, n), v=(p,))
    a, o = model.variables("a o")

    a[i, j] = Max(Sum(w[j, k] * x[i, k], k), Sum(u[j, k] * x[i, k], k))
    o[i] = Sum(v[j] * a[i, j], j)
    model.minimise(Sum(hinge(o[i], y[i]), i) / m)

    model.predict(o[i] > 0)
