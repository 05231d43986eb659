"""Learnable slopes: below 0 every unit has a slope of its own, a parameter inside the activation."""

from derive import Model, Sum
from derive.library import leaky_relu, squared_error

with Model("parametric_relu") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m,))
    w, s, v = model.parameters(w=(p, n), s=(p,), v=(p,))
    z, a, o = model.variables("z a o")

    z[i, j] = Sum(w[j, k] * x[i, k], k)
    a[i, j] = leaky_relu(z[i, j], s[j])
    o[i] = Sum(v[j] * a[i, j], j)
    model.minimise(Sum(squared_error(o[i], y[i]), i) / m)

    model.predict(o[i])
