"""Bag of words: the mean embedding of the words around a gap predicts the word in it; integer data of rank 2."""

from sympy import exp, log

from derive import Model, Sum, argmax

with Model("bag_of_words") as model:
    m, v, n, F = model.sizes("m v n F")
    i, j, k, s = model.indices("i j k s")
    word = model.integers(word=(m, F), over=(1, v))
    label = model.integers(label=(m,), over=(1, v))
    E, U = model.parameters(E=(v, n), U=(v, n))
    h, z = model.variables("h z")

    h[i, k] = Sum(E[word[i, s], k], s) / F
    z[i, j] = Sum(U[j, k] * h[i, k], k)
    model.minimise(Sum(log(Sum(exp(z[i, j]), j)) - z[i, label[i]], i) / m)

    model.predict(argmax(z[i, j], j))
