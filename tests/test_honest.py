"""What a model declares has a part in it, and a name of a derived equation has its indices in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from derive import Model, ModelError, Sum, d, derive, stop

PLACES = [("k", "j", "h"), ("j", "h", "k"), ("j", "j", "h"), ("h", "k", "j")]


def cubes(order: tuple[str, ...]) -> Model:
    with Model("cubes") as model:
        m, n, p = model.sizes("m n p")
        j, k, h = model.indices("j k h")
        letters = {"j": j, "k": k, "h": h}
        w = model.parameters(w=(m, n, p))
        model.minimise(Sum(w[j, k, h] ** 3, j, k, h))
        model.alias(slope=d(w[tuple(letters[q] for q in order)]))
    return model


def test_letters_in_their_order_name_the_equation() -> None:
    assert derive(cubes(("j", "k", "h")))["d.w"].name == "slope"


@pytest.mark.parametrize("order", PLACES)
def test_letters_in_the_wrong_order_are_refused(order: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match=r"do not fit w") as error:
        derive(cubes(order))
    assert "slope=d(w[j, k, h])" in str(error.value)


def two(cost: Callable[[Any, Any], Any]) -> Model:
    with Model("two") as model:
        v, w = model.parameters(v=(), w=())
        model.minimise(cost(v, w))
    return model


def test_a_parameter_that_nothing_trains_is_refused() -> None:
    with pytest.raises(ModelError, match="does not depend on the parameter v"):
        two(lambda v, w: w**2)


def test_a_parameter_behind_stop_is_refused() -> None:
    with pytest.raises(ModelError, match="reads v through stop only"):
        two(lambda v, w: w**2 * stop(v) ** 2)


def test_data_may_be_given_and_not_be_read() -> None:
    with Model("spare") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x, _ = model.data(x=(m,), y=(m,))
        w = model.parameters(w=(m,))
        model.minimise(Sum(w[i] ** 2 * x[i], i))
    assert "d.w" in [a.id for a in derive(model).adjoints]
