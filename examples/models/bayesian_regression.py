"""Bayesian linear regression: the evidence chooses the precision of every weight and that of the noise."""

from sympy import KroneckerDelta, exp

from derive import Model, Sum
from derive.library import logdet, solve

with Model("bayesian_regression") as model:
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m,))
    alpha, beta = model.parameters(alpha=(n,), beta=())
    A, b, w = model.variables("A b w")

    A[j, k] = exp(alpha[j]) * KroneckerDelta(j, k) + exp(beta) * Sum(x[i, j] * x[i, k], i)
    b[j] = exp(beta) * Sum(x[i, j] * y[i], i)
    w[k] = solve(A[j, k], b[j], j, k)
    residual = exp(beta) * Sum((y[i] - Sum(x[i, k] * w[k], k)) ** 2, i) + Sum(exp(alpha[j]) * w[j] ** 2, j)
    model.minimise((residual + logdet(A[j, k], j, k) - Sum(alpha[j], j) - m * beta) / 2)

    model.predict(Sum(x[i, k] * w[k], k))
