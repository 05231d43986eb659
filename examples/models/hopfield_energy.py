"""Hopfield network: a quadratic energy, trained so that every unit agrees with the field of the others."""

from sympy import exp, log

from derive import Model, Sum

with Model("hopfield_energy") as model:
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x = model.data(x=(m, n))
    w, b = model.parameters(w=(n, n), b=(n,))
    lam = model.hyper("lam", latex=r"\lambda")
    f = model.variables("f")

    f[i, j] = Sum((w[j, k] + w[k, j]) / 2 * x[i, k], k) - w[j, j] * x[i, j] + b[j]
    model.minimise(Sum(log(1 + exp(-2 * x[i, j] * f[i, j])), i, j) / m + lam / 2 * Sum(w[j, k] ** 2, j, k))

    model.predict(f[i, j] > 0)
