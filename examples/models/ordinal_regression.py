"""Ordinal regression: one score, learnable cuts; y says for each cut whether the class lies above it."""

from derive import Model, Sum
from derive.library import binary_cross_entropy, sigmoid

with Model("ordinal_regression") as model:
    m, n, p = model.sizes("m n p")
    i, k, c = model.indices("i k c")
    x, y = model.data(x=(m, n), y=(m, p))
    w, cut = model.parameters(w=(n,), cut=(p,))
    s, a = model.variables("s a")

    s[i] = Sum(w[k] * x[i, k], k)
    a[i, c] = sigmoid(s[i] - cut[c])
    model.minimise(Sum(binary_cross_entropy(a[i, c], y[i, c]), i, c) / m)

    model.predict(a[i, c] > 0.5)
