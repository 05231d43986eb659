"""Euler steps of a learned differential equation: the state after T steps of given sizes meets the target."""

from derive import Model, Sum, d
from derive.library import squared_error, tanh

with Model("neural_differential_equation") as model:
    m, n, p, T = model.sizes("m n p T")
    i, j, k, t = model.indices("i j k t")
    x, y, tau = model.data(x=(m, n), y=(m, n), tau=(T,))
    w, v, b = model.parameters(w=(p, n), v=(n, p), b=(p,))
    h, f = model.variables("h f")

    h[0, i, j] = x[i, j]
    with model.over(t, 1, T):
        f[t, i, j] = tanh(Sum(w[j, k] * h[t - 1, i, k], k) + b[j])
        h[t, i, j] = h[t - 1, i, j] + tau[t] * Sum(v[j, k] * f[t, i, k], k)
    model.minimise(Sum(squared_error(h[T, i, j], y[i, j]), i, j) / m)

    model.predict(h[T, i, j])
    model.alias(adjoint=d(h[t, i, j]))
