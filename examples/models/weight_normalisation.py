"""Weight normalisation: a direction and a length for every unit; the direction is divided by its norm."""

from sympy import sqrt

from derive import Model, Sum
from derive.library import squared_error, tanh

with Model("weight_normalisation") as model:
    m, n, p = model.sizes("m n p")
    c, i, j, k = model.indices("c i j k")
    x, y = model.data(x=(m, n), y=(m, p))
    v, g, b = model.parameters(v=(p, n), g=(p,), b=(p,))
    w, a = model.variables("w a")

    w[j, k] = g[j] * v[j, k] / sqrt(Sum(v[j, c] ** 2, c))
    a[i, j] = tanh(Sum(w[j, k] * x[i, k], k) + b[j])
    model.minimise(Sum(squared_error(a[i, j], y[i, j]), i, j) / m)

    model.predict(a[i, j])
