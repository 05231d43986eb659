"""Conversions to a float type of fewer digits than the arguments have: balls do not feel them, unless a run rounds.

Such a run is exact but for these conversions: what it gives is another number as soon as one of them loses something,
also where rounding of the whole formula would hide it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from verify.shadow import Shadow, like


@dataclass
class Casts:
    """The type of the arguments, whether a run rounds at conversions, and whether there were any."""

    dtype: str
    rounding: bool = False
    seen: bool = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While code runs on balls."""
        token = CASTS.set(self)
        try:
            yield
        finally:
            CASTS.reset(token)


CASTS: ContextVar[Casts | None] = ContextVar("CASTS", default=None)


def coarse(dtype: Any) -> Any:
    """The type to which a conversion has to round in this run, if there is one."""
    casts = CASTS.get()
    if casts is None or dtype is None or np.dtype(dtype).kind != "f":
        return None
    if np.finfo(dtype).nmant >= np.finfo(casts.dtype).nmant:
        return None
    casts.seen = True
    return np.dtype(dtype) if casts.rounding else None


def cast(values: Any, dtype: Any) -> Any:
    """Balls after a conversion to a type."""
    kind = coarse(dtype)
    return values if kind is None else rounded(values, kind)


def rounded(values: Any, kind: Any) -> Any:
    """Balls, one or an array of them, rounded to a type."""
    if not isinstance(values, np.ndarray):
        return one_rounded(values, kind)
    made = np.array(values, dtype=object)
    for place, value in enumerate(made.flat):
        made.flat[place] = one_rounded(value, kind)
    return made


def one_rounded(value: Any, kind: Any) -> Any:
    """A number rounded to a type; what is no number, or overflows, stays as it is."""
    ball = like(value, Shadow(arb(0), 0.0)) if isinstance(value, (int, float, Fraction)) else value
    if not isinstance(ball, Shadow):
        return value
    near = float(np.asarray(float(ball.settled().mid())).astype(kind))
    return Shadow(arb(near), ball.unit) if np.isfinite(near) else value


class Buffer(np.ndarray):
    """An array of balls that was made with a coarser type: what is put into it is rounded."""

    kind: Any = None

    def __array_finalize__(self, origin: Any) -> None:
        self.kind = getattr(origin, "kind", None)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value if self.kind is None else rounded(value, self.kind))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        changed = [*options.get("out", ()), *(inputs[:1] if method == "at" else ())]
        if "out" in options:
            options["out"] = tuple(map(bare, options["out"]))
        result = getattr(ufunc, method)(*map(bare, inputs), **options)
        for target in changed:
            if isinstance(target, Buffer) and target.kind is not None:
                bare(target)[...] = rounded(bare(target), target.kind)
        return changed[0] if changed and method != "at" else result


def bare(array: Any) -> Any:
    """The plain array behind a buffer."""
    return array.view(np.ndarray) if isinstance(array, Buffer) else array


def buffer(array: Any, dtype: Any) -> Any:
    """An array of balls as what code made with a type."""
    kind = coarse(dtype)
    if kind is None:
        return array
    made = rounded(array, kind).view(Buffer)
    made.kind = kind
    return made
