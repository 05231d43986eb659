"""What floats can tell, and what they cannot: no verdict claims more than rounding leaves."""

import runpy
from functools import cache
from pathlib import Path

import numpy as np

from derive import derive
from derive.derivation import Derivation
from verify.foreign.check import check_gradient
from verify.foreign.source import BLACK_BOX
from verify.foreign.stepping import extrapolated

ROOT = Path(__file__).parents[1]
LOGISTIC = ["w", "b", "x", "y", "lam"]


@cache
def derivation(name: str) -> Derivation:
    return derive(runpy.run_path(str(ROOT / f"examples/models/{name}.py"))["model"])


def ridge(w, b, x, y, lam):
    e = x @ w + b - y
    return e @ x / len(x) + lam * w, e.mean()


def logistic(w, b, x, y, lam):
    """Loses digits where h is near 1."""
    h, t = 1 / (1 + np.exp(-(x @ w + b))), (y + 1) / 2
    cost = -np.mean(t * np.log(h) + (1 - t) * np.log(1 - h)) + lam / 2 * w @ w
    return cost, x.T @ (h - t) / len(x) + lam * w, np.mean(h - t)


def black(function):
    """The function without its text."""

    def opaque(*args):
        return function(*args)

    setattr(opaque, BLACK_BOX, "asked")
    return opaque


def test_a_fitted_point_tells_nothing_of_a_black_box() -> None:
    dice = np.random.default_rng(0)
    x, w, b = dice.normal(size=(6, 3)), dice.normal(size=3), 0.3
    fitted = {"w": w, "b": np.float64(b), "x": x, "y": x @ w + b + 1e-15, "lam": 0.0}
    model = derivation("ridge_regression")
    verdict = check_gradient(black(ridge), against=model, arguments=LOGISTIC, at=fitted, around=False)
    assert verdict.word == "UNDECIDED" and {f.code for f in verdict.findings} == {"GP111"}, str(verdict)
    assert not verdict.white and verdict.digits == 0
    other = {**fitted, "y": x @ w + 1.0}
    verdict = check_gradient(black(ridge), against=model, arguments=LOGISTIC, at=[fitted, other], around=False)
    assert verdict.good and verdict.digits > 12, str(verdict)


def saturated(z: float, side: int) -> dict[str, object]:
    """All pre-activations near z, with labels on one side."""
    x = 1 + np.random.default_rng(1).random(size=(6, 2)) / 8
    return {"w": np.array([z / 2, z / 2]), "b": np.float64(0.1), "x": x, "y": np.full(6, float(side)), "lam": 0.0}


def test_a_formula_that_loses_digits_is_not_wrong() -> None:
    model = derivation("logistic_regression")
    verdict = check_gradient(black(logistic), against=model, arguments=LOGISTIC, at=saturated(14.0, 1), around=False)
    assert verdict.word == "UNDECIDED", str(verdict)
    assert all("loses digits" in f.message for f in verdict.findings)

    def off(*args):
        cost, *slopes = logistic(*args)
        return cost, *(1.001 * slope for slope in slopes)

    verdict = check_gradient(black(off), against=model, arguments=LOGISTIC, at=saturated(14.0, 1), around=False)
    assert verdict.word == "WRONG", str(verdict)


def test_a_cost_that_overflows_is_a_note() -> None:
    """The formula is right, and so is the gradient."""
    model, point = derivation("logistic_regression"), saturated(300.0, -1)
    verdict = check_gradient(logistic, against=model, arguments=LOGISTIC, at=point, around=False)
    assert verdict.good and any(
        "J: precision lost: the formula is right, but np.float64(inf) is not" in note for note in verdict.notes
    ), str(verdict)


def test_differences_see_the_noise_of_plateaus() -> None:
    """A term of few digits beside a fine one: where the first stands still, the second looks like all."""

    def cost(step: float) -> float:
        return float(-np.log(1 / (1 + np.exp(-16 - step))) + 1e-9 * (1 + step) ** 2)

    slope = -1 / (1 + np.exp(16)) + 2e-9
    found = extrapolated(cost, 1.0)
    assert found is not None and found.agrees(slope), found
    assert not found.agrees(1.01 * slope), found
