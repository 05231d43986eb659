"""Balls inside NumPy code: nothing is lost silently, and floats stay inside."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.literals import constant
from verify.numbers import Undecided
from verify.shadow import UNITS, Shadow, shadow_of, shadows


def balls(values, unit=0.0):
    rationals = [Fraction(v) for v in np.array(values, dtype=object).ravel()]
    return shadows(np.array(rationals, dtype=object).reshape(np.shape(values)), unit)


def test_a_ball_is_never_turned_into_a_float():
    array = balls([[1, 2], [3, 4]])
    for attempt in (
        lambda: float(array[0, 0]),
        lambda: array.astype(float),
        lambda: np.asarray(array, dtype=np.float32),
        lambda: np.zeros(2).__setitem__(0, array[0, 0]),
        lambda: np.isfinite(array),
    ):
        with pytest.raises((TypeError, ValueError)):
            attempt()


def test_comparisons_that_cannot_be_decided_raise():
    around_zero = np.array([Shadow(arb(0, 1e-20), 0.0)], dtype=object)
    for attempt in (
        lambda: np.where(around_zero >= 0, 1, 2),
        lambda: np.maximum(around_zero, 0),
        lambda: around_zero[0] == 0,
        lambda: bool(around_zero[0]),
        lambda: np.sign(around_zero),
    ):
        with pytest.raises(Undecided):
            attempt()


def test_decided_comparisons_choose():
    array = balls([Fraction(-1, 2), 2])
    assert [float(v.ball) if isinstance(v, Shadow) else v for v in np.maximum(array, 0)] == [0, 2]
    assert list(np.where(array >= 0, 1, -1)) == [-1, 1]
    assert list(np.sign(array)) == [-1, 1]


def test_a_literal_means_the_decimal_that_is_written():
    with ctx.workprec(170):
        third = shadow_of(Fraction(1, 3), 0.0)
        assert (third * 0.1).ball.overlaps(arb(fmpq(1, 30)))
        assert not (third * 0.1).ball.overlaps(arb(0.1) / 3)


def test_outside_the_domain_raises():
    with pytest.raises(Undecided):
        np.log(balls([-1]))
    with pytest.raises(Undecided):
        1 / (balls([1])[0] - balls([1])[0])


numbers = st.integers(min_value=-4000, max_value=4000).map(lambda n: Fraction(n, 1024))
CODE = {
    "sum": lambda x, w: (x * w).sum(),
    "product": lambda x, w: x @ w,
    "softmax": lambda x, w: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
    "sigmoid": lambda x, w: 1 / (1 + np.exp(-(x * w))),
    "polynomial": lambda x, w: (x - w) ** 3 + x**2 / 7 - 2 * w,
    "root": lambda x, w: np.sqrt(1 + x**2) - np.log1p(w**2) * np.tanh(x),
    "mean": lambda x, w: (x + w).mean() * np.expm1(x / 8),
}


@pytest.mark.parametrize("dtype", sorted(UNITS))
@pytest.mark.parametrize("name", CODE)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=12))
def test_floats_lie_inside_their_shadow(name, dtype, pairs):
    values = np.array(pairs, dtype=object)
    x, w = values[:, 0].astype(float).astype(dtype), values[:, 1].astype(float).astype(dtype)
    found = np.atleast_1d(CODE[name](x, w))
    with ctx.workprec(170):
        try:
            wide = np.atleast_1d(CODE[name](balls(values[:, 0], UNITS[dtype]), balls(values[:, 1], UNITS[dtype])))
        except Undecided:  # a tie in the maximum
            return
        exact = np.atleast_1d(CODE[name](balls(values[:, 0]), balls(values[:, 1])))
        for value, ball, true in zip(found, wide, exact, strict=True):
            assert ball.settled().contains(arb(fmpq(*float(value).as_integer_ratio())))
            assert ball.settled().overlaps(true.settled())


def test_infinity_takes_no_rounding():
    """A masked logit is -inf: less the largest one its exponential is 0, exactly, also where floats round."""
    unit = UNITS["float32"]
    gap = -constant("inf", unit) - Shadow(arb("0.3"), unit)
    assert gap.exp().settled().is_zero()


def test_a_ball_is_no_key():
    with pytest.raises(TypeError, match="equal balls need not be equal numbers"):
        hash(shadow_of(Fraction(1, 2), 0.0))
