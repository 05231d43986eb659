"""Listwise ranking: objects come from best to worst, each is chosen among those that are left (Plackett-Luce)."""

from sympy import exp, log

from derive import Model, Sum, argmax

with Model("plackett_luce") as model:
    m, n, p = model.sizes("m n p")  # lists, objects in a list, features
    i, j, k, h = model.indices("i j k h")
    x = model.data(x=(m, n, p))
    w = model.parameters(w=(p,))
    s = model.variables("s")

    s[i, j] = Sum(w[h] * x[i, j, h], h)
    model.minimise(-Sum(s[i, j] - log(Sum(exp(s[i, k]), (k, j, n))), i, j) / m)
    model.predict(argmax(s[i, j], j))
