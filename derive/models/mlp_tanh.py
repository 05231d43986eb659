"""L-layer network of tanh units, squared error, weight decay; targets -1 and +1, cut at 0."""

from derive import Model, Sum, d
from derive.library import squared_error, tanh, weight_decay

with Model("mlp_tanh") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam", latex=r"\lambda")
    z, a, C = model.variables("z a C")

    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    a[l, i, j] = tanh(z[l, i, j])
    C[i] = Sum(squared_error(a[L, i, j], y[i, j]), j)
    model.minimise(Sum(C[i], i) / m + lam * Sum(weight_decay(w[l, j, k]), l, j, k))

    model.predict(a[L, i, j] > 0)
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
