"""Sparse autoencoder: the targets are the inputs, and a KL penalty holds the mean activation of layer 2 near rho."""

from sympy import Eq

from derive import Model, Sum, d
from derive.library import kl_sparsity, sigmoid, squared_error, weight_decay

with Model("sparse_autoencoder") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    model.assume(L >= 3, Eq(n(L), n(1)))
    x = model.data(x=(m, n(1)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam", latex=r"\lambda")
    beta, rho = model.hyper("beta", latex=r"\beta"), model.hyper("rho", latex=r"\rho")
    z, a, C = model.variables("z a C")
    rho_hat = model.variables("rho_hat", rho_hat=r"\hat\rho")

    a[1, i, k] = x[i, k]
    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]
    a[l, i, j] = sigmoid(z[l, i, j])
    rho_hat[j] = Sum(a[2, i, j], i) / m
    C[i] = Sum(squared_error(a[L, i, j], x[i, j]), j)
    model.minimise(
        Sum(C[i], i) / m + lam * Sum(weight_decay(w[l, j, k]), l, j, k) + beta * Sum(kl_sparsity(rho, rho_hat[j]), j)
    )

    model.predict(a[L, i, j])
    model.error(z="delta")
    model.alias(BP1=d(z[L, i, j]), BP2=d(z[l, i, j]), BP3=d(b[l, j]), BP4=d(w[l, j, k]))
