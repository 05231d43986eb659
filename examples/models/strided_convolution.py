"""Convolution with stride 2: windows start at every second place, 2 t + s - 2."""

from derive import Model, Sum
from derive.library import softplus, squared_error

with Model("strided_convolution") as model:
    m, T, F = model.sizes("m T F")
    i, t, s = model.indices("i t s")
    x, y = model.data(x=(m, 2 * T + F), y=(m, T))
    w, b = model.parameters(w=(F,), b=())
    a = model.variables("a")

    with model.over(t, 1, T):
        a[i, t] = softplus(Sum(w[s] * x[i, 2 * t + s - 2], s) + b)
    model.minimise(Sum(squared_error(a[i, t], y[i, t]), i, t) / m)

    model.predict(a[i, t])
