"""Bidirectional recurrent network: one state runs forward in time, another backward from a state at T + 1."""

from derive import Model, Sum
from derive.library import squared_error, tanh

with Model("bidirectional_network") as model:
    m, T, p, q, r = model.sizes("m T p q r")
    i, j, k, c, t = model.indices("i j k c t")
    x, y = model.data(x=(T, m, p), y=(T, m, r))
    U, W, V = model.parameters(U=(q, p), W=(q, q), V=(r, q))
    A, B, D = model.parameters(A=(q, p), B=(q, q), D=(r, q))
    f, b, o = model.variables("f b o")

    f[0, i, j] = 0
    f[t, i, j] = tanh(Sum(U[j, c] * x[t, i, c], c) + Sum(W[j, k] * f[t - 1, i, k], k))
    b[T + 1, i, j] = 0
    b[t, i, j] = tanh(Sum(A[j, c] * x[t, i, c], c) + Sum(B[j, k] * b[t + 1, i, k], k))
    with model.over(t, 1, T):
        o[t, i, c] = Sum(V[c, j] * f[t, i, j], j) + Sum(D[c, j] * b[t, i, j], j)
    model.minimise(Sum(squared_error(o[t, i, c], y[t, i, c]), t, i, c) / (m * T))

    model.predict(o[t, i, c])
