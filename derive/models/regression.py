"""Regression: targets scaled from low..high into 0..1 for training, predictions scaled back; weight decay."""

from derive import Model, Sum, d
from derive.library import sigmoid, squared_error, weight_decay

with Model("regression") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    low, high = model.hyper("low"), model.hyper("high")
    lam = model.hyper("lam", latex=r"\lambda")
    t, z, a, C = model.variables("t z a C")

    t[i, j] = (y[i, j] - low) / (high - low)
    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    a[l, i, j] = sigmoid(z[l, i, j])
    C[i] = Sum(squared_error(a[L, i, j], t[i, j]), j)
    model.minimise(Sum(C[i], i) / m + lam * Sum(weight_decay(w[l, j, k]), l, j, k))

    model.predict(low + (high - low) * a[L, i, j])
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
