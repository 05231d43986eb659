"""Quantile regression: several quantiles at once, each with its own tilt of the absolute error."""

from derive import Max, Model, Sum

with Model("quantile_regression") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y, q = model.data(x=(m, n), y=(m,), q=(p,))
    w, b = model.parameters(w=(p, n), b=(p,))
    a, e = model.variables("a e")

    a[i, j] = Sum(w[j, k] * x[i, k], k) + b[j]
    e[i, j] = y[i] - a[i, j]
    model.minimise(Sum(q[j] * Max(0, e[i, j]) + (1 - q[j]) * Max(0, -e[i, j]), i, j) / m)

    model.predict(a[i, j])
