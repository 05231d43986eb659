"""Self-attention block: scaled products, softmax, a residual sum, layer norm with gain and bias."""

from sympy import sqrt

from derive import Model, Sum
from derive.library import softmax

with Model("transformer_block") as model:
    T, n, e = model.sizes("T n e")
    i, j, k, c = model.indices("i j k c")
    x, y = model.data(x=(T, n), y=(T, n))
    Q, K, V, O = model.parameters(Q=(e, n), K=(e, n), V=(e, n), O=(n, e))
    g, b = model.parameters(g=(n,), b=(n,))
    eps = model.hyper("eps", latex=r"\epsilon")
    q, k_, v, s, a = model.variables("q k_ v s a")
    r, mu, var, o = model.variables("r mu var o", mu=r"\mu")

    q[i, k] = Sum(Q[k, c] * x[i, c], c)
    k_[i, k] = Sum(K[k, c] * x[i, c], c)
    v[i, k] = Sum(V[k, c] * x[i, c], c)
    s[i, j] = Sum(q[i, k] * k_[j, k], k) / sqrt(e)
    a[i, j] = softmax(s[i, j], j)
    r[i, c] = x[i, c] + Sum(O[c, k] * Sum(a[i, j] * v[j, k], j), k)
    mu[i] = Sum(r[i, c], c) / n
    var[i] = Sum((r[i, c] - mu[i]) ** 2, c) / n
    o[i, c] = g[c] * (r[i, c] - mu[i]) / sqrt(var[i] + eps**2) + b[c]
    model.minimise(Sum((o[i, c] - y[i, c]) ** 2, i, c) / T)

    model.predict(o[i, c])
