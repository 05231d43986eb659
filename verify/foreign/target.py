"""A foreign function as something that can be called with the entries of an instance, on floats or on balls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from derive.system import System, Tensor
from derive.values.affine import Width
from derive.values.binders import Bound
from verify.foreign.layout import Layout, LayoutError, Values, as_array
from verify.foreign.numpy_on_balls import UNIT
from verify.foreign.shown_sizes import outer_slots
from verify.foreign.source import NotOnBalls, on_balls
from verify.instance import Entry, Instance
from verify.run import stored, unstored
from verify.shadow import Shadow
from verify.sizes import Sizes
from verify.unroll import OBJECTIVE

Call = Callable[..., Any]


@dataclass(frozen=True)
class Result:
    """One call: the entries of cost and gradient, and blocks of a wrong shape with what they should be."""

    entries: dict[Entry, Any]
    misshapen: dict[str, str]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Target:
    """A gradient, and the cost if there is one: as a function of its own, or as the first part of what is returned."""

    gradient: Call
    system: System
    layout: Layout
    cost: Call | None = None
    cost_first: bool = False

    @cached_property
    def exact(self) -> Target:
        """The same target for balls. NotOnBalls if there is no such way."""
        cost = None if self.cost is None else on_balls(self.cost)
        return replace(self, gradient=on_balls(self.gradient), cost=cost, layout=exact_layout(self.layout))

    def values(self, instance: Instance, convert: Callable[[Any], Any]) -> dict[str, Any]:
        """Everything that the model is given, its sizes and its widths, by name."""
        given = (t for role in ("parameter", "data", "hyper") for t in self.system.role(role))
        sizes = {name: instance.sizes.size(name) for name in self.system.sizes}
        return sizes | widths_of(self.system, instance.sizes) | {t.name: stored(t, instance, convert) for t in given}

    def on_floats(self, values: Values, arguments: tuple[Any, ...] | None = None) -> Result:
        """One call on floats."""
        arguments = self.layout.arguments(values) if arguments is None else arguments
        return self.read(values, arguments)

    def on_balls(self, values: Values, unit: float) -> dict[Entry, Any]:
        """One call on balls of a kind. NotOnBalls, or whatever the code raises."""
        token = UNIT.set(unit)
        try:
            result = self.exact.read(values, self.exact.layout.arguments(values))
        finally:
            UNIT.reset(token)
        if result.misshapen:
            raise NotOnBalls("its blocks have other shapes on balls")
        return result.entries

    def read(self, values: Values, arguments: tuple[Any, ...]) -> Result:
        """Call, and put what is returned in the letters of the model."""
        returned, value = self.layout.call(self.gradient, arguments), None
        if self.cost_first:
            if not isinstance(returned, (tuple, list)) or len(returned) < 2:
                raise LayoutError("the function should return the cost and the gradient")
            value, *rest = returned
            returned = rest[0] if len(rest) == 1 else tuple(rest)
        elif self.cost is not None:
            value = self.layout.call(self.cost, arguments)
        entries: dict[Entry, Any] = {} if value is None else {OBJECTIVE: scalar(value)}
        misshapen: dict[str, str] = {}
        blocks = self.layout.gradient(returned, values)
        for tensor in self.system.role("parameter"):
            whole = values[tensor.name]
            for key, own in whole.items() if isinstance(whole, dict) else [(None, whole)]:
                label = tensor.name if key is None else f"{tensor.name}[{','.join(map(str, np.atleast_1d(key)))}]"
                if label not in blocks:
                    misshapen[label] = "missing"
                    continue
                found = as_array(blocks[label])
                if found.shape != np.shape(own):
                    misshapen[label] = f"its shape is {found.shape}, not {np.shape(own)}"
                    continue
                entries.update(unstored(tensor, found if key is None else {key: found}))
        for label in blocks:
            if label.partition("[")[0] not in {t.name for t in self.system.role("parameter")}:
                misshapen[label] = "there is no such parameter"
        return Result(entries, misshapen, arguments)


def widths_of(system: System, sizes: Sizes) -> dict[str, dict[int, int]]:
    """The widths that arrays have, by position."""
    found: dict[str, dict[int, int]] = {}
    for tensor in system.tensors:
        bounds = [atom for slot in tensor.slots for atom, _ in slot.hi.terms if isinstance(atom, Width)]
        for letters in sizes.places(outer_bounds(tensor, bounds)) if bounds else ():
            for width in bounds:
                position = sizes.value(width.at, letters)
                found.setdefault(width.name, {})[position] = sizes.width(width.name, position)
    return {name: dict(sorted(numbers.items())) for name, numbers in found.items()}


def outer_bounds(tensor: Tensor, widths: list[Width]) -> tuple[Bound, ...]:
    """The ranges of the letters on which widths of a tensor depend, and of those on which these depend."""
    needed: list[int] = []
    waiting = outer_slots(tensor, *(width.at for width in widths))
    while waiting:
        needed += waiting
        more = outer_slots(tensor, *(bound for q in waiting for bound in (tensor.slots[q].lo, tensor.slots[q].hi)))
        waiting = [q for q in more if q not in needed]
    return tuple(Bound(tensor.slots[q].index, tensor.slots[q].lo, tensor.slots[q].hi) for q in sorted(needed))


def exact_layout(layout: Layout) -> Layout:
    """The layout with functions of the user's for balls, as far as their text is at hand."""

    def exact(function: Call) -> Call:
        try:
            return on_balls(function)
        except NotOnBalls:
            return function

    return replace(layout, arguments=exact(layout.arguments), gradient=exact(layout.gradient))


def scalar(value: Any) -> Any:
    """A cost as a number."""
    if isinstance(value, (Shadow, int, float)):
        return value
    array = as_array(value)
    if array.size != 1:
        raise LayoutError(f"the cost is an array of shape {array.shape}")
    return array.reshape(-1)[0]
