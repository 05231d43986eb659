"""The kernel of a module on balls: cost and gradient as its own code encloses them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq

from verify.case import Case, Values
from verify.instance import Instance
from verify.run import Code
from verify.shadow import Shadow, Ties, shadow_of, shadows
from verify.unroll import OBJECTIVE

PLAIN_UNITS = 4  # roundoffs of a gradient that is a plain number, such as 1 / 3 / m


def kernel_on_balls(case: Case, code: Code, equal: bool = False) -> Values:
    """The kernel's own exact result; whatever the code raises. `equal`: numbers that balls cannot tell apart are."""
    with Ties(equal=equal or case.tied):
        return run_on_balls(case.instance, code, 0.0)


def run_on_balls(drawn: Instance, code: Code, unit: float) -> Values:
    """Cost and gradient of the kernel on balls of a kind."""
    parameters, given = code.arguments(drawn, lambda values: shadows(values, unit))
    cost, gradient = code.gradient(parameters, given, kernel=True)
    return {entry: ball_of(value, unit) for entry, value in {OBJECTIVE: cost, **gradient}.items()}


def ball_of(value: Any, unit: float) -> arb:
    """The ball of a result; a plain number is exact, or the outcome of few operations on floats where these round."""
    if type(value) is Shadow and (value.unit or not unit):
        return value.settled()
    value = value.item() if isinstance(value, np.ndarray) else value
    if isinstance(value, Shadow) and not value.unit and not value.ball.is_integer():
        value = value.ball  # a quotient of integers, such as those of signs
    if isinstance(value, Shadow):
        return value.settled()
    if isinstance(value, arb):
        return Shadow(value, unit).rounded(value, PLAIN_UNITS).ball
    ball = arb(fmpq(*Fraction(value).as_integer_ratio()))
    exact = not unit or shadow_of(Fraction(value), unit).ball == ball
    return ball if exact else Shadow(ball, unit).rounded(ball, PLAIN_UNITS).ball
