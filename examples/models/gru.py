"""Gated recurrent unit: an update gate mixes the old state with a candidate that a reset gate lets see it."""

from derive import Model, Sum
from derive.library import sigmoid, squared_error, tanh

with Model("gru") as model:
    m, T, p, q = model.sizes("m T p q")
    i, j, k, c, t = model.indices("i j k c t")
    x, y, h0 = model.data(x=(T, m, p), y=(m, q), h0=(m, q))
    Wz, Wr, Wh = model.parameters(Wz=(q, p), Wr=(q, p), Wh=(q, p))
    Uz, Ur, Uh = model.parameters(Uz=(q, q), Ur=(q, q), Uh=(q, q))
    z, r, g, h = model.variables("z r g h")

    h[0, i, j] = h0[i, j]
    z[t, i, j] = sigmoid(Sum(Wz[j, c] * x[t, i, c], c) + Sum(Uz[j, k] * h[t - 1, i, k], k))
    r[t, i, j] = sigmoid(Sum(Wr[j, c] * x[t, i, c], c) + Sum(Ur[j, k] * h[t - 1, i, k], k))
    g[t, i, j] = tanh(Sum(Wh[j, c] * x[t, i, c], c) + Sum(Uh[j, k] * r[t, i, k] * h[t - 1, i, k], k))
    h[t, i, j] = (1 - z[t, i, j]) * h[t - 1, i, j] + z[t, i, j] * g[t, i, j]
    model.minimise(Sum(squared_error(h[T, i, j], y[i, j]), i, j) / m)

    model.predict(h[T, i, j])
