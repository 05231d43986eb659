"""A network of 73 parameters, 3-10-3 with tanh and softmax, and its gradient, as somebody writes them in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

SAMPLES, WIDTHS, DECAY = 5, (3, 10, 3), 0.01
SHAPES = tuple(shape for n, k in zip(WIDTHS[1:], WIDTHS, strict=False) for shape in ((n, k), (n,)))
ARGUMENTS = ["w[2]", "b[2]", "w[3]", "b[3]", "x", "y", "lam"]  # in the letters of derive.models.softmax_classifier


def cost(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any, lam: float) -> Any:
    a = np.tanh(x @ w1.T + b1)
    z = a @ w2.T + b2
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.sum(y * np.log(p)) / len(x) + lam / 2 * (np.sum(w1**2) + np.sum(w2**2))


def gradient(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any, lam: float) -> Any:
    a = np.tanh(x @ w1.T + b1)
    z = a @ w2.T + b2
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    d2 = (e / e.sum(axis=1, keepdims=True) - y) / len(x)
    d1 = (d2 @ w2) * (1 - a**2)
    return d1.T @ x + lam * w1, d1.sum(axis=0), d2.T @ a + lam * w2, d2.sum(axis=0)


def point(seed: int = 0) -> tuple[Any, ...]:
    """The arguments of both."""
    dice = np.random.default_rng(seed)
    parameters = [dice.normal(size=shape) for shape in SHAPES]
    labels = np.eye(WIDTHS[-1])[dice.integers(0, WIDTHS[-1], SAMPLES)]
    return (*parameters, dice.normal(size=(SAMPLES, WIDTHS[0])), labels, DECAY)


def parts(vector: Any) -> list[Any]:
    """The parameters in one long vector."""
    cuts = np.cumsum([np.prod(shape) for shape in SHAPES])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(vector, cuts), SHAPES, strict=True)]


def flat_cost(vector: Any, *data: Any) -> Any:
    """The cost of one long vector."""
    return cost(*parts(vector), *data)


def flat_gradient(vector: Any, *data: Any) -> Any:
    """The gradient as one long vector."""
    return np.concatenate([np.ravel(part) for part in gradient(*parts(vector), *data)])


def central_differences() -> Any:
    """2 N costs, as `scipy.optimize.check_grad` and its kin loop over them."""
    *parameters, x, y, lam = point()
    vector = np.concatenate([np.ravel(part) for part in parameters])
    found = np.empty_like(vector)
    for k in range(len(vector)):
        step = np.zeros_like(vector)
        step[k] = 1e-6
        found[k] = (flat_cost(vector + step, x, y, lam) - flat_cost(vector - step, x, y, lam)) / 2e-6
    return bool(np.allclose(found, flat_gradient(vector, x, y, lam), rtol=1e-3, atol=1e-5))
