"""Denoising autoencoder: noise is data; the clean input is restored from the input with noise."""

from derive import Model, Sum
from derive.library import sigmoid, squared_error

with Model("denoising_autoencoder") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, noise = model.data(x=(m, n), noise=(m, n))
    w, v, b, c = model.parameters(w=(p, n), v=(n, p), b=(p,), c=(n,))
    s = model.hyper("s", latex=r"\sigma")
    u, h, r = model.variables("u h r")

    u[i, k] = x[i, k] + s * noise[i, k]
    h[i, j] = sigmoid(Sum(w[j, k] * u[i, k], k) + b[j])
    r[i, k] = Sum(v[k, j] * h[i, j], j) + c[k]
    model.minimise(Sum(squared_error(r[i, k], x[i, k]), i, k) / m)

    model.predict(r[i, k])
