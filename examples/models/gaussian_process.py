"""Gaussian process: the marginal likelihood of a kernel with noise, by equations solved and a log-determinant."""

from sympy import KroneckerDelta, exp

from derive import Model, Sum
from derive.library import logdet, solve

with Model("gaussian_process") as model:
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m,))
    s, r = model.parameters(s=(), r=())
    noise = model.hyper("noise", latex=r"\epsilon")
    E, K, alpha = model.variables("E K alpha")

    E[i, j] = exp(-Sum((x[i, k] - x[j, k]) ** 2, k) / (2 * (1 + r**2)))
    K[i, j] = s**2 * E[i, j] + noise * KroneckerDelta(i, j)
    alpha[j] = solve(K[i, j], y[i], i, j)
    model.minimise((Sum(y[j] * alpha[j], j) + logdet(K[i, j], i, j)) / 2)

    model.predict(alpha[j])
