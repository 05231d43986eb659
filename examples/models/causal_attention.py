"""Causal self-attention: every time looks back at the times up to it, sums whose range moves; next symbol predicted."""

from sympy import exp, log, sqrt

from derive import Model, Sum, argmax
from derive.library import softmax

with Model("causal_attention") as model:
    m, T, n, p, v = model.sizes("m T n p v")  # texts, times, features, width of a head, symbols
    i, t, u, j, k, c = model.indices("i t u j k c")
    x = model.data(x=(m, T, n))
    after = model.integers(after=(m, T), over=(1, v))  # the symbol that follows
    Q, K, V, O, W = model.parameters(Q=(p, n), K=(p, n), V=(p, n), O=(n, p), W=(v, n))
    q, r, f, s, a, h, z, P = model.variables("q r f s a h z P")

    q[i, t, j] = Sum(Q[j, k] * x[i, t, k], k)
    r[i, t, j] = Sum(K[j, k] * x[i, t, k], k)
    f[i, t, j] = Sum(V[j, k] * x[i, t, k], k)
    s[i, t, u] = Sum(q[i, t, j] * r[i, u, j], j) / sqrt(p)
    a[i, t, j] = Sum(exp(s[i, t, u]) * f[i, u, j], (u, 1, t)) / Sum(exp(s[i, t, u]), (u, 1, t))
    h[i, t, k] = x[i, t, k] + Sum(O[k, j] * a[i, t, j], j)
    z[i, t, c] = Sum(W[c, k] * h[i, t, k], k)
    P[i, t, c] = softmax(z[i, t, c], c)
    model.minimise(-Sum(log(P[i, t, after[i, t]]), i, t) / m)
    model.predict(argmax(P[i, t, c], c))
