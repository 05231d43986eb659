"""Generated code called with the entries of a text, and its results by entry."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np
from text_layout import Layout
from text_value import Entry

from codegen.program.naming import code_names
from derive import System


def call_code(system: System, module: ModuleType, layout: Layout, entries: Mapping[Entry, float]) -> dict[Entry, float]:
    """Cost and gradient by the public function; a floating-point warning is an error."""
    names = code_names(system)
    given = {name: stored(layout, name, entries) for name in layout.text.given}
    parameters = {names[n]: v for n, v in given.items() if layout.given(n).role == "parameters"}
    others = {names[n]: v for n, v in given.items() if layout.given(n).role != "parameters"}
    asked = signature(module.cost_and_gradient).parameters
    others |= {names[n]: size for n, size in layout.sizes.items() if names[n] in asked}  # sizes that no array shows
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cost, gradient = module.cost_and_gradient(parameters, **others)
    found = {("J", ()): float(cost)}
    for name, declared in layout.text.given.items():
        if declared.role == "parameters":
            found.update(unstored(layout, name, gradient[names[name]]))
    return found


def stored(layout: Layout, name: str, entries: Mapping[Entry, float]) -> Any:
    """A tensor as code keeps it: a number, an array, or arrays by key."""
    declared = layout.given(name)
    if declared.role == "hyper":
        return entries[name, ()]
    arrays: dict[Any, Any] = {}
    for key, places in keyed(layout, name).items():
        if declared.values:
            first = layout.place(declared.values[0], {})
            flat = np.array([layout.chosen(name, at) - first for _, at in sorted(places.items())], dtype=int)
        else:
            flat = np.array([entries[name, at] for _, at in sorted(places.items())])
        arrays[key] = flat.reshape(shape_of(places))[()]
    return arrays[()] if set(arrays) == {()} else arrays


def shape_of(places: Mapping[tuple[int, ...], Any]) -> tuple[int, ...]:
    """The shape of the array that has these places."""
    return tuple(len({place[q] for place in places}) for q in range(len(next(iter(places)))))


def unstored(layout: Layout, name: str, value: Any) -> dict[Entry, float]:
    """The entries of a gradient; one of another shape has entries of its own."""
    found: dict[Entry, float] = {}
    for key, places in keyed(layout, name).items():
        array = np.asarray(value[key] if isinstance(value, dict) else value)
        if array.shape != shape_of(places):
            return {(f"{name} {array.shape} instead of {shape_of(places)}", ()): 0.0}
        for (_, at), number in zip(sorted(places.items()), array.ravel(), strict=True):
            found[name, at] = float(number)
    return found


def keyed(layout: Layout, name: str) -> dict[Any, dict[tuple[int, ...], tuple[int, ...]]]:
    """The places of each array of a tensor, by the positions that are no keys."""
    keys = layout.keyed(name)
    found: dict[Any, dict[tuple[int, ...], tuple[int, ...]]] = {}
    for at in layout.places(name):
        chosen = tuple(p for p, key in zip(at, keys, strict=True) if key)
        rest = tuple(p for p, key in zip(at, keys, strict=True) if not key)
        found.setdefault(chosen[0] if chosen else (), {})[rest] = at
    return found
