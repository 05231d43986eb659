"""Soft dynamic time warping: the cost of all alignments of a predicted curve with a target, on a grid of times."""

from sympy import exp, log

from derive import Model, Sum

with Model("soft_dtw") as model:
    S, T, p = model.sizes("S T p")  # times of the prediction, times of the target, features
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(S, p), y=(T,))
    w, b = model.parameters(w=(p,), b=())
    a, c, D = model.variables("a c D")

    a[i] = Sum(w[k] * x[i, k], k) + b
    c[i, j] = (a[i] - y[j]) ** 2

    # D[i, j] is a soft minimum over the three ways to come to (i, j); 1000 stands for no way.
    D[0, 0] = 0
    with model.over(i, 1, S):
        D[i, 0] = 1000
    with model.over(j, 1, T):
        D[0, j] = 1000
    with model.over(i, 1, S), model.over(j, 1, T):
        D[i, j] = c[i, j] - log(exp(-D[i - 1, j]) + exp(-D[i, j - 1]) + exp(-D[i - 1, j - 1]))
    model.minimise(D[S, T])
    model.predict(a[i])
