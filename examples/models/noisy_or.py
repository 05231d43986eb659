"""Noisy or: an effect is absent if every cause that is present fails, a product over the causes and a leak."""

from sympy import log

from derive import Model, Product, Sum
from derive.library import sigmoid

with Model("noisy_or") as model:
    m, n = model.sizes("m n")  # samples, causes
    i, k = model.indices("i k")
    x, y = model.data(x=(m, n), y=(m,))  # x[i, k] says how far cause k is present; y[i] is 0 or 1
    w, b = model.parameters(w=(n,), b=())
    q, s = model.variables("q s")

    q[i, k] = 1 - sigmoid(w[k]) * x[i, k]  # cause k fails
    s[i] = (1 - sigmoid(b)) * Product(q[i, k], k)  # all of them fail
    model.minimise(-Sum(y[i] * log(1 - s[i]) + (1 - y[i]) * log(s[i]), i) / m)
    model.predict(1 - s[i] > 0.5)
