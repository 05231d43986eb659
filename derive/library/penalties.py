"""Penalties of one entry. Sum them over the entries that they hold small or sparse."""

from typing import Any

from sympy import Abs, log


def weight_decay(w: Any) -> Any:
    return w**2 / 2


def l1(w: Any) -> Any:
    return Abs(w)


def kl_sparsity(rho: Any, rho_hat: Any) -> Any:
    return rho * log(rho / rho_hat) + (1 - rho) * log((1 - rho) / (1 - rho_hat))
