"""Graph convolution: the adjacency matrix is data; nodes average their neighbours, two layers, softmax."""

from sympy import Eq

from derive import Model, Sum, argmax
from derive.library import cross_entropy, softmax, tanh

with Model("graph_convolution") as model:
    v, n, p, q = model.sizes("v n p q")
    i, j, k, c, f = model.indices("i j k c f")
    A, x, y = model.data(A=(v, v), x=(v, n), y=(v, q))
    model.assume(Eq(Sum(y[i, f], f), 1))
    w, u = model.parameters(w=(p, n), u=(q, p))
    h, z, a = model.variables("h z a")

    h[i, c] = tanh(Sum(A[i, j] * Sum(w[c, k] * x[j, k], k), j))
    z[i, f] = Sum(A[i, j] * Sum(u[f, c] * h[j, c], c), j)
    a[i, f] = softmax(z[i, f], f)
    model.minimise(Sum(cross_entropy(a[i, f], y[i, f]), i, f) / v)

    model.predict(argmax(a[i, f], f))
