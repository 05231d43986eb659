"""Costs with Cholesky factors, triangular solutions and special functions are judged on balls, with no differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import betaln, digamma, gammaln, log_expit, logsumexp, ndtr, psi

from verify.foreign.check import check_gradient

X = np.random.default_rng(0).normal(size=(5, 2))
Y = np.random.default_rng(1).normal(size=5)
POINT = np.array([0.1, 0.2, -1.0])
DISTANCES = ((X[:, None] - X[None]) ** 2).sum(axis=-1)


def covariance(t):
    return np.exp(t[0]) * np.exp(-0.5 * DISTANCES * np.exp(-2 * t[1])) + np.exp(t[2]) * np.eye(5)


def by_numpy(t):
    lower = np.linalg.cholesky(covariance(t))
    a = np.linalg.solve(lower, Y)
    return 0.5 * a @ a + np.log(np.diag(lower)).sum()


def by_factor(t):
    factor = cho_factor(covariance(t))
    return 0.5 * Y @ cho_solve(factor, Y) + np.log(np.diag(factor[0])).sum()


def by_triangle(t):
    upper = scipy.linalg.cholesky(covariance(t))
    a = solve_triangular(upper, Y, trans="T")
    return 0.5 * a @ a + np.log(np.diag(upper)).sum()


def evidence(t):
    inverse = np.linalg.inv(covariance(t))
    a = inverse @ Y
    w = inverse - np.outer(a, a)
    s = np.exp(t[0]) * np.exp(-0.5 * DISTANCES * np.exp(-2 * t[1]))
    return 0.5 * np.array([(w * s).sum(), (w * s * DISTANCES).sum() * np.exp(-2 * t[1]), np.trace(w) * np.exp(t[2])])


@pytest.mark.parametrize("cost", [by_numpy, by_factor, by_triangle])
def test_a_gaussian_process_is_judged_on_balls(cost: Callable[..., Any]) -> None:
    verdict = check_gradient(evidence, cost=cost, at=(POINT,))
    assert verdict.word == "right"
    assert verdict.white

    def off(t):
        return evidence(t) + np.array([0, 0, 1e-9])

    assert check_gradient(off, cost=cost, at=(POINT,)).word == "WRONG"


def lengths(a):
    return gammaln(a).sum() + betaln(a[0], a[1])


def slopes(a):
    return digamma(a) + np.array([psi(a[0]), psi(a[1]), 0]) - psi(a[0] + a[1]) * np.array([1, 1, 0])


def normal(a):
    return ndtr(a).sum() + log_expit(a).sum() + logsumexp(a)


def normal_slopes(a):
    return np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi) + 1 / (1 + np.exp(a)) + np.exp(a - logsumexp(a))


@pytest.mark.parametrize(
    ("cost", "gradient", "at"),
    [
        (lengths, slopes, [1.5, 0.25, 2.0]),
        (normal, normal_slopes, [0.5, -1.0, 2.0]),
        (normal, normal_slopes, [0, 0, 0]),
    ],
)
def test_special_functions_have_slopes(cost: Any, gradient: Any, at: list[float]) -> None:
    verdict = check_gradient(gradient, cost=cost, at=(np.array(at, dtype=float),))
    assert verdict.word == "right"
    assert verdict.white

    def off(a):
        return gradient(a) * (1 + 1e-11)

    assert check_gradient(off, cost=cost, at=(np.array(at, dtype=float),)).word == "WRONG"


def test_a_matrix_that_is_not_positive_definite_is_no_crash() -> None:
    def cost(t):
        return np.linalg.cholesky(np.array([[t[0], 1.0], [1.0, t[1]]])).sum()

    def gradient(t):
        return t

    assert check_gradient(gradient, cost=cost, at=(np.array([0.5, 0.5]),), around=False).word != "right"
