"""Classifier: tanh hidden layers, softmax output, cross-entropy, weight decay; the targets of a sample sum to one."""

from sympy import Eq

from derive import Model, Sum, argmax, d
from derive.library import cross_entropy, softmax, tanh, weight_decay

with Model("softmax_classifier") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam", latex=r"\lambda")
    z, a, C = model.variables("z a C")

    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    with model.over(l, 2, L - 1):
        a[l, i, j] = tanh(z[l, i, j])
    a[L, i, j] = softmax(z[L, i, j], j)
    C[i] = Sum(cross_entropy(a[L, i, j], y[i, j]), j)
    model.assume(Eq(Sum(y[i, j], j), 1))
    model.minimise(Sum(C[i], i) / m + lam * Sum(weight_decay(w[l, j, k]), l, j, k))

    model.predict(argmax(a[L, i, j], j))
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
