"""Softmax regression with label smoothing: the given probabilities are mixed with the uniform distribution."""

from sympy import Eq

from derive import Model, Sum, argmax
from derive.library import cross_entropy, softmax

with Model("label_smoothing") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m, p))
    w, b = model.parameters(w=(p, n), b=(p,))
    epsilon = model.hyper("epsilon", latex=r"\epsilon")
    z, a, t = model.variables("z a t")

    z[i, j] = Sum(w[j, k] * x[i, k], k) + b[j]
    a[i, j] = softmax(z[i, j], j)
    t[i, j] = (1 - epsilon) * y[i, j] + epsilon / p
    model.assume(Eq(Sum(y[i, j], j), 1))
    model.minimise(Sum(cross_entropy(a[i, j], t[i, j]), i, j) / m)

    model.predict(argmax(a[i, j], j))
