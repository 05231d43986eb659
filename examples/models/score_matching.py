"""Score matching: the gradient of a learned energy by the data, and the diagonal of its Jacobian."""

from sympy import tanh

from derive import Model, Sum

with Model("score_matching") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x = model.data(x=(m, n))
    w, b, c = model.parameters(w=(p, n), b=(p,), c=(p,))
    E = model.variables("E")

    E[i] = Sum(c[j] * tanh(Sum(w[j, k] * x[i, k], k) + b[j]), j) - Sum(x[i, k] ** 2, k) / 2
    g = model.gradient("g", Sum(E[i], i), by=x)
    D = model.jacobian("D", g[i, k], by=x[i, k])
    model.minimise(Sum(D[i, k] + g[i, k] ** 2 / 2, i, k) / m)
