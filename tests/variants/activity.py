"""A penalty on the activations of all layers."""

from sympy import exp

from derive import Model, Sum, d, function

sigmoid = function("sigmoid", lambda z: 1 / (1 + exp(-z)), latex=r"\sigma")

with Model("activity") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam", latex=r"\lambda")
    mu = model.hyper("mu", latex=r"\mu")
    z, a, C = model.variables("z a C")

    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    a[l, i, j] = sigmoid(z[l, i, j])
    C[i] = Sum((a[L, i, j] - y[i, j]) ** 2, j) / 2
    model.minimise(Sum(C[i], i) / m + lam / 2 * Sum(w[l, j, k] ** 2, l, j, k) + mu * Sum(a[l, i, j] ** 2, i, j, l))

    model.predict(a[L, i, j] > 0.5)
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
