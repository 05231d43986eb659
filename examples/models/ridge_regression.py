"""Ridge regression: a linear prediction, squared error, and a penalty on the weights but not on the intercept."""

from derive import Model, Sum

with Model("ridge_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b = model.parameters(w=(n,), b=())
    lam = model.hyper("lam", latex=r"\lambda")
    a = model.variables("a")

    a[i] = Sum(w[k] * x[i, k], k) + b
    model.minimise(Sum((a[i] - y[i]) ** 2, i) / (2 * m) + lam / 2 * Sum(w[k] ** 2, k))

    model.predict(a[i])
