"""Attention with several heads: parameters of rank 3, products over three indices."""

from sympy import sqrt

from derive import Model, Sum
from derive.library import softmax

with Model("multi_head_attention") as model:
    T, n, e, H = model.sizes("T n e H")
    i, j, k, c, h = model.indices("i j k c h")
    x, y = model.data(x=(T, n), y=(T, n))
    Q, K, V, O = model.parameters(Q=(H, e, n), K=(H, e, n), V=(H, e, n), O=(H, n, e))
    q, u, v, s, a, o = model.variables("q u v s a o")

    q[h, i, k] = Sum(Q[h, k, c] * x[i, c], c)
    u[h, i, k] = Sum(K[h, k, c] * x[i, c], c)
    v[h, i, k] = Sum(V[h, k, c] * x[i, c], c)
    s[h, i, j] = Sum(q[h, i, k] * u[h, j, k], k) / sqrt(e)
    a[h, i, j] = softmax(s[h, i, j], j)
    o[i, c] = Sum(O[h, c, k] * a[h, i, j] * v[h, j, k], h, j, k)
    model.minimise(Sum((o[i, c] - y[i, c]) ** 2, i, c) / T)

    model.predict(o[i, c])
