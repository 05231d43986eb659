"""Skip-gram: embeddings of words score their neighbours; all positions are integer data."""

from sympy import exp, log

from derive import Model, Sum

with Model("skip_gram") as model:
    m, v, n = model.sizes("m v n")
    i, j, k = model.indices("i j k")
    word, neighbour = model.integers(word=(m,), neighbour=(m,), over=(1, v))
    E, U = model.parameters(E=(v, n), U=(v, n))
    h, s = model.variables("h s")

    h[i, k] = E[word[i], k]
    s[i, j] = Sum(U[j, k] * h[i, k], k)
    model.minimise(Sum(log(Sum(exp(s[i, j]), j)) - s[i, neighbour[i]], i) / m)
