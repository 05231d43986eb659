"""Gradient penalty: the critic of a Wasserstein network, whose slope by its input is held near 1."""

from sympy import sqrt, tanh

from derive import Model, Sum

with Model("gradient_penalty") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, s = model.data(x=(m, n), s=(m,))
    w, b, v = model.parameters(w=(p, n), b=(p,), v=(p,))
    lam = model.hyper("lam", latex=r"\lambda")
    h, f = model.variables("h f")

    h[i, j] = tanh(Sum(w[j, k] * x[i, k], k) + b[j])
    f[i] = Sum(v[j] * h[i, j], j)
    g = model.gradient("g", Sum(f[i], i), by=x)
    model.minimise(Sum(s[i] * f[i], i) / m + lam / m * Sum((sqrt(Sum(g[i, k] ** 2, k)) - 1) ** 2, i))
    model.predict(f[i])
