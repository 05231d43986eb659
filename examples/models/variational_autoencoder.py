"""Variational autoencoder: the noise of the reparametrised code is data; KL divergence from the unit Gaussian."""

from sympy import exp

from derive import Model, Sum
from derive.library import squared_error, tanh

with Model("variational_autoencoder") as model:
    m, n, p, q = model.sizes("m n p q")
    i, j, k, c = model.indices("i j k c")
    x, noise = model.data(x=(m, n), noise=(m, q))
    w, A, B, v = model.parameters(w=(p, n), A=(q, p), B=(q, p), v=(n, q))
    h, mu, s, z, r, D = model.variables("h mu s z r D", mu=r"\mu")

    h[i, j] = tanh(Sum(w[j, k] * x[i, k], k))
    mu[i, c] = Sum(A[c, j] * h[i, j], j)
    s[i, c] = Sum(B[c, j] * h[i, j], j)
    z[i, c] = mu[i, c] + exp(s[i, c] / 2) * noise[i, c]
    r[i, k] = Sum(v[k, c] * z[i, c], c)
    D[i] = Sum(exp(s[i, c]) + mu[i, c] ** 2 - 1 - s[i, c], c) / 2
    model.minimise(Sum(squared_error(r[i, k], x[i, k]), i, k) / m + Sum(D[i], i) / m)

    model.predict(r[i, k])
