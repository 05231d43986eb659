"""Gaussian likelihood: mean and covariance L L' with a triangular L whose diagonal is kept positive by exponentials."""

from sympy import Eq, Piecewise, exp

from derive import Model, Sum
from derive.library import logdet, solve

with Model("gaussian_likelihood") as model:
    m, n = model.sizes("m n")
    i, j, k, p = model.indices("i j k p")
    x = model.data(x=(m, n))
    mu, R = model.parameters(mu=(n,), R=(n, n))
    L, C, z, u = model.variables("L C z u")

    L[j, k] = Piecewise((R[j, k], k < j), (exp(R[j, k]), Eq(k, j)), (0, True))
    C[j, k] = Sum(L[j, p] * L[k, p], p)
    z[i, j] = x[i, j] - mu[j]
    u[i, k] = solve(C[j, k], z[i, j], j, k)
    model.minimise(Sum(z[i, j] * u[i, j], i, j) / (2 * m) + logdet(C[j, k], j, k) / 2)
