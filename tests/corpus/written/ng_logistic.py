"""Regularised logistic regression, after the programming exercises of Ng's course. y is 0 or 1."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cost_function_reg(theta, X, y, lambda_):
    """X has a column of ones in front; theta[0] is not regularised."""
    m = len(y)
    h = sigmoid(X.dot(theta))
    J = (-y.dot(np.log(h)) - (1 - y).dot(np.log(1 - h))) / m
    J += lambda_ / (2 * m) * np.sum(theta[1:] ** 2)
    grad = X.T.dot(h - y) / m
    grad[1:] += lambda_ / m * theta[1:]
    return J, grad
