"""Gaussian mixture: negative log-likelihood with softmax weights, centres and one log-width for each component."""

from sympy import exp, log

from derive import Model, Sum

with Model("gaussian_mixture") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x = model.data(x=(m, n))
    u, c, s = model.parameters(u=(p,), c=(p, n), s=(p,))
    q = model.variables("q")

    q[i, j] = u[j] - n * s[j] - exp(-2 * s[j]) * Sum((x[i, k] - c[j, k]) ** 2, k) / 2
    model.minimise(log(Sum(exp(u[j]), j)) - Sum(log(Sum(exp(q[i, j]), j)), i) / m)

    model.predict(q[i, j])
