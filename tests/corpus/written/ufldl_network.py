"""Network with one hidden layer, as in the UFLDL exercises. Samples are the columns of data and labels."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def params_to_stack(theta, visible, hidden, outputs):
    """theta holds W1, W2, b1, b2, one after another."""
    first, second = hidden * visible, hidden * visible + outputs * hidden
    W1 = theta[:first].reshape(hidden, visible)
    W2 = theta[first:second].reshape(outputs, hidden)
    b1 = theta[second : second + hidden]
    b2 = theta[second + hidden :]
    return {"W1": W1, "W2": W2, "b1": b1, "b2": b2}


def network_cost(theta, visible, hidden, outputs, lambda_, data, labels):
    stack = params_to_stack(theta, visible, hidden, outputs)
    W1, W2, b1, b2 = stack["W1"], stack["W2"], stack["b1"], stack["b2"]
    m = data.shape[1]

    # forward pass
    z2 = W1.dot(data) + b1[:, np.newaxis]
    a2 = sigmoid(z2)
    z3 = W2.dot(a2) + b2[:, np.newaxis]
    a3 = sigmoid(z3)

    squared_error = 0.5 * np.sum((a3 - labels) ** 2) / m
    weight_decay = 0.5 * lambda_ * (np.sum(W1**2) + np.sum(W2**2))
    cost = squared_error + weight_decay

    # backpropagation
    delta3 = -(labels - a3) * a3 * (1 - a3)
    delta2 = W2.T.dot(delta3) * a2 * (1 - a2)

    W1_grad = delta2.dot(data.T) / m + lambda_ * W1
    W2_grad = delta3.dot(a2.T) / m + lambda_ * W2
    b1_grad = np.sum(delta2, axis=1) / m
    b2_grad = np.sum(delta3, axis=1) / m

    grad = np.concatenate((W1_grad.ravel(), W2_grad.ravel(), b1_grad, b2_grad))
    return cost, grad
