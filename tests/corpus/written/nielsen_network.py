"""Nielsen's network2: lists of weights and column biases, one sample after another."""

import numpy as np


class CrossEntropyCost:
    @staticmethod
    def fn(a, y):
        return np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a)))

    @staticmethod
    def delta(z, a, y):
        return a - y


def sigmoid(z):
    """The sigmoid function."""
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    """Derivative of the sigmoid function."""
    return sigmoid(z) * (1 - sigmoid(z))


def feedforward(weights, biases, a):
    for b, w in zip(biases, weights):
        a = sigmoid(np.dot(w, a) + b)
    return a


def backprop(weights, biases, x, y):
    """Return nabla_w, nabla_b for one sample: the gradient of its cost C_x."""
    num_layers = len(weights) + 1
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    # feedforward
    activation = x
    activations = [x]  # list to store all the activations, layer by layer
    zs = []  # list to store all the z vectors, layer by layer
    for b, w in zip(biases, weights):
        z = np.dot(w, activation) + b
        zs.append(z)
        activation = sigmoid(z)
        activations.append(activation)
    # backward pass
    delta = CrossEntropyCost.delta(zs[-1], activations[-1], y)
    nabla_b[-1] = delta
    nabla_w[-1] = np.dot(delta, activations[-2].transpose())
    # l = 1 means the last layer of neurons, l = 2 is the second-last layer, and so on
    for l in range(2, num_layers):
        z = zs[-l]
        sp = sigmoid_prime(z)
        delta = np.dot(weights[-l + 1].transpose(), delta) * sp
        nabla_b[-l] = delta
        nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
    return nabla_w, nabla_b


def batch_gradient(weights, biases, mini_batch, lmbda):
    """The gradient over a list of pairs (x, y) of columns, with L2 regularisation lmbda / (2 n)."""
    n = len(mini_batch)
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    for x, y in mini_batch:
        delta_nabla_w, delta_nabla_b = backprop(weights, biases, x, y)
        nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b)]
        nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w)]
    nabla_b = [nb / n for nb in nabla_b]
    nabla_w = [nw / n + (lmbda / n) * w for w, nw in zip(weights, nabla_w)]
    return nabla_w, nabla_b


def total_cost(weights, biases, data, lmbda):
    cost = 0.0
    for x, y in data:
        a = feedforward(weights, biases, x)
        cost += CrossEntropyCost.fn(a, y) / len(data)
    cost += 0.5 * (lmbda / len(data)) * sum(np.linalg.norm(w) ** 2 for w in weights)
    return cost
