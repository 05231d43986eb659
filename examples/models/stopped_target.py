"""A target that the network makes itself: stop() keeps the gradient out of the second view (siamese prediction)."""

from derive import Model, Sum, stop
from derive.library import tanh

with Model("stopped_target") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m, n))
    w, v = model.parameters(w=(p, n), v=(p, p))
    a, t, q = model.variables("a t q")

    a[i, j] = tanh(Sum(w[j, k] * x[i, k], k))
    t[i, j] = tanh(Sum(w[j, k] * y[i, k], k))
    q[i, j] = Sum(v[j, k] * a[i, k], k)
    model.minimise(Sum((q[i, j] - stop(t[i, j])) ** 2, i, j) / (2 * m))

    model.predict(a[i, j])
