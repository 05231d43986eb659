"""Graph given by its edges: features of the nodes that an edge joins are held close; gathers and their scatter."""

from derive import Model, Sum
from derive.library import squared_error, tanh

with Model("laplacian_embedding") as model:
    v, e, n, p = model.sizes("v e n p")
    i, j, k, c = model.indices("i j k c")
    x, y = model.data(x=(v, n), y=(v, p))
    head, tail = model.integers(head=(e,), tail=(e,), over=(1, v))
    w = model.parameters(w=(p, n))
    beta = model.hyper("beta", latex=r"\beta")
    h = model.variables("h")

    h[j, c] = tanh(Sum(w[c, k] * x[j, k], k))
    model.minimise(
        Sum(squared_error(h[j, c], y[j, c]), j, c) / v + beta / e * Sum((h[head[i], c] - h[tail[i], c]) ** 2, i, c)
    )

    model.predict(h[j, c])
