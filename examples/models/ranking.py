"""Ranking: for every pair of samples of which the first has the larger target, the logistic loss of the scores."""

from sympy import Piecewise, exp, log

from derive import Model, Sum

with Model("ranking") as model:
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m,))
    w = model.parameters(w=(n,))
    s = model.variables("s")

    s[i] = Sum(w[k] * x[i, k], k)
    model.minimise(Sum(Piecewise((log(1 + exp(s[j] - s[i])), y[i] > y[j]), (0, True)), i, j) / m**2)

    model.predict(s[i])
