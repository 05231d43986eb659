"""Softmax output with squared error: the full Jacobian of the softmax stays in BP1."""

from derive import Model, Sum, argmax, d
from derive.library import sigmoid, softmax, squared_error

with Model("softmax_squared_error") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    z, a, C = model.variables("z a C")

    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    with model.over(l, 2, L - 1):
        a[l, i, j] = sigmoid(z[l, i, j])
    a[L, i, j] = softmax(z[L, i, j], j)
    C[i] = Sum(squared_error(a[L, i, j], y[i, j]), j)
    model.minimise(Sum(C[i], i) / m)

    model.predict(argmax(a[L, i, j], j))
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
