"""Filter of order 2: the state depends on the two before it; places -1 and 0 are given; the adjoint runs backward."""

from derive import Model, Sum, d
from derive.library import squared_error

with Model("autoregression") as model:
    m, T = model.sizes("m T")
    i, t = model.indices("i t")
    model.assume(T >= 2)
    x, y, h0, h1 = model.data(x=(T, m), y=(T, m), h0=(m,), h1=(m,))
    w = model.parameters(w=(3,))
    h = model.variables("h")

    h[-1, i] = h0[i]
    h[0, i] = h1[i]
    with model.over(t, 1, T):
        h[t, i] = w[1] * h[t - 1, i] + w[2] * h[t - 2, i] + w[3] * x[t, i]
    model.minimise(Sum(squared_error(h[t, i], y[t, i]), (t, 1, T), i) / m)

    model.alias(before_last=d(h[T - 1, i]), back=d(h[t, i]))
