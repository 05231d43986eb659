"""Von Mises regression: the target is an angle; its concentration is learnt, with a Bessel function in the density."""

from sympy import besseli, cos, exp, log, pi

from derive import Model, Sum

with Model("von_mises_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b, c = model.parameters(w=(n,), b=(), c=())
    z = model.variables("z")

    z[i] = Sum(w[k] * x[i, k], k) + b
    model.minimise(log(2 * pi * besseli(0, exp(c))) - exp(c) * Sum(cos(y[i] - z[i]), i) / m)

    model.predict(z[i])
