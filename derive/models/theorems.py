"""The four equations of backpropagation, for one sample, any activation f and any cost of the outputs."""

from derive import Model, Sum, d, function

f = function("f")

with Model("theorems") as model:
    L = model.sizes("L")
    n = model.width("n")
    j, k, l = model.indices("j k l")
    x, y = model.data(x=(n(1),), y=(n(L),))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    z, a = model.variables("z a")
    C = model.functional("C")

    a[1, k] = x[k]
    z[l, j] = Sum(w[l, j, k] * a[l - 1, k], k) + b[l, j]
    a[l, j] = f(z[l, j])
    model.minimise(C(a[L, :], y[:]))

    model.predict(a[L, j])
    model.error(z="delta")
    model.alias(BP1=d(z[L, j]), BP2=d(z[l, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
