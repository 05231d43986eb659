"""The last layer uses the transposed weights of the second."""

from sympy import Eq, exp

from derive import Model, Sum, d, function

sigmoid = function("sigmoid", lambda z: 1 / (1 + exp(-z)), latex=r"\sigma")

with Model("tied") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    model.assume(L >= 3, Eq(n(L), n(1)), Eq(n(L - 1), n(2)))
    w = model.parameters(w=(l, n(l), n(l - 1)), over=(l, 2, L - 1))
    b = model.parameters(b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam", latex=r"\lambda")
    z, a, C = model.variables("z a C")

    a[1, i, k] = x[i, k]
    with model.over(l, 2, L - 1):
        z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    z[L, i, j] = Sum(w[2, k, j] * a[L - 1, i, k], k) + b[L, j]
    a[l, i, j] = sigmoid(z[l, i, j])
    C[i] = Sum((a[L, i, j] - y[i, j]) ** 2, j) / 2
    model.minimise(Sum(C[i], i) / m + lam / 2 * Sum(w[l, j, k] ** 2, l, j, k))

    model.predict(a[L, i, j] > 0.5)
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
