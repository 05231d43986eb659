"""Mixture of experts: a softmax gate weighs the linear predictions of several experts."""

from derive import Model, Sum
from derive.library import softmax, squared_error

with Model("mixture_of_experts") as model:
    m, n, p, E = model.sizes("m n p E")
    i, j, k, e = model.indices("i j k e")
    x, y = model.data(x=(m, n), y=(m, p))
    w, b, u = model.parameters(w=(E, p, n), b=(E, p), u=(E, n))
    f, s, g, o = model.variables("f s g o")

    f[e, i, j] = Sum(w[e, j, k] * x[i, k], k) + b[e, j]
    s[i, e] = Sum(u[e, k] * x[i, k], k)
    g[i, e] = softmax(s[i, e], e)
    o[i, j] = Sum(g[i, e] * f[e, i, j], e)
    model.minimise(Sum(squared_error(o[i, j], y[i, j]), i, j) / m)

    model.predict(o[i, j])
