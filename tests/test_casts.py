"""Digits that are thrown away are missed, also where rounding of the whole formula would hide it."""

import runpy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import IMPLEMENTATIONS, MISTAKES, points
from examination import verdict_on

from derive import derive
from derive.derivation import Derivation
from verify.foreign.check import check_gradient
from verify.foreign.verdict import Verdict

ROOT = Path(__file__).parents[1]
HIDDEN = ("ufldl_network", "einsum_attention", "conv1d_loops")  # where floats alone do not show it


@cache
def ridge() -> Derivation:
    return derive(runpy.run_path(str(ROOT / "examples/models/ridge_regression.py"))["model"])


def judged(gradient: Callable[..., Any], dtype: Any = np.float64) -> Verdict:
    """The verdict at a point at which residuals are small, so that rounding of these is large."""
    dice = np.random.default_rng(0)
    x, w = dice.normal(size=(5, 3)).astype(dtype), dice.normal(size=3).astype(dtype)
    y = (x @ w + dtype(0.5) + dtype(1e-6) * dice.normal(size=5)).astype(dtype)
    at = {"w": w, "b": dtype(0.5), "x": x, "y": y, "lam": 0.0}
    return check_gradient(gradient, against=ridge(), arguments=["w", "b", "x", "y", "lam"], at=at, around=False)


def in_single(w, b, x, y, lam):
    e = (x @ w + b - y).astype(np.float32)
    return e @ x / len(x) + lam * w, e.mean()


def in_a_buffer(w, b, x, y, lam):
    e, dw = x @ w + b - y, np.zeros_like(w, dtype="float32")
    for i in range(len(x)):
        dw += e[i] * x[i] / len(x)
    dw += lam * w
    return dw, e.mean()


def scattered(w, b, x, y, lam):
    e, dw = x @ w + b - y, np.zeros(len(w), dtype=np.float16)
    for i in range(len(x)):
        np.add.at(dw, np.arange(len(w)), e[i] * x[i] / len(x) + lam * w / len(x))
    return dw, e.mean()


def by_hand(w, b, x, y, lam):
    e = x @ w + b - y
    return e @ x / len(x) + lam * w, np.float32(e.mean())


def to_places(w, b, x, y, lam):
    e = np.round(x @ w + b - y, 8)
    return e @ x / len(x) + lam * w, e.mean()


@pytest.mark.parametrize("gradient", [in_single, in_a_buffer, scattered, by_hand])
def test_a_conversion_to_fewer_digits_is_seen(gradient: Callable[..., Any]) -> None:
    verdict = judged(gradient)
    assert {f.code for f in verdict.failures} == {"GP103"} and verdict.white, str(verdict)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_to_decimal_places_is_another_formula(dtype: Any) -> None:
    verdict = judged(to_places, dtype)
    assert {f.code for f in verdict.failures} == {"GP101"} and verdict.white, str(verdict)


@pytest.mark.parametrize("gradient", [in_single, in_a_buffer, by_hand])
def test_arguments_in_single_precision_may_be_computed_with_in_single_precision(gradient: Callable[..., Any]) -> None:
    verdict = judged(gradient, np.float32)
    assert verdict.good and verdict.white, str(verdict)


def test_types_that_lose_nothing_are_right() -> None:
    def gradient(w, b, x, y, lam):
        e = x @ w + b - y
        keep = (x == x).astype(np.float32) * np.float32(0.5) + np.full(x.shape, 0.5, dtype=np.float16)
        dw = np.zeros(len(w), dtype=float)
        dw += e @ (keep * x) / len(x) + lam * w
        return dw, round(len(x) / len(x)) * e.mean()

    verdict = judged(gradient)
    assert verdict.good and verdict.white, str(verdict)


@pytest.mark.parametrize("name", HIDDEN)
def test_planted_ones_are_found_where_floats_hide_them(name: str, tmp_path: Path) -> None:
    mistake = next(m for m in MISTAKES if m.implementation == name and m.kind == "low precision")
    kind = "converged" if name != "ufldl_network" else "tiny"
    assert kind in IMPLEMENTATIONS[name].kinds
    at = dict(points(name, 0, kind).values)
    verdict = verdict_on(name, mistake, tmp_path, at=at, around=False)
    assert {f.code for f in verdict.failures} == {"GP103"}, str(verdict)
