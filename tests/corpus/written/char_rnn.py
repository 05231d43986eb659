"""Recurrent network trained through time, after Karpathy's min-char-rnn; real targets, so that the loss is squared."""

import numpy as np


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh):
    """inputs, targets: lists over time of (features, sequences); hprev (hidden, sequences)."""
    xs, hs, ys = {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    scale = len(inputs) * inputs[0].shape[1]
    # forward pass
    for t in range(len(inputs)):
        xs[t] = inputs[t]
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)  # hidden state
        ys[t] = np.dot(Why, hs[t])
        loss += np.sum((ys[t] - targets[t]) ** 2) / 2 / scale
    # backward pass: compute gradients going backwards
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh = np.zeros_like(bh)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = (ys[t] - targets[t]) / scale
        dWhy += np.dot(dy, hs[t].T)
        dh = np.dot(Why.T, dy) + dhnext  # backprop into h
        dhraw = (1 - hs[t] * hs[t]) * dh  # backprop through tanh nonlinearity
        dbh += dhraw.sum(axis=1, keepdims=True)
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return loss, dWxh, dWhh, dWhy, dbh
