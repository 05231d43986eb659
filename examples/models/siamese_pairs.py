"""Pairs of samples: near where a given matrix says that they are alike, else apart by a margin."""

from derive import Max, Model, Sum

with Model("siamese_pairs") as model:
    m, n, p = model.sizes("m n p")
    i, j, k, c = model.indices("i j k c")
    x, same = model.data(x=(m, n), same=(m, m))
    w = model.parameters(w=(p, n))
    margin = model.hyper("margin")
    a, D = model.variables("a D")

    a[i, c] = Sum(w[c, k] * x[i, k], k)
    D[i, j] = Sum((a[i, c] - a[j, c]) ** 2, c)
    model.minimise(Sum(same[i, j] * D[i, j] + (1 - same[i, j]) * Max(0, margin - D[i, j]), i, j) / m**2)

    model.predict(a[i, c])
