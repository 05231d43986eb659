"""Softmax regression: the cost is the log-sum-exp of the scores less the score of the integer label."""

from sympy import exp, log

from derive import Model, Sum, argmax

with Model("softmax_regression") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x = model.data(x=(m, n))
    label = model.integers(label=(m,), over=(1, p))
    w, b = model.parameters(w=(p, n), b=(p,))
    z = model.variables("z")

    z[i, j] = Sum(w[j, k] * x[i, k], k) + b[j]
    model.minimise(Sum(log(Sum(exp(z[i, j]), j)) - z[i, label[i]], i) / m)

    model.predict(argmax(z[i, j], j))
