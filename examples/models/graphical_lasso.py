"""Graphical lasso: a sparse inverse covariance P = R R' by Gaussian likelihood and absolute values off the diagonal."""

from sympy import Abs, KroneckerDelta

from derive import Model, Sum
from derive.library import logdet

with Model("graphical_lasso") as model:
    m, n = model.sizes("m n")
    i, j, k, p = model.indices("i j k p")
    x = model.data(x=(m, n))
    R = model.parameters(R=(n, n))
    lam = model.hyper("lam", latex=r"\lambda")
    S, P = model.variables("S P")

    S[j, k] = Sum(x[i, j] * x[i, k], i) / m
    P[j, k] = Sum(R[j, p] * R[k, p], p)
    trace = Sum(S[j, k] * P[k, j], j, k)
    model.minimise(trace - logdet(P[j, k], j, k) + lam * Sum(Abs(P[j, k]) * (1 - KroneckerDelta(j, k)), j, k))
