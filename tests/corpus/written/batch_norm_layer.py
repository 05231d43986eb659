"""Linear layer, batch normalisation, squared error: forward and backward functions with a cache."""

import numpy as np


def batchnorm_forward(x, gamma, beta, eps):
    mu = x.mean(axis=0)
    xmu = x - mu
    var = (xmu**2).mean(axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    out = gamma * xhat + beta
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    divar = (dxhat * xmu).sum(axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -divar / sqrtvar**2
    dvar = 0.5 * dsqrtvar / np.sqrt(var + eps)
    dxmu2 = 2 * xmu * np.ones_like(dout) * dvar / N
    dx1 = dxmu1 + dxmu2
    dmu = -dx1.sum(axis=0)
    dx2 = np.ones_like(dout) * dmu / N
    return dx1 + dx2, dgamma, dbeta


def train_step_grads(X, Y, W, gamma, beta, eps):
    """W (features, outputs). Returns loss, dW, dgamma, dbeta."""
    h = X @ W
    out, cache = batchnorm_forward(h, gamma, beta, eps)
    diff = out - Y
    loss = 0.5 * (diff**2).sum() / len(X)
    dh, dgamma, dbeta = batchnorm_backward(diff / len(X), cache)
    return loss, X.T @ dh, dgamma, dbeta
