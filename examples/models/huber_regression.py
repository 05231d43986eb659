"""Huber regression with a lasso: quadratic near 0, linear beyond c; absolute values of the weights."""

from derive import Model, Sum
from derive.library import huber, l1

with Model("huber_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b = model.parameters(w=(n,), b=())
    c, lam = model.hyper("c"), model.hyper("lam", latex=r"\lambda")
    a = model.variables("a")

    a[i] = Sum(w[k] * x[i, k], k) + b
    model.minimise(Sum(huber(a[i], y[i], c), i) / m + lam * Sum(l1(w[k]), k))

    model.predict(a[i])
