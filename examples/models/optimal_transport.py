"""Optimal transport: T rounds of Sinkhorn's iteration, in logarithms, move learned images of x to the points y."""

from sympy import exp, log

from derive import Model, Sum

with Model("optimal_transport") as model:
    n, p, D, T = model.sizes("n p D T")  # T stands in no shape: the code takes it as a number
    i, j, d, e, t = model.indices("i j d e t")
    x, y = model.data(x=(n, D), y=(p, D))
    A = model.parameters(A=(D, D))
    eps = model.hyper("eps", latex=r"\varepsilon")
    C, f, g, P = model.variables("C f g P")

    C[i, j] = Sum((Sum(A[d, e] * x[i, e], e) - y[j, d]) ** 2, d)
    g[0, j] = 0
    with model.over(t, 1, T):
        f[t, i] = -eps * log(Sum(exp((g[t - 1, j] - C[i, j]) / eps), j) / p)
        g[t, j] = -eps * log(Sum(exp((f[t, i] - C[i, j]) / eps), i) / n)
    P[i, j] = exp((f[T, i] + g[T, j] - C[i, j]) / eps) / (n * p)
    model.minimise(Sum(P[i, j] * C[i, j], i, j))
