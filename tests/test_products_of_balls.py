"""Products of matrices of balls, and their derivatives, taken as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from verify.foreign.check import check_gradient
from verify.foreign.tape import Tape
from verify.products import matmul
from verify.shadow import UNITS, shadows

SHAPES = [((5, 7), (7, 3)), ((1, 9), (9, 9)), ((6, 8), (8,)), ((30,), (30, 4)), ((40,), (40,))]


def drawn(shape: tuple[int, ...], seed: int) -> Any:
    values = np.random.default_rng(seed).normal(size=shape)
    values.flat[: len(values.flat) // 4] = 0  # a first row of zeros
    return values


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("dtype", [*UNITS, "exact"])
def test_a_product_encloses_what_floats_give(shapes: Any, dtype: str) -> None:
    unit = UNITS.get(dtype, 0.0)
    one, two = (
        drawn(shape, q).astype("float32" if dtype == "float32" else "float64") for q, shape in enumerate(shapes)
    )
    with ctx.workprec(170):
        found = matmul(shadows(one, unit), shadows(two, unit))
        entrywise = shadows(one, unit) @ shadows(two, unit)
        for mine, plain, value in zip(np.ravel(found), np.ravel(entrywise), np.ravel(one @ two), strict=True):
            assert mine.settled().overlaps(plain.settled())
            assert float(mine.settled().rad()) <= 1.01 * float(plain.settled().rad()) + 1e-45
            assert not unit or mine.settled().contains(arb(float(value)))
            assert not plain.settled().is_zero() or mine.settled().is_zero()


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("unit", [0.0, UNITS["float64"]])
def test_the_derivative_of_a_product_is_that_of_its_entries(shapes: Any, unit: float) -> None:
    one, two = (drawn(shape, q) for q, shape in enumerate(shapes))

    def slopes(product: Any) -> list[arb]:
        tape, count = Tape(unit), one.size + two.size
        left, right = (np.empty(shape, dtype=object) for shape in shapes)
        left.flat[:] = [tape.leaf(ball) for ball in shadows(one, unit).flat]
        right.flat[:] = [tape.leaf(ball) for ball in shadows(two, unit).flat]
        return tape.slopes(np.sum(np.tanh(product(left, right)) ** 2), count)

    with ctx.workprec(170):
        for mine, plain in zip(slopes(matmul), slopes(lambda a, b: a @ b), strict=True):
            assert mine.overlaps(plain)
            assert float(mine.rad()) <= 1.01 * float(plain.rad()) + 1e-45


def cost(w: Any, x: Any) -> Any:
    return np.sum((x @ w) ** 2) / 2


def right(w: Any, x: Any) -> Any:
    return x.T @ (x @ w)


def wrong(w: Any, x: Any) -> Any:
    found = x.T @ (x @ w)
    found[3, 5] = -found[3, 5]
    return found


def test_a_large_product_of_the_cost_has_its_derivative() -> None:
    at = np.random.default_rng(0).normal(size=(17, 17)), np.random.default_rng(1).normal(size=(17, 17))
    verdict = check_gradient(right, cost=cost, at=at, around=False)
    assert verdict.good and verdict.white, str(verdict)
    (finding,) = check_gradient(wrong, cost=cost, at=at, around=False).failures
    assert (finding.code, finding.block) == ("GP101", "d.w[3, 5]")
