"""Neural tensor network: a parameter of rank 3 joins two vectors, beside a linear part of each."""

from derive import Model, Sum
from derive.library import squared_error, tanh

with Model("bilinear_network") as model:
    m, n, p, q = model.sizes("m n p q")
    i, j, k, c = model.indices("i j k c")
    x, y, r = model.data(x=(m, n), y=(m, p), r=(m, q))
    W, u, v = model.parameters(W=(q, n, p), u=(q, n), v=(q, p))
    a = model.variables("a")

    a[i, c] = tanh(Sum(x[i, j] * W[c, j, k] * y[i, k], j, k) + Sum(u[c, j] * x[i, j], j) + Sum(v[c, k] * y[i, k], k))
    model.minimise(Sum(squared_error(a[i, c], r[i, c]), i, c) / m)

    model.predict(a[i, c])
