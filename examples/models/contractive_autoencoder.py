"""Contractive autoencoder: a penalty on the squared Jacobian of the code, dh/dx = h (1 - h) w."""

from derive import Model, Sum
from derive.library import sigmoid, squared_error

with Model("contractive_autoencoder") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x = model.data(x=(m, n))
    w, b, c = model.parameters(w=(p, n), b=(p,), c=(n,))
    lam = model.hyper("lam", latex=r"\lambda")
    h, r, D = model.variables("h r D")

    h[i, j] = sigmoid(Sum(w[j, k] * x[i, k], k) + b[j])
    r[i, k] = Sum(w[j, k] * h[i, j], j) + c[k]
    D[i, j, k] = h[i, j] * (1 - h[i, j]) * w[j, k]
    model.minimise(Sum(squared_error(r[i, k], x[i, k]), i, k) / m + lam / m * Sum(D[i, j, k] ** 2, i, j, k))

    model.predict(r[i, k])
