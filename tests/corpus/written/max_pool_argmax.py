"""A linear score at every time, the largest over time, a linear output; argmax kept from the forward pass."""

import numpy as np


def forward(W, v, X):
    scores = np.einsum("ntc,qc->ntq", X, W)
    winners = scores.argmax(axis=1)
    pooled = np.take_along_axis(scores, winners[:, None, :], axis=1)[:, 0]
    return pooled, winners, pooled @ v


def loss_fn(W, v, X, y):
    return 0.5 * np.mean((forward(W, v, X)[2] - y) ** 2)


def grad_fn(W, v, X, y):
    pooled, winners, pred = forward(W, v, X)
    d = (pred - y) / len(y)
    dW = np.zeros_like(W)
    for n in range(len(X)):
        for q in range(len(W)):
            dW[q] += d[n] * v[q] * X[n, winners[n, q]]
    return dW, pooled.T @ d
