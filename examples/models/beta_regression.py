"""Beta regression: fractions y between 0 and 1, with a mean from a linear score and a learnable precision."""

from sympy import beta, exp, log

from derive import Model, Sum
from derive.library import sigmoid

with Model("beta_regression") as model:
    m, n = model.sizes("m n")
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b, c = model.parameters(w=(n,), b=(), c=())
    a, p, q = model.variables("a p q")

    a[i] = sigmoid(Sum(w[k] * x[i, k], k) + b)
    p[i] = exp(c) * a[i]
    q[i] = exp(c) * (1 - a[i])
    model.minimise(Sum(log(beta(p[i], q[i])) - (p[i] - 1) * log(y[i]) - (q[i] - 1) * log(1 - y[i]), i) / m)

    model.predict(a[i])
