"""What the makers of points share: random weights, bad scaling, distances from kinks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

Random = np.random.Generator
Made = dict[str, Any]
TINY, FAR = 1e-7, 16.0  # a factor that makes gradients tiny; where a sigmoid is flat


def network(rng: Random, m: int, sizes: tuple[int, ...]) -> Made:
    """x, w, b of a network with layers of these sizes."""
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    w = {l: rng.normal(size=pair) for l, pair in enumerate(pairs, 2)}
    b = {l: 0.5 * rng.normal(size=pair[0]) for l, pair in enumerate(pairs, 2)}
    return {"x": rng.normal(size=(m, sizes[0])), "w": w, "b": b, "lam": 0.03125}


def balance(rng: Random, data: Any, weights: Any) -> None:
    """Features of sizes 1e-6 to 1e4, and weights that make up for it; the last axis of both is the feature."""
    scale = 10.0 ** rng.permutation(np.linspace(-6, 4, data.shape[-1]))
    data *= scale
    weights /= scale


def near(rng: Random, shape: int | tuple[int, ...]) -> Any:
    """Distances from a kink: 1e-8 to 1e-5, of both signs."""
    return rng.choice((-1, 1), size=shape) * 10.0 ** rng.uniform(-8, -5, size=shape)


def common(rng: Random, kind: str, made: Made, data: Any, first: Any, trained: Iterable[Any]) -> Made:
    """What every model does for points that are badly scaled or saturated."""
    if kind == "badly scaled":
        balance(rng, data, first)
        made |= {"lam": 2.0**-30} if "lam" in made else {}
    if kind == "saturated":
        for array in trained:
            array *= 6.0
    return made
