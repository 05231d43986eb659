"""Max pooling over time: the gradient goes to the first place of the maximum."""

from derive import Max, Model, Sum
from derive.library import squared_error

with Model("max_pooling") as model:
    m, T, p, q = model.sizes("m T p q")
    i, j, c, t = model.indices("i j c t")
    x, y = model.data(x=(m, T, p), y=(m,))
    w, v = model.parameters(w=(q, p), v=(q,))
    z, a, o = model.variables("z a o")

    z[i, t, j] = Sum(w[j, c] * x[i, t, c], c)
    a[i, j] = Max(z[i, t, j], t)
    o[i] = Sum(v[j] * a[i, j], j)
    model.minimise(Sum(squared_error(o[i], y[i]), i) / m)

    model.predict(o[i])
