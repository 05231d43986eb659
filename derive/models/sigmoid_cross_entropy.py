"""Sigmoid units with cross-entropy: f' cancels at the output, so delta is a - y over m. Weight decay."""

from derive import Model, Sum, d
from derive.library import binary_cross_entropy, sigmoid, weight_decay

with Model("sigmoid_cross_entropy") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam", latex=r"\lambda")
    z, a, C = model.variables("z a C")

    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    a[l, i, j] = sigmoid(z[l, i, j])
    C[i] = Sum(binary_cross_entropy(a[L, i, j], y[i, j]), j)
    model.minimise(Sum(C[i], i) / m + lam * Sum(weight_decay(w[l, j, k]), l, j, k))

    model.predict(a[L, i, j] > 0.5)
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
