"""Random expressions in whole arrays have the values that NumPy gives them; wrong ones have no shape there either."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from entries import World
from sympy import exp, log

from derive import Model, ModelError, Sum, diagonal, inner, mean, norm, norm2, outer, trace
from derive.language.surface import raised
from derive.library import logsumexp, softmax
from derive.values.binders import Bound

SIZES = {"m": 2, "n": 3, "p": 4}
WORLD = World(SIZES, ())
SHAPES = dict(pair.split(":") for pair in "x:mn y:mp W:np A:nn K:nn v:m w:n u:n b:p X:pmn Y:pnm".split())
Pair = tuple[Any, Any]  # the value in the model, and in NumPy


def axis_max(z: np.ndarray, axis: int) -> np.ndarray:
    return np.exp(z - z.max(axis, keepdims=True))


def numpy_softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    return axis_max(z, axis) / axis_max(z, axis).sum(axis, keepdims=True)


UNARY: tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    (lambda z: z.T, lambda z: z.T),
    (lambda z: z.mT, lambda z: z.mT),
    (lambda z: -z / 2, lambda z: -z / 2),
    (lambda z: z**2 + 1, lambda z: z**2 + 1),
    (lambda z: 1 / (3 + exp(z)), lambda z: 1 / (3 + np.exp(z))),
    (lambda z: log(1 + exp(z)), lambda z: np.log(1 + np.exp(z))),
    (softmax, numpy_softmax),
    (lambda z: softmax(z, axis=0), lambda z: numpy_softmax(z, 0)),
    (logsumexp, lambda z: np.log(np.exp(z).sum(-1))),
    (Sum, np.sum),
    (lambda z: Sum(z, axis=0), lambda z: z.sum(0)),
    (lambda z: Sum(z, axis=(0, -1)), lambda z: z.sum((0, -1))),
    (mean, np.mean),
    (lambda z: mean(z, axis=-1), lambda z: z.mean(-1)),
    (norm2, lambda z: (z**2).sum()),
    (norm, lambda z: np.sqrt((z**2).sum())),
    (trace, np.trace),
    (diagonal, np.diagonal),
    (lambda z: z[2, :], lambda z: z[1]),
    (lambda z: z[:, 1], lambda z: z[:, 0]),
    (lambda z: z[2, :, :], lambda z: z[1]),
    (lambda z: z[:, 1, :], lambda z: z[:, 0, :]),
)
BINARY: tuple[tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]], ...] = (
    (lambda a, b: a @ b, lambda a, b: a @ b),
    (lambda a, b: a @ b, lambda a, b: a @ b),
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - 2 * b, lambda a, b: a - 2 * b),
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a / (2 + b**2), lambda a, b: a / (2 + b**2)),
    (inner, lambda a, b: (a * b).sum()),
    (outer, np.outer),
)


def number(value: Any) -> np.ndarray:
    """The entries of a value of the model."""
    array = raised(value)
    bounds = tuple(Bound(x, axis.lo, axis.hi) for x, axis in zip(array.letters, array.axes, strict=True))
    cells = [WORLD.value(array.node, places) for places in WORLD.run(bounds, {})]
    return np.array(cells).reshape([WORLD.integer(axis.hi, {}) for axis in array.axes])


def entries(name: str) -> np.ndarray:
    shape = [SIZES[s] for s in SHAPES[name]]
    return np.array([WORLD.entry(name, tuple(q + 1 for q in at)) for at in np.ndindex(*shape)]).reshape(shape)


def start() -> list[Pair]:
    model = Model("numbers")
    sizes = dict(zip(SIZES, model.sizes(" ".join(SIZES)), strict=True))
    made = [model.data(**{name: tuple(sizes[s] for s in shape)}) for name, shape in SHAPES.items()]
    return [(tensor, entries(name)) for tensor, name in zip(made, SHAPES, strict=True)]


def grown(pairs: list[Pair], draw: random.Random) -> Pair | None:
    """One operation on values that are there already; None if the shapes are refused."""
    count = draw.choice((1, 2, 2))
    one, two = draw.choice(UNARY if count == 1 else BINARY)
    chosen = [draw.choice(pairs) for _ in range(count)]
    try:
        value = one(*(a for a, _ in chosen))
        return value, two(*(b for _, b in chosen))
    except (ModelError, AttributeError, TypeError):
        return None


@pytest.mark.parametrize("seed", range(8))
def test_values_are_those_of_numpy(seed: int) -> None:
    draw, pairs, found = random.Random(seed), start(), 0
    while found < 20:
        pair = grown(pairs, draw)
        if pair is not None and np.size(pair[1]) < 100 and len(str(raised(pair[0]).node.key)) < 900:
            found += 1
            mine = number(pair[0])
            assert mine.shape == np.shape(pair[1]), str(pair[0])
            np.testing.assert_allclose(mine, pair[1], rtol=1e-10, err_msg=str(pair[0]))
            pairs.append(pair)
