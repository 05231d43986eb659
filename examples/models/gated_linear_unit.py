"""Gated linear unit: the second half of the units gates the first; slices of one range, j and j + p."""

from derive import Model, Sum
from derive.library import sigmoid, squared_error

with Model("gated_linear_unit") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m, p))
    w = model.parameters(w=(2 * p, n))
    z, a = model.variables("z a")

    z[i, j] = Sum(w[j, k] * x[i, k], k)
    with model.over(j, 1, p):
        a[i, j] = z[i, j] * sigmoid(z[i, j + p])
    model.minimise(Sum(squared_error(a[i, j], y[i, j]), i, j) / m)

    model.predict(a[i, j])
