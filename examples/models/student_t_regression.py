"""Student's t regression: errors with heavy tails, whose width and degrees of freedom are learnt."""

from sympy import exp, gamma, log, pi, sqrt

from derive import Model, Sum

with Model("student_t_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b, c, s = model.parameters(w=(n,), b=(), c=(), s=())
    e = model.variables("e")

    nu = 1 + exp(c)  # a name for a part of the formula
    e[i] = (y[i] - Sum(w[k] * x[i, k], k) - b) * exp(-s)
    model.minimise(
        s
        - log(gamma((nu + 1) / 2) / gamma(nu / 2) / sqrt(pi * nu))
        + (nu + 1) / 2 * Sum(log(1 + e[i] ** 2 / nu), i) / m
    )
