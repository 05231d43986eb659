"""The arguments of two functions at one point, and the floats in them, wherever in lists, tuples and dicts they are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from derive.errors import ModelError
from verify.instance import Entry

Change = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Point:
    """Arguments by position and by name, as `slots` labels them, and what is special about the point."""

    args: tuple[Any, ...]
    keywords: Mapping[str, Any]
    slots: tuple[str, ...]
    at: str = "the point given"

    @property
    def given(self) -> dict[str, Any]:
        """The arguments by label."""
        return dict(zip(self.slots, (*self.args, *self.keywords.values()), strict=True))

    def call(self, function: Callable[..., Any]) -> Any:
        """The function at the point."""
        return function(*self.args, **self.keywords)

    def changed(self, change: Change, at: str = "") -> Point:
        """The point with every array of floats, and every float, replaced; `change` is told its label."""
        made = [mapped(value, change, label) for label, value in self.given.items()]
        count = len(self.args)
        return Point(
            tuple(made[:count]), dict(zip(self.keywords, made[count:], strict=True)), self.slots, at or self.at
        )

    def leaves(self, slots: Sequence[str] = ()) -> dict[str, Any]:
        """The floats by label, of some arguments or of all."""
        found: dict[str, Any] = {}
        for slot, value in self.given.items():
            if not slots or slot in slots:
                found |= floats_in(value, slot)
        return found


@dataclass(frozen=True)
class Known:
    """Right numbers at a point."""

    symbolic: dict[Entry, Any]
    at: str
    equations: dict[Entry, str] = field(default_factory=dict)


def points_of(at: Any, function: Callable[..., Any]) -> tuple[Point, ...]:
    """The points that are meant: one, or a list of several. ModelError if there is none."""
    if isinstance(at, (tuple, list, Mapping)) and not at:
        raise ModelError("a gradient without a model is judged at points of yours", fix="at=(arguments of both,)")
    several = isinstance(at, list) and at and all(isinstance(one, (tuple, dict)) for one in at)
    if several and all(type(one) is type(at[0]) and binds(function, one) for one in at):
        return tuple(numbered(one_point(one, function), q, len(at)) for q, one in enumerate(at))
    return (one_point(at, function),)


def numbered(point: Point, number: int, count: int) -> Point:
    """The point with its number."""
    return Point(point.args, point.keywords, point.slots, f"point {number + 1}" if count > 1 else point.at)


def one_point(at: Any, function: Callable[..., Any]) -> Point:
    """One point: a tuple or list of arguments, a dict of them by name, or the only argument."""
    if isinstance(at, Mapping) and binds(function, at):
        return Point((), dict(at), tuple(map(str, at)))
    args = tuple(at) if isinstance(at, (tuple, list)) and binds(function, tuple(at)) else (vector(at),)
    if not binds(function, args):
        name = getattr(function, "__name__", "the function")
        raise ModelError(f"{name} cannot be called with the point that is given", fix="at=(its arguments, in order)")
    return Point(args, {}, labels(function, args))


def vector(at: Any) -> Any:
    """A list of plain numbers as an array."""
    return np.array(at, dtype=float) if isinstance(at, list) and all(type(v) in (int, float) for v in at) else at


def binds(function: Callable[..., Any], given: Any) -> bool:
    """Can the function be called so?"""
    try:
        signature = inspect.signature(function)
        if isinstance(given, Mapping):
            signature.bind(**given)
        else:
            signature.bind(*given)
    except TypeError:
        return False
    except ValueError:
        return True  # a function in C tells nobody
    return True


def labels(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, ...]:
    """The names of arguments that are given by position."""
    try:
        bound = inspect.signature(function).bind(*args).arguments
    except (TypeError, ValueError):
        return tuple(f"argument{q}" for q in range(len(args)))
    kinds = inspect.signature(function).parameters
    found: list[str] = []
    for name, value in bound.items():
        rest = kinds[name].kind is inspect.Parameter.VAR_POSITIONAL
        found += [f"{name}{q}" for q in range(len(value))] if rest else [name]
    return tuple(found)


def copied(point: Point) -> Point:
    """The point in arrays of its own: code may change them."""
    return replace(point, args=deepcopy(point.args), keywords=deepcopy(point.keywords))


def is_float(value: Any) -> bool:
    """Is it a float, or an array of them?"""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind == "f"
    return isinstance(value, float)


def mapped(value: Any, change: Change, label: str) -> Any:
    """A value with its floats changed."""
    if is_float(value):
        return change(label, value)
    if isinstance(value, dict):
        return {key: mapped(part, change, f"{label}[{key!r}]") for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [mapped(part, change, f"{label}[{q}]") for q, part in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def floats_in(value: Any, label: str) -> dict[str, Any]:
    """The floats in a value, by label."""
    found: dict[str, Any] = {}

    def keep(label: str, value: Any) -> Any:
        found[label] = np.asarray(value)
        return value

    mapped(value, keep, label)
    return found


def entries(leaves: Mapping[str, Any]) -> Iterator[tuple[Entry, Any]]:
    """The numbers in arrays, entry by entry, with NumPy's own indices."""
    for label, value in leaves.items():
        for place in np.ndindex(np.shape(value)):
            yield (label, place), np.asarray(value)[place]
