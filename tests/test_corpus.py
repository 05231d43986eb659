"""The corpus of hand-written gradients is what it says: the right ones are right, every mistake is one."""

from __future__ import annotations

import numpy as np
import pytest
from corpus import IMPLEMENTATIONS, KINDS, Code, points
from corpus.reference import ROOT, reference

PRESENT = [name for name, entry in IMPLEMENTATIONS.items() if entry.present]
CASES = [(name, kind) for name in PRESENT for kind in IMPLEMENTATIONS[name].kinds]
BOUND = {  # of the largest entry of a block, and absolute: what floats cost where terms cancel
    "ordinary": (1e-13, 0),
    "kink": (1e-9, 0),
    "float32": (1e-5, 0),
    "saturated": (1e-8, 0),
    "badly scaled": (1e-12, 0),
    "tiny": (1e-7, 0),
    "converged": (1e-12, 1e-13),
}


def test_there_are_enough_styles() -> None:
    assert len(PRESENT) >= 15
    assert len({entry.model for entry in IMPLEMENTATIONS.values()}) >= 15
    assert {kind for entry in IMPLEMENTATIONS.values() for kind in entry.kinds} == set(KINDS)
    assert len({entry.style for entry in IMPLEMENTATIONS.values()}) == len(IMPLEMENTATIONS)


def test_every_file_of_a_user_is_in_the_table_and_compiles() -> None:
    files = {path.stem: path for path in (ROOT / "tests" / "corpus" / "written").glob("*.py")}
    assert files.keys() == IMPLEMENTATIONS.keys()
    for path in files.values():
        compile(path.read_text(), str(path), "exec")


def test_a_kind_that_a_model_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="ridge_loops has no kink points; it has ordinary, float32"):
        points("ridge_loops", 0, "kink")


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_right_ones_are_right(name: str, kind: str) -> None:
    for seed in range(3):
        point = points(name, seed, kind)
        exact = reference(point)
        outcome = Code(IMPLEMENTATIONS[name]).outcome(point.values)
        found = Code(IMPLEMENTATIONS[name]).run(point.values)
        relative, absolute = BOUND[kind]
        assert exact.digits >= 50
        assert outcome["result"] == outcome["second call"] == found.bits() and not outcome["arguments"]
        assert found.gradient.keys() == exact.gradient.keys()
        assert abs(found.cost - exact.cost) <= max(relative, 1e-5 * (kind != "ordinary")) * abs(exact.cost)
        for block, expected in exact.gradient.items():
            assert found.gradient[block].shape == expected.shape
            worst = np.abs(found.gradient[block] - expected).max()
            assert worst <= relative * np.abs(expected).max() + absolute, (block, worst)


@pytest.mark.parametrize("name", [name for name, kind in CASES if kind == "kink"])
def test_kinks_are_near_and_on_either_side(name: str) -> None:
    """Moving by 1e-4 changes the gradient more than a smooth function would."""
    for seed in range(3):
        point = points(name, seed, "kink")
        code = Code(IMPLEMENTATIONS[name])
        along = np.random.default_rng(seed).normal(size=point.values["w"].shape)
        steps = (0.0, 1e-12, 1e-4, -1e-4)
        moved = [{**point.values, "w": point.values["w"] + step * along} for step in steps]
        slopes = [code.run(values).gradient["w"] for values in moved]
        here, beside, right, left = slopes
        assert np.abs(here - beside).max() < 1e-10
        assert max(np.abs(here - right).max(), np.abs(here - left).max()) > 1e-3
