"""A made-up activation, and a made-up cost that couples all outputs."""

from sympy import Rational, atan, exp, log, sqrt

from derive import Model, Sum, d, function

bump = function("bump", lambda z: z * exp(-(z**2) / 3) + atan(z) / 2)

with Model("made_up") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam", latex=r"\lambda")
    z, a, C = model.variables("z a C")

    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    a[l, i, j] = bump(z[l, i, j])
    C[i] = sqrt(1 + Sum((a[L, i, j] - y[i, j]) ** 4, j)) + log(Sum(exp(a[L, i, j] * y[i, j]), j)) * Rational(2, 3)
    model.minimise(Sum(C[i], i) / m + lam / 2 * Sum(w[l, j, k] ** 2, l, j, k))

    model.predict(a[L, i, j] > 0.5)
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
