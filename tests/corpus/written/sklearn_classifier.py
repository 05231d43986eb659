"""A multi-layer classifier with the attributes and private methods of scikit-learn's."""

import numpy as np


def inplace_tanh_derivative(Z, delta):
    """Z is the output of tanh; delta is changed."""
    delta *= 1 - Z**2


def softmax(X):
    tmp = X - X.max(axis=1)[:, np.newaxis]
    np.exp(tmp, out=tmp)
    return tmp / tmp.sum(axis=1)[:, np.newaxis]


def log_loss(y_true, y_prob):
    eps = np.finfo(y_prob.dtype).tiny
    return -np.sum(y_true * np.log(np.maximum(y_prob, eps))) / y_prob.shape[0]


class TinyMLPClassifier:
    def __init__(self, alpha=0.0001):
        self.alpha = alpha

    def _forward_pass(self, activations):
        for i in range(self.n_layers_ - 1):
            activations[i + 1] = activations[i] @ self.coefs_[i]
            activations[i + 1] += self.intercepts_[i]
            if i + 1 != self.n_layers_ - 1:
                activations[i + 1] = np.tanh(activations[i + 1])
        activations[i + 1] = softmax(activations[i + 1])
        return activations

    def _compute_loss_grad(self, layer, n_samples, activations, deltas, coef_grads, intercept_grads):
        coef_grads[layer] = activations[layer].T @ deltas[layer]
        coef_grads[layer] += self.alpha * self.coefs_[layer]
        coef_grads[layer] /= n_samples
        intercept_grads[layer] = np.mean(deltas[layer], 0)

    def _backprop(self, X, y):
        n_samples = X.shape[0]
        activations = [X] + [None] * (self.n_layers_ - 1)
        deltas = [None] * (self.n_layers_ - 1)
        coef_grads = [None] * (self.n_layers_ - 1)
        intercept_grads = [None] * (self.n_layers_ - 1)
        activations = self._forward_pass(activations)

        # the loss, with L2 regularisation
        loss = log_loss(y, activations[-1])
        values = 0
        for s in self.coefs_:
            s = s.ravel()
            values += np.dot(s, s)
        loss += (0.5 * self.alpha) * values / n_samples

        last = self.n_layers_ - 2
        # softmax with log loss: the derivatives collapse to a difference
        deltas[last] = activations[-1] - y
        self._compute_loss_grad(last, n_samples, activations, deltas, coef_grads, intercept_grads)
        for i in range(last, 0, -1):
            deltas[i - 1] = deltas[i] @ self.coefs_[i].T
            inplace_tanh_derivative(activations[i], deltas[i - 1])
            self._compute_loss_grad(i - 1, n_samples, activations, deltas, coef_grads, intercept_grads)
        return loss, coef_grads, intercept_grads

    def loss_grad(self, coefs, intercepts, X, y):
        self.coefs_, self.intercepts_ = coefs, intercepts
        self.n_layers_ = len(coefs) + 1
        return self._backprop(X, y)


def loss_grad(coefs, intercepts, X, y, alpha):
    """coefs[i] (in, out), intercepts[i] (out,); y is one-hot."""
    return TinyMLPClassifier(alpha).loss_grad(coefs, intercepts, X, y)
