"""Penalised spline: counts with a smooth log-rate; second differences of the coefficients are kept small."""

from sympy import exp

from derive import Model, Sum

with Model("penalised_spline") as model:
    m, K = model.sizes("m K")
    i, k = model.indices("i k")
    B, y = model.data(B=(m, K), y=(m,))  # the K basis functions at every sample, the counts
    c = model.parameters(c=(K,))
    lam = model.hyper("lam", latex=r"\lambda")
    f = model.variables("f")

    f[i] = Sum(B[i, k] * c[k], k)
    rough = Sum((c[k] - 2 * c[k + 1] + c[k + 2]) ** 2, (k, 1, K - 2))
    model.minimise(Sum(exp(f[i]) - y[i] * f[i], i) / m + lam / 2 * rough)
    model.predict(exp(f[i]))
