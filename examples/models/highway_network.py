"""Highway network: a gate in every layer chooses between a new value and the one below."""

from derive import Model, Sum
from derive.library import sigmoid, squared_error, tanh

with Model("highway_network") as model:
    m, n, L = model.sizes("m n L")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n), y=(m, n))
    w, v, b, c = model.parameters(w=(l, n, n), v=(l, n, n), b=(l, n), c=(l, n), over=(l, 2, L))
    h, g, a = model.variables("h g a")

    a[1, i, j] = x[i, j]
    h[l, i, j] = tanh(Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j])
    g[l, i, j] = sigmoid(Sum(v[l, j, k] * a[l - 1, i, k], k) + c[l, j])
    a[l, i, j] = g[l, i, j] * h[l, i, j] + (1 - g[l, i, j]) * a[l - 1, i, j]
    model.minimise(Sum(squared_error(a[L, i, j], y[i, j]), i, j) / m)

    model.predict(a[L, i, j])
