"""Costs of one output: what a prediction `a` costs when the target is `y`. Sum them over the outputs."""

from typing import Any

from sympy import Abs, Max, Piecewise, log


def squared_error(a: Any, y: Any) -> Any:
    return (a - y) ** 2 / 2


def binary_cross_entropy(a: Any, y: Any) -> Any:
    return -(y * log(a) + (1 - y) * log(1 - a))


def cross_entropy(a: Any, y: Any) -> Any:
    return -y * log(a)


def absolute(a: Any, y: Any) -> Any:
    return Abs(a - y)


def hinge(a: Any, y: Any) -> Any:
    return Max(0, 1 - a * y)


def huber(a: Any, y: Any, c: Any) -> Any:
    return Piecewise(((a - y) ** 2 / 2, Abs(a - y) <= c), (c * (Abs(a - y) - c / 2), True))
