"""Radial basis network: learnable centres and widths, Gaussian units, a linear output."""

from sympy import exp

from derive import Model, Sum
from derive.library import squared_error

with Model("radial_basis_network") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m,))
    c, s, v = model.parameters(c=(p, n), s=(p,), v=(p,))
    r, h, o = model.variables("r h o")

    r[i, j] = Sum((x[i, k] - c[j, k]) ** 2, k)
    h[i, j] = exp(-(s[j] ** 2) * r[i, j])
    o[i] = Sum(v[j] * h[i, j], j)
    model.minimise(Sum(squared_error(o[i], y[i]), i) / m)

    model.predict(o[i])
