"""Points at which an implementation is examined: ordinary ones, and those at which checkers are known to fail.

| kind | what it is |
|---|---|
| ordinary | values near 1 |
| kink | as many pre-activations, margins, errors or weights as the model allows lie within 1e-5 of a kink |
| float32 | an ordinary point in float32 |
| saturated | weights six times as large |
| badly scaled | features of sizes 1e-6 to 1e4, and first weights that make up for it |
| tiny | a gradient of about 1e-7 and below |
| converged | an ordinary point after steps of gradient descent |
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from corpus.implementations import IMPLEMENTATIONS
from corpus.inputs import MAKERS
from corpus.records import Code, Point, blocks, with_blocks

KINDS = ("ordinary", "kink", "float32", "saturated", "badly scaled", "tiny", "converged")
STEPS, LONGEST = 300, 2.0


def points(name: str, seed: int, kind: str) -> Point:
    """A point for an implementation. ValueError for a kind that its model does not have."""
    if kind not in IMPLEMENTATIONS[name].kinds:
        raise ValueError(f"{name} has no {kind} points; it has {', '.join(IMPLEMENTATIONS[name].kinds)}")
    rng = np.random.default_rng([crc32(f"{name} {kind}".encode()), seed])
    values = MAKERS[name](rng, kind)
    if kind == "converged":
        values = descended(name, values)
    return Point(name, kind, seed, single(values) if kind == "float32" else values)


def descended(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values after steps of gradient descent by the right implementation; a step that does not help is halved."""
    code, step = Code(IMPLEMENTATIONS[name]), 1.0
    here = code.run(values)
    for _ in range(STEPS):
        start = blocks(values, trained(here.gradient))
        moved = with_blocks(values, {block: start[block] - step * slope for block, slope in here.gradient.items()})
        there = code.run(moved)
        if there.cost < here.cost:
            values, here, step = moved, there, min(1.5 * step, LONGEST)
        else:
            step /= 2
    return dict(values)


def trained(gradient: dict[str, Any]) -> tuple[str, ...]:
    """The parameters that the blocks belong to."""
    return tuple(dict.fromkeys(block.partition("[")[0] for block in gradient))


def single(values: Any) -> Any:
    """All floats in float32; hyper-parameters stay Python numbers, and are numbers of float32 already."""
    if isinstance(values, dict):
        return {name: single(value) for name, value in values.items()}
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        return values.astype(np.float32)
    return values
