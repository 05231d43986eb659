"""Every shipped model: derivation = generated code = differences = brute force."""

from __future__ import annotations

import json
import pkgutil

import mpmath
import pytest
from gradients import symbolic_gradient
from models import SHIPPED, VARIANTS, derivation
from modules import module
from oracle import Oracle

from derive import models
from verify.agreement import agree
from verify.certificate import Certificate
from verify.instance import instance
from verify.numbers import Balls
from verify.sizes import Sizes, plan
from verify.unroll import Unrolled

NAMES = (*SHIPPED, *VARIANTS)


def test_every_shipped_model_is_here():
    assert sorted(SHIPPED) == sorted(m.name for m in pkgutil.iter_modules(models.__path__))


@pytest.mark.parametrize("name", NAMES)
def test_derivation_code_and_differences_agree(name):
    certificate = agree(derivation(name).system, derivation(name), module(name))
    assert certificate.good, "\n".join(map(str, certificate.failures))
    assert certificate.grade in ("proved", "exact", "enclosed")
    complete(name, certificate)


def complete(name: str, certificate: Certificate) -> None:
    """Every kind of check for every parameter's equations, at width 1, with one sample, and at every depth up to 5."""
    system = derivation(name).system
    wanted = {a.id for t in system.role("parameter") for a in derivation(name).adjoints_of(t.name) if not a.inlined}
    for kind in (
        "derivation, exact",
        "derivation, 170 bits",
        "code, 170 bits",
        "code, float64",
        "code, float32",
        "differences",
    ):
        assert wanted <= {c.equation for c in certificate.checks if c.check == kind}, kind
    assert not [c for c in certificate.checks if c.grade == "black box"]
    assert any("one widths" in sizes for sizes in certificate.sizes)
    assert "m" not in system.sizes or any("m=1," in sizes for sizes in certificate.sizes)
    deepest = [n for n in system.sizes if n == "L"]
    least = 3 if name in ("tied", "skip", "sparse_autoencoder") else 2
    for depth in range(least, 6) if deepest else ():
        assert any(f"L={depth}," in sizes for sizes in certificate.sizes), depth


def test_certificate_is_sorted_and_repeatable():
    first, second = (agree(derivation("mlp").system, derivation("mlp"), module("mlp")) for _ in range(2))
    assert first == second
    content = json.loads(first.to_json())
    assert content["good"] and content["grade"] == "exact" and list(content) == sorted(content)
    assert sum(content["grades"].values()) == len(content["steps"])


def small(system) -> list[Sizes]:
    """Sizes that an unrolled expression can bear: those whose widths are small, up to four layers."""
    return [s for s in plan(system) if max(n for _, n in s.numbers) <= 4]


@pytest.mark.parametrize("name", NAMES)
def test_derivation_equals_brute_force(name):
    system = derivation(name).system
    for sizes in small(system):
        drawn = instance(system, sizes)
        cost, gradient = Oracle(system, sizes.size, sizes.width).gradient(drawn.entries)
        found = symbolic_gradient(derivation(name), drawn, Balls(0))
        assert set(gradient) <= set(found)
        with mpmath.workdps(50), Balls(0).context():
            assert close(Unrolled(drawn, Balls(0)).value("J"), cost)
            for entry, ball in found.items():
                assert close(ball, gradient.get(entry, mpmath.mpf(0))), entry


def close(ball, value) -> bool:
    """Does the ball, of 170 bits, hold a number that is known to 50 digits?"""
    middle = mpmath.mpf(ball.mid().str(60, radius=False))
    return abs(middle - value) <= mpmath.mpf(10) ** -40 * max(1, abs(value))
