"""Two-layer network: affine - ReLU - affine - softmax, in the style of the CS231n assignments."""

import numpy as np


class TwoLayerNet:
    """params holds W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""

    def __init__(self, params):
        self.params = params

    def loss(self, X, y, reg=0.0):
        """X (N, D), y (N,) with 0 <= y[i] < C. Returns the loss and a dict of gradients."""
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N, D = X.shape

        # Compute the forward pass
        fc1 = X.dot(W1) + b1
        X2 = np.maximum(0, fc1)
        scores = X2.dot(W2) + b2

        # Compute the loss
        scores = scores - np.max(scores, axis=1, keepdims=True)
        p = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
        loss = np.sum(-np.log(p[np.arange(N), y])) / N
        loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

        # Backward pass: compute gradients
        grads = {}
        dscores = p.copy()
        dscores[np.arange(N), y] -= 1
        dscores /= N

        grads["W2"] = X2.T.dot(dscores)
        grads["b2"] = np.sum(dscores, axis=0)
        dX2 = dscores.dot(W2.T)
        dfc1 = dX2 * (fc1 > 0)
        grads["W1"] = X.T.dot(dfc1)
        grads["b1"] = np.sum(dfc1, axis=0)

        grads["W2"] += 2 * reg * W2
        grads["W1"] += 2 * reg * W1
        return loss, grads


def loss_and_grads(params, X, y, reg):
    return TwoLayerNet(params).loss(X, y, reg)
