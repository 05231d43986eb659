"""Convolution with holes: the window steps by two, t + 2 s - 2."""

from derive import Model, Sum
from derive.library import squared_error, tanh

with Model("dilated_convolution") as model:
    m, T, F = model.sizes("m T F")
    i, t, s = model.indices("i t s")
    model.assume(T >= 2 * F)
    x, y = model.data(x=(m, T), y=(m,))
    w, b = model.parameters(w=(F,), b=())
    a, o = model.variables("a o")

    with model.over(t, 1, T - 2 * F + 2):
        a[i, t] = tanh(Sum(w[s] * x[i, t + 2 * s - 2], s) + b)
    o[i] = Sum(a[i, t], t) / (T - 2 * F + 2)
    model.minimise(Sum(squared_error(o[i], y[i]), i) / m)

    model.predict(o[i])
