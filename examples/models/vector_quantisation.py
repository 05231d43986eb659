"""Vector quantisation: codes move to the nearest points, points to their nearest code; stop() parts the two."""

from derive import Min, Model, Sum, stop

with Model("vector_quantisation") as model:
    m, n, p, q = model.sizes("m n p q")
    i, j, k, c = model.indices("i j k c")
    x = model.data(x=(m, n))
    w, E = model.parameters(w=(q, n), E=(p, q))
    beta = model.hyper("beta", latex=r"\beta")
    h, D, B = model.variables("h D B")

    h[i, c] = Sum(w[c, k] * x[i, k], k)
    D[i, j] = Sum((stop(h[i, c]) - E[j, c]) ** 2, c)
    B[i, j] = Sum((h[i, c] - stop(E[j, c])) ** 2, c)
    model.minimise(Sum(Min(D[i, j], j), i) / m + beta / m * Sum(Min(B[i, j], j), i))

    model.predict(h[i, c])
