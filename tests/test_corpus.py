"""The corpus of hand-written gradients is what it says: the right ones are right, every mistake is one."""

from __future__ import annotations

import numpy as np
import pytest
from corpus import IMPLEMENTATIONS, KINDS, MISTAKES, Code, Mistake, Result, points
from corpus.mistakes import KINDS as CLASSES
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
    assert len(PRESENT) >= 19
    assert len({entry.model for entry in IMPLEMENTATIONS.values()}) >= 20
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


PLANTED = [pytest.param(mistake, id=mistake.name) for mistake in MISTAKES if mistake.implementation in PRESENT]


def test_every_class_of_mistake_is_planted() -> None:
    assert {mistake.kind for mistake in MISTAKES} == set(CLASSES)
    assert len(PLANTED) >= 300
    assert len({(m.implementation, m.old, m.new) for m in MISTAKES}) == len(MISTAKES)


def test_an_edit_stands_in_one_place() -> None:
    for mistake in MISTAKES:
        source = IMPLEMENTATIONS[mistake.implementation].path.read_text()
        assert mistake.edited(source) != source
        compile(mistake.edited(source), mistake.name, "exec")
    with pytest.raises(ValueError, match="2 places to edit"):
        Mistake("ridge_loops", "sign", "a", "b", ()).edited("a + a")


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_mistake_changes_bits_where_it_says(mistake: Mistake) -> None:
    """At ordinary points exactly the stated blocks differ; or a second call, the arguments, or points at kinks do."""
    entry = IMPLEMENTATIONS[mistake.implementation]
    wrong: set[str] = set()
    for seed in range(3):
        values = points(entry.name, seed, "ordinary").values
        wrong |= different(Code(entry).run(values), Code(entry, mistake).run(values))
    assert wrong == set(mistake.wrong)
    at = [points(entry.name, seed, kind) for kind in ("ordinary", "kink") if kind in entry.kinds for seed in range(3)]
    assert any(
        Code(entry).outcome(point.values)[mistake.shows] != Code(entry, mistake).outcome(point.values)[mistake.shows]
        for point in at
    )


def different(right: Result, found: Result) -> set[str]:
    """The blocks, and J, that differ by more than rounding."""
    pairs = {"J": (right.cost, found.cost)} | {b: (right.gradient[b], found.gradient[b]) for b in right.gradient}
    return {b for b, (r, f) in pairs.items() if not np.abs(f - r).max() <= 1e-13 * np.abs(r).max()}


def test_a_mistake_that_a_second_call_shows_is_right_at_first() -> None:
    for mistake in MISTAKES:
        if mistake.shows != "result":
            entry = IMPLEMENTATIONS[mistake.implementation]
            values = points(entry.name, 0, "ordinary").values
            assert not different(Code(entry).run(values), Code(entry, mistake).run(values)), mistake.name
