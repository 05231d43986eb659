"""A sequence becomes one vector: attention weights over time, from a learnable query, then a linear output."""

from derive import Model, Sum
from derive.library import softmax, squared_error, tanh

with Model("attention_pooling") as model:
    m, T, p, q, r = model.sizes("m T p q r")
    i, j, c, t = model.indices("i j c t")
    x, y = model.data(x=(m, T, p), y=(m, r))
    W, u, V = model.parameters(W=(q, p), u=(q,), V=(r, p))
    e, a, s, o = model.variables("e a s o")

    e[i, t] = Sum(u[j] * tanh(Sum(W[j, c] * x[i, t, c], c)), j)
    a[i, t] = softmax(e[i, t], t)
    s[i, c] = Sum(a[i, t] * x[i, t, c], t)
    o[i, j] = Sum(V[j, c] * s[i, c], c)
    model.minimise(Sum(squared_error(o[i, j], y[i, j]), i, j) / m)

    model.predict(o[i, j])
