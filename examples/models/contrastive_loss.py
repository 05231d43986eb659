"""Contrastive loss over all pairs of samples: row i and row i of two views are alike, all other pairs are not."""

from sympy import exp, log, sqrt

from derive import Model, Sum

with Model("contrastive_loss") as model:
    m, n, p = model.sizes("m n p")
    i, j, k, c = model.indices("i j k c")
    x, y = model.data(x=(m, n), y=(m, n))
    w = model.parameters(w=(p, n))
    tau = model.hyper("tau", latex=r"\tau")
    u, v, a, b, s = model.variables("u v a b s")

    u[i, c] = Sum(w[c, k] * x[i, k], k)
    v[i, c] = Sum(w[c, k] * y[i, k], k)
    a[i] = sqrt(1 + Sum(u[i, c] ** 2, c))
    b[i] = sqrt(1 + Sum(v[i, c] ** 2, c))
    s[i, j] = Sum(u[i, c] * v[j, c], c) / (a[i] * b[j])
    model.minimise(Sum(log(Sum(exp(s[i, j] / tau), j)) - s[i, i] / tau, i) / m)

    model.predict(u[i, c])
