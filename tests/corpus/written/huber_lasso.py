"""Huber loss with a lasso, as fun and jac for scipy.optimize.minimize. params: the intercept, then the weights."""

import numpy as np


def fun(params, X, y, delta, alpha):
    r = X @ params[1:] + params[0] - y
    small = np.abs(r) <= delta
    loss = np.where(small, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta))
    return loss.mean() + alpha * np.abs(params[1:]).sum()


def jac(params, X, y, delta, alpha):
    r = X @ params[1:] + params[0] - y
    psi = np.where(np.abs(r) <= delta, r, delta * np.sign(r))
    g = np.empty_like(params)
    g[0] = psi.mean()
    g[1:] = X.T @ psi / len(y) + alpha * np.sign(params[1:])
    return g
