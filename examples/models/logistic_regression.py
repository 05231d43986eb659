"""Logistic regression: labels -1 and +1, and the logistic loss written as it stands in books."""

from sympy import exp, log

from derive import Model, Sum

with Model("logistic_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b = model.parameters(w=(n,), b=())
    lam = model.hyper("lam", latex=r"\lambda")
    z = model.variables("z")

    z[i] = Sum(w[k] * x[i, k], k) + b
    model.minimise(Sum(log(1 + exp(-y[i] * z[i])), i) / m + lam / 2 * Sum(w[k] ** 2, k))

    model.predict(z[i] > 0)
