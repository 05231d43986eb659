"""Kalman filter: the likelihood of a series by a recurrence of means and covariances; an inverse at every time."""

from sympy import KroneckerDelta

from derive import Model, Sum
from derive.library import inverse, logdet

with Model("kalman_filter") as model:
    T, n = model.sizes("T n")
    t, j, k, p, q = model.indices("t j k p q")
    y = model.data(y=(T, n))
    F = model.parameters(F=(n, n))
    noise = model.hyper("noise", latex=r"\epsilon")
    h, P, S, V, e = model.variables("h P S V e")

    with model.over(j, 1, n), model.over(k, 1, n):
        h[0, j] = 0
        P[0, j, k] = KroneckerDelta(j, k)
    with model.over(t, 1, T):
        S[t, j, k] = Sum(F[j, p] * P[t - 1, p, q] * F[k, q], p, q) + (1 + noise) * KroneckerDelta(j, k)
        V[t, j, k] = inverse(S[t, j, k], j, k)
        e[t, j] = y[t, j] - Sum(F[j, p] * h[t - 1, p], p)
        h[t, j] = y[t, j] - noise * Sum(V[t, j, k] * e[t, k], k)
        P[t, j, k] = noise * KroneckerDelta(j, k) - noise**2 * V[t, j, k]
    model.minimise(Sum(Sum(e[t, j] * V[t, j, k] * e[t, k], j, k) + logdet(S[t, j, k], j, k), t) / (2 * T))
