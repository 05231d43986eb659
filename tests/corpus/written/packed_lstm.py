"""LSTM after CS231n: the four gates are blocks of columns of one matrix, in the order input, forget, output, new."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache, Wx, Wh):
    x, prev_h, prev_c, i, f, o, g, next_c = cache
    tanh_c = np.tanh(next_c)
    do = dnext_h * tanh_c
    dc = dnext_c + dnext_h * o * (1 - tanh_c**2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)])
    dprev_c = dc * f
    dprev_h = da @ Wh.T
    return dprev_h, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def lstm_loss(x, y, Wx, Wh, b):
    """x (N, T, D), y (N, H), Wx (D, 4H), Wh (H, 4H), b (4H,); the last state is compared with y."""
    N, T, _ = x.shape
    h = np.zeros_like(y)
    c = np.zeros_like(y)
    caches = []
    for t in range(T):
        h, c, cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        caches.append(cache)
    loss = 0.5 * np.sum((h - y) ** 2) / N

    dh, dc = (h - y) / N, np.zeros_like(c)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    for cache in reversed(caches):
        dh, dc, dWx_t, dWh_t, db_t = lstm_step_backward(dh, dc, cache, Wx, Wh)
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return loss, dWx, dWh, db
