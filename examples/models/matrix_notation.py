"""A network of two layers in matrix notation: whole arrays, and no index anywhere."""

from sympy import tanh

from derive import Model, argmax, inner, mean, norm2
from derive.library import logsumexp

with Model("matrix_notation") as model:
    m, n, h, p = model.sizes("m n h p")
    x, y = model.data(x=(m, n), y=(m, p))
    V, b = model.parameters(V=(n, h), b=(h,))
    W, c = model.parameters(W=(h, p), c=(p,))
    lam = model.hyper("lam", latex=r"\lambda")
    a, z = model.variables("a z")

    a[:, :] = tanh(x @ V + b)
    z[:, :] = a @ W + c
    model.minimise(mean(logsumexp(z)) - inner(y, z) / m + lam / 2 * (norm2(V) + norm2(W)))

    model.predict(argmax(z))
