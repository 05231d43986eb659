"""Every shipped model: derivation = generated code = differences = brute force."""

from __future__ import annotations

import importlib
import pkgutil

import mpmath
import pytest

from derive import derive, models
from oracle import Oracle
from verify.instance import instance
from verify.numbers import Balls
from verify.sizes import Sizes, plan
from verify.symbolic import symbolic_gradient
from verify.unroll import Unrolled

NAMES = sorted(m.name for m in pkgutil.iter_modules(models.__path__))


def system_of(name):
    return importlib.import_module(f"derive.models.{name}").model


def small(system) -> list[Sizes]:
    """Sizes that an unrolled expression can bear: those whose widths are small, up to four layers."""
    return [s for s in plan(system) if max(n for _, n in s.numbers) <= 4]


@pytest.mark.parametrize("name", NAMES)
def test_derivation_equals_brute_force(name):
    model = system_of(name)
    derivation, system = derive(model), model.system
    for sizes in small(system):
        drawn = instance(system, sizes)
        cost, gradient = Oracle(system, sizes.size, sizes.width).gradient(drawn.entries)
        found = symbolic_gradient(derivation, drawn, Balls(0))
        assert set(gradient) <= set(found)
        with mpmath.workdps(50), Balls(0).context():
            assert close(Unrolled(drawn, Balls(0)).value("J"), cost)
            for entry, ball in found.items():
                assert close(ball, gradient.get(entry, mpmath.mpf(0))), entry


def close(ball, value) -> bool:
    """Does the ball, of 170 bits, hold a number that is known to 50 digits?"""
    middle = mpmath.mpf(ball.mid().str(60, radius=False))
    return abs(middle - value) <= mpmath.mpf(10) ** -40 * max(1, abs(value))
