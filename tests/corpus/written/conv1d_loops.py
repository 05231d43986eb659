"""Convolution along time, ReLU, mean over time, a linear output, squared error; explicit loops."""

import numpy as np


def conv_forward(x, filters, bias):
    """x (N, T, C), filters (F, C, K), bias (F,). Returns the pre-activation (N, F, T - K + 1)."""
    N, T, C = x.shape
    F, _, K = filters.shape
    out = np.zeros((N, F, T - K + 1))
    for n in range(N):
        for f in range(F):
            for t in range(T - K + 1):
                out[n, f, t] = np.sum(x[n, t : t + K].T * filters[f]) + bias[f]
    return out


def conv_backward(dout, x, filters):
    N, F, steps = dout.shape
    K = filters.shape[2]
    dfilters = np.zeros_like(filters)
    dbias = np.zeros(F)
    for n in range(N):
        for f in range(F):
            for t in range(steps):
                dfilters[f] += dout[n, f, t] * x[n, t : t + K].T
                dbias[f] += dout[n, f, t]
    return dfilters, dbias


def loss(x, y, filters, bias, head):
    """Returns the loss and the gradients by filters, bias and head."""
    N = len(x)
    pre = conv_forward(x, filters, bias)
    hidden = np.where(pre > 0, pre, 0)
    pooled = hidden.mean(axis=2)
    error = pooled @ head - y
    value = (error**2).sum() / (2 * N)

    dpred = error / N
    dhead = pooled.T @ dpred
    dpooled = np.outer(dpred, head)
    dhidden = np.repeat(dpooled[:, :, None], pre.shape[2], axis=2) / pre.shape[2]
    dpre = np.where(pre > 0, dhidden, 0)
    dfilters, dbias = conv_backward(dpre, x, filters)
    return value, {"filters": dfilters, "bias": dbias, "head": dhead}
