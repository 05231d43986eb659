"""Word vectors from counts: weighted least squares of the logarithm of co-occurrences, with biases (GloVe)."""

from sympy import log

from derive import Model, Sum

with Model("word_vectors") as model:
    v, n = model.sizes("v n")
    i, j, k = model.indices("i j k")
    X, f = model.data(X=(v, v), f=(v, v))
    w, u, b, c = model.parameters(w=(v, n), u=(v, n), b=(v,), c=(v,))
    e = model.variables("e")

    e[i, j] = Sum(w[i, k] * u[j, k], k) + b[i] + c[j] - log(1 + X[i, j] ** 2)
    model.minimise(Sum(f[i, j] * e[i, j] ** 2, i, j) / 2)
