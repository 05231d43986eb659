"""Alignment loss (CTC): the probability of all alignments of a text with a longer sequence of times."""

from sympy import log

from derive import Model, Sum
from derive.library import softmax

with Model("alignment_loss") as model:
    T, S, C, n = model.sizes("T S C n")  # times, states (labels with blanks between them), symbols, features
    t, s, c, k = model.indices("t s c k")
    model.assume(S >= 3)
    x, skip = model.data(x=(T, n), skip=(S,))  # skip[s] = 1 where the blank before s may be left out
    label = model.integers(label=(S,), over=(1, C))
    W = model.parameters(W=(C, n))
    y, a = model.variables("y a")

    y[t, c] = softmax(Sum(W[c, k] * x[t, k], k), c)
    a[1, 1] = y[1, label[1]]
    a[1, 2] = y[1, label[2]]
    with model.over(s, 3, S):
        a[1, s] = 0
    with model.over(t, 2, T):
        a[t, 1] = a[t - 1, 1] * y[t, label[1]]
        a[t, 2] = (a[t - 1, 2] + a[t - 1, 1]) * y[t, label[2]]
        with model.over(s, 3, S):
            a[t, s] = (a[t - 1, s] + a[t - 1, s - 1] + skip[s] * a[t - 1, s - 2]) * y[t, label[s]]
    model.minimise(-log(a[T, S] + a[T, S - 1]))
