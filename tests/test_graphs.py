"""Groups of nodes that reach each other, and all that is reached."""

from __future__ import annotations

from random import Random

import pytest

from derive.graphs import components, grouped, reached


def test_groups_come_after_what_they_lead_to() -> None:
    assert components([[1], [2], [0, 3], [], [4]]) == [[3], [0, 1, 2], [4]]
    assert components([[], [0], [0, 1]]) == [[0], [1], [2]]


@pytest.mark.parametrize("seed", range(30))
def test_groups_are_those_that_reach_each_other(seed: int) -> None:
    draw = Random(seed)
    after = [sorted({draw.randrange(9) for _ in range(draw.randrange(4))}) for _ in range(9)]
    names = {str(q): tuple(map(str, others)) for q, others in enumerate(after)}
    reach = {q: {int(x) for x in reached([str(q)], names)} for q in range(9)}
    found = components(after)
    assert sorted(q for group in found for q in group) == list(range(9))
    for place, group in enumerate(found):
        for q in group:
            assert group == [p for p in range(9) if p in reach[q] and q in reach[p]]
            assert reach[q] <= {p for done in found[: place + 1] for p in done}


def test_a_long_chain_is_no_recursion() -> None:
    count = 5000
    assert components([[q + 1] for q in range(count)] + [[]]) == [[q] for q in range(count, -1, -1)]


def test_grouping_keeps_the_order() -> None:
    assert grouped([("a", 1), ("b", 2), ("a", 3)]) == {"a": (1, 3), "b": (2,)}
