"""Restricted Boltzmann machine: the free energy of data less that of given negative samples."""

from sympy import exp, log

from derive import Model, Sum

with Model("free_energy") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, s = model.data(x=(m, n), s=(m, n))
    w, b, c = model.parameters(w=(p, n), b=(n,), c=(p,))
    F, G = model.variables("F G")

    F[i] = -Sum(b[k] * x[i, k], k) - Sum(log(1 + exp(c[j] + Sum(w[j, k] * x[i, k], k))), j)
    G[i] = -Sum(b[k] * s[i, k], k) - Sum(log(1 + exp(c[j] + Sum(w[j, k] * s[i, k], k))), j)
    model.minimise(Sum(F[i] - G[i], i) / m)

    model.predict(F[i])
