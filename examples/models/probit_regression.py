"""Probit regression: the probability of a label -1 or +1 is the Gaussian integral, written by erf."""

from sympy import erf, log, sqrt

from derive import Model, Sum, function

Phi = function("Phi", lambda z: (1 + erf(z / sqrt(2))) / 2, latex=r"\Phi")

with Model("probit_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b = model.parameters(w=(n,), b=())
    z = model.variables("z")

    z[i] = Sum(w[k] * x[i, k], k) + b
    model.minimise(-Sum(log(Phi(y[i] * z[i])), i) / m)

    model.predict(z[i] > 0)
