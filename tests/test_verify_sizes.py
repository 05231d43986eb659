"""Concrete sizes and entries honour what a model declares."""

import pytest
from models import SHIPPED, VARIANTS, system

from derive.values.affine import Affine, Index, Width
from verify.instance import instance, places
from verify.sizes import depths, plan


@pytest.mark.parametrize("name", [*SHIPPED, *VARIANTS])
def test_plan_covers_widths_samples_and_depths(name):
    model = system(name)
    plans = plan(model)
    assert {"random", "one", "square"} <= {sizes.kind for sizes in plans}
    assert plan(model) == plans
    (deep,) = depths(model)
    reached = {sizes.size(deep) for sizes in plans}
    assert reached == set(range(min(reached), 6))
    for sizes in plans:
        for bound in model.facts.at_least:
            assert sizes.value(bound) >= 0
        for left, right in model.facts.equal:
            assert sizes.value(Affine.of(left)) == sizes.value(right)


def test_equal_widths_are_equal():
    for sizes in plan(system("tied")):
        last = sizes.size("L")
        assert sizes.width("n", last) == sizes.width("n", 1)
        assert sizes.width("n", last - 1) == sizes.width("n", 2)


def test_widths_differ_somewhere():
    assert any(len({sizes.width("n", l) for l in (1, 2, 3)}) > 1 for sizes in plan(system("mlp")))


def test_a_width_is_read_at_its_position():
    sizes = plan(system("mlp"))[0]
    width = Affine.of(Width("n", Affine.of(Index("l")) - 1))
    assert sizes.value(width, {"l": 2}) == sizes.width("n", 1)


def test_declared_sums_hold():
    model = system("softmax_classifier")
    for sizes in plan(model):
        drawn = instance(model, sizes)
        for i in range(1, sizes.size("m") + 1):
            row = [value for (name, at), value in drawn.entries.items() if name == "y" and at[0] == i]
            assert sum(row) == 1 and all(value > 0 for value in row)


def test_entries_are_those_of_the_shape():
    model = system("renamed")
    sizes = plan(model)[3]
    deep = sizes.size("D")
    expected = {
        (p, r, q)
        for r in range(2, deep + 1)
        for p in range(1, sizes.width("h", r - 1) + 1)
        for q in range(1, sizes.width("h", r) + 1)
    }
    assert set(places(model.tensor("V"), sizes)) == expected
