"""Convolution along time with channels: a window is an affine index, t + s - 1."""

from derive import Model, Sum
from derive.library import relu

with Model("convolution") as model:
    m, T, F, p, q = model.sizes("m T F p q")
    i, t, s, c, f = model.indices("i t s c f")
    model.assume(T >= F)
    x, y = model.data(x=(m, T, p), y=(m,))
    w, b, v = model.parameters(w=(q, F, p), b=(q,), v=(q,))
    a, o = model.variables("a o")

    with model.over(t, 1, T - F + 1):
        a[i, t, f] = relu(Sum(w[f, s, c] * x[i, t + s - 1, c], s, c) + b[f])
    o[i] = Sum(v[f] * a[i, t, f], t, f) / (T - F + 1)
    model.minimise(Sum((o[i] - y[i]) ** 2, i) / (2 * m))

    model.predict(o[i])
