"""Hidden Markov model: the forward recurrence in logarithms, T symbolic; the observed symbols are integer data."""

from sympy import exp, log

from derive import Model, Sum

with Model("hidden_markov_model") as model:
    T, n, p = model.sizes("T n p")
    j, k, c, t = model.indices("j k c t")
    o = model.integers(o=(T,), over=(1, p))
    A, B, u = model.parameters(A=(n, n), B=(n, p), u=(n,))
    N, M, f = model.variables("N M f")

    N[k] = log(Sum(exp(A[k, j]), j))
    M[j] = log(Sum(exp(B[j, c]), c))
    f[1, j] = u[j] - log(Sum(exp(u[k]), k)) + B[j, o[1]] - M[j]
    with model.over(t, 2, T):
        f[t, j] = log(Sum(exp(f[t - 1, k] + A[k, j] - N[k]), k)) + B[j, o[t]] - M[j]
    model.minimise(-log(Sum(exp(f[T, j]), j)))
