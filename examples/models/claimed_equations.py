"""Claims: the textbook's equations of backpropagation and the derivative of a softmax, judged by the check."""

from sympy import KroneckerDelta, log

from derive import Model, Sum, argmax, d
from derive.library import softmax, tanh

with Model("claimed_equations") as model:
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
    C[i] = -Sum(y[i, j] * log(a[L, i, j]), j)
    model.minimise(Sum(C[i], i) / m + lam / 2 * Sum(w[l, j, k] ** 2, l, j, k))
    model.predict(argmax(a[L, i, j], j))

    model.claim(d(a[L, i, j], z[L, i, k]), a[L, i, j] * (KroneckerDelta(j, k) - a[L, i, k]))
    model.claim(d(z)[L, i, j], (Sum(y[i, k], k) * a[L, i, j] - y[i, j]) / m)
    with model.over(l, 2, L - 1):
        model.claim(d(z)[l, i, k], Sum(w[l + 1, j, k] * d(z)[l + 1, i, j], j) * tanh.prime(z[l, i, k]))
    model.claim(d(b)[l, j], Sum(d(z)[l, i, j], i))
    model.claim(d(w)[l, :, :], d(z)[l, :, :].T @ a[l - 1, :, :] + lam * w[l, :, :])
