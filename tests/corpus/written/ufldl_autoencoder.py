"""Sparse autoencoder, the first exercise of UFLDL. Every column of data is a sample."""

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def KL_divergence(x, y):
    return x * np.log(x / y) + (1 - x) * np.log((1 - x) / (1 - y))


def sparse_autoencoder_cost(theta, visible_size, hidden_size, lambda_, sparsity_param, beta, data):
    """theta: W1 (hidden, visible), W2 (visible, hidden), b1, b2, each flattened in C order."""
    size = hidden_size * visible_size
    W1 = theta[0:size].reshape(hidden_size, visible_size)
    W2 = theta[size : 2 * size].reshape(visible_size, hidden_size)
    b1 = theta[2 * size : 2 * size + hidden_size]
    b2 = theta[2 * size + hidden_size :]
    m = data.shape[1]

    # Forward propagation
    z2 = W1.dot(data) + np.tile(b1, (m, 1)).transpose()
    a2 = sigmoid(z2)
    z3 = W2.dot(a2) + np.tile(b2, (m, 1)).transpose()
    h = sigmoid(z3)

    # Sparsity
    rho_hat = np.sum(a2, axis=1) / m
    rho = np.tile(sparsity_param, hidden_size)

    cost = (
        np.sum((h - data) ** 2) / (2 * m)
        + (lambda_ / 2) * (np.sum(W1**2) + np.sum(W2**2))
        + beta * np.sum(KL_divergence(rho, rho_hat))
    )

    # Backprop
    sparsity_delta = np.tile(-rho / rho_hat + (1 - rho) / (1 - rho_hat), (m, 1)).transpose()
    delta3 = -(data - h) * (h * (1 - h))
    delta2 = (W2.transpose().dot(delta3) + beta * sparsity_delta) * (a2 * (1 - a2))
    W1grad = delta2.dot(data.transpose()) / m + lambda_ * W1
    W2grad = delta3.dot(a2.transpose()) / m + lambda_ * W2
    b1grad = np.sum(delta2, axis=1) / m
    b2grad = np.sum(delta3, axis=1) / m

    grad = np.concatenate(
        (W1grad.reshape(size), W2grad.reshape(size), b1grad.reshape(hidden_size), b2grad.reshape(visible_size))
    )
    return cost, grad
