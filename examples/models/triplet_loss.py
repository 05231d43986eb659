"""Triplet loss: an anchor is nearer to its positive than to its negative, by a margin; three uses of one embedding."""

from derive import Max, Model, Sum
from derive.library import tanh

with Model("triplet_loss") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, xp, xn = model.data(x=(m, n), xp=(m, n), xn=(m, n))
    w = model.parameters(w=(p, n))
    margin = model.hyper("margin")
    a, ap, an = model.variables("a ap an", ap="a^+", an="a^-")

    a[i, j] = tanh(Sum(w[j, k] * x[i, k], k))
    ap[i, j] = tanh(Sum(w[j, k] * xp[i, k], k))
    an[i, j] = tanh(Sum(w[j, k] * xn[i, k], k))
    model.minimise(Sum(Max(0, Sum((a[i, j] - ap[i, j]) ** 2, j) - Sum((a[i, j] - an[i, j]) ** 2, j) + margin), i) / m)

    model.predict(a[i, j])
