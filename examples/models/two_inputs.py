"""Two inputs side by side: equations for two regions of one index join them into one vector."""

from derive import Model, Sum
from derive.library import squared_error, tanh

with Model("two_inputs") as model:
    m, n, p, q = model.sizes("m n p q")
    i, j, k = model.indices("i j k")
    x, u, y = model.data(x=(m, n), u=(m, p), y=(m, q))
    w = model.parameters(w=(q, n + p))
    h, a = model.variables("h a")

    with model.over(k, 1, n):
        h[i, k] = x[i, k]
    with model.over(k, n + 1, n + p):
        h[i, k] = u[i, k - n]
    a[i, j] = tanh(Sum(w[j, k] * h[i, k], k))
    model.minimise(Sum(squared_error(a[i, j], y[i, j]), i, j) / m)

    model.predict(a[i, j])
