"""Autoencoder with tied weights: the decoder is the transposed encoder, one parameter used twice."""

from derive import Model, Sum
from derive.library import sigmoid, squared_error

with Model("tied_autoencoder") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x = model.data(x=(m, n))
    w, b, c = model.parameters(w=(p, n), b=(p,), c=(n,))
    h, r = model.variables("h r")

    h[i, j] = sigmoid(Sum(w[j, k] * x[i, k], k) + b[j])
    r[i, k] = sigmoid(Sum(w[j, k] * h[i, j], j) + c[k])
    model.minimise(Sum(squared_error(r[i, k], x[i, k]), i, k) / m)

    model.predict(r[i, k])
