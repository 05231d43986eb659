"""Recurrent network: one output for every time, T symbolic; its adjoint is back-propagation through time."""

from derive import Model, Sum, d
from derive.library import tanh

with Model("recurrent_network") as model:
    m, T, p, q, r = model.sizes("m T p q r")
    i, j, k, c, t = model.indices("i j k c t")
    x, y = model.data(x=(T, m, p), y=(T, m, r))
    U, W, V, b = model.parameters(U=(q, p), W=(q, q), V=(r, q), b=(q,))
    h, o = model.variables("h o")

    h[0, i, j] = 0
    h[t, i, j] = tanh(Sum(U[j, c] * x[t, i, c], c) + Sum(W[j, k] * h[t - 1, i, k], k) + b[j])
    with model.over(t, 1, T):
        o[t, i, c] = Sum(V[c, j] * h[t, i, j], j)
    model.minimise(Sum((o[t, i, c] - y[t, i, c]) ** 2, t, i, c) / (2 * m * T))

    model.predict(o[t, i, c])
    model.error(h="delta")
    model.alias(BPTT=d(h[t, i, j]))
