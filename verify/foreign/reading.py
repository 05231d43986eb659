"""By which arguments a gradient is: those that are named, or the first ones that its result fits in shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.errors import ModelError
from verify.foreign.arguments import Point, floats_in
from verify.foreign.layout import as_array
from verify.instance import Entry
from verify.unroll import OBJECTIVE

Blocks = dict[str, Any]
MARKS = ("grad_", "d_", "d")  # grads["dW"] is by W


class Misfit(Exception):
    """Why a result does not fit arguments: a block, and what is wrong with it."""

    def __init__(self, label: str, what: str) -> None:
        super().__init__(f"{label}: {what}")
        self.label, self.what = label, what


@dataclass(frozen=True)
class Answer:
    """What a gradient gives, entry by entry."""

    entries: dict[Entry, Any]


@dataclass(frozen=True)
class Reading:
    """The arguments by which a gradient is, and whether the cost comes first."""

    by: tuple[str, ...]
    cost_first: bool = False

    @property
    def text(self) -> str:
        """For a reader."""
        return ", ".join(self.by)

    def read(self, returned: Any, point: Point) -> Answer:
        """The entries. Misfit if the result has another form."""
        found: dict[Entry, Any] = {}
        if self.cost_first:
            if not isinstance(returned, (tuple, list)) or len(returned) < 2:
                raise Misfit("gradient", "the cost is not returned with it")
            found[OBJECTIVE] = np.asarray(as_array(returned[0])).reshape(-1)[0]
            returned = rest(returned)
        for label, block in blocks(returned, self.by, point).items():
            found |= zip(((label, place) for place in np.ndindex(block.shape)), block.flat, strict=True)
        return Answer(found)


def rest(returned: Any) -> Any:
    """What is returned after the cost."""
    return returned[1] if len(returned) == 2 else tuple(returned[1:])


def reading(returned: Any, point: Point, cost: float | None, by: Sequence[str | int] | str | int | None) -> Reading:
    """How to read a result; Misfit if no argument fits it. ModelError if an argument that is named does not exist."""
    stripped = starts_with(returned, cost)
    orders = (stripped, not stripped) if starts_with_number(returned) else (False,)
    reason: Misfit | None = None
    for first in orders:
        result = rest(returned) if first else returned
        if by is not None:
            named = tuple(slot_of(one, point) for one in ([by] if isinstance(by, (str, int)) else by))
        for slots in candidates(result, point) if by is None else (named,):
            try:
                blocks(result, slots, point)
                return Reading(slots, first)
            except Misfit as misfit:
                reason = reason or misfit
    if by is not None and reason is not None:
        raise reason
    shapes = ", ".join(f"{label} {value.shape}" for label, value in point.leaves().items())
    raise Misfit("gradient", f"{shown_form(returned)} fits no argument ({shapes})")


def shown_form(result: Any) -> str:
    """The form of a result for a reader."""
    if isinstance(result, Mapping):
        return f"a dict of {', '.join(map(str, result))}"
    if isinstance(result, (tuple, list)):
        return f"a {type(result).__name__} of ({', '.join(map(shown_form, result))})"
    return f"an array of shape {np.shape(result)}"


def starts_with(returned: Any, cost: float | None) -> bool:
    """Is the first part of a result the cost?"""
    if cost is None or not starts_with_number(returned):
        return False
    first = float(np.asarray(returned[0]).reshape(-1)[0])
    if abs(first - cost) <= 1e-6 * abs(cost):
        return True
    return np.ndim(returned[0]) == 0 and len(returned) == 2 and not one_number(returned[1])


def starts_with_number(returned: Any) -> bool:
    """Does a result of several parts start with a single number?"""
    return isinstance(returned, (tuple, list)) and len(returned) > 1 and one_number(returned[0])


def one_number(value: Any) -> bool:
    """Is it a single number, perhaps in an array?"""
    return not isinstance(value, (list, tuple, dict, str)) and value is not None and np.size(value) == 1


def slot_of(one: str | int, point: Point) -> str:
    """The label of an argument."""
    if isinstance(one, int) and -len(point.slots) <= one < len(point.slots):
        return point.slots[one]
    if one in point.slots:
        return str(one)
    raise ModelError(f"there is no argument {one!r}", fix=f"by= one of {', '.join(point.slots)}")


def candidates(result: Any, point: Point) -> Iterator[tuple[str, ...]]:
    """Arguments that a result may be by, the first ones first."""
    slots = tuple(slot for slot, value in point.given.items() if floats_in(value, slot))
    for slot in slots:
        yield (slot,)
    if isinstance(result, Mapping):
        named = {slot: slot for slot in slots} | {mark + slot: slot for slot in slots for mark in MARKS}
        found = [named.get(str(key)) for key in result]
        yield tuple(slot for slot in found if slot is not None)
        return
    for start in range(len(slots)):
        for stop in range(start + 2, len(slots) + 1):
            yield slots[start:stop]
    if isinstance(result, (tuple, list)):
        yield from spread(result, slots, point)


def spread(result: Sequence[Any], slots: tuple[str, ...], point: Point) -> Iterator[tuple[str, ...]]:
    """For every part the first argument after those before it that the part fits."""
    chosen: list[str] = []
    left = list(slots)
    for part in result:
        while left:
            slot = left.pop(0)
            try:
                block(part, point.given[slot], slot)
            except Misfit:
                continue
            chosen.append(slot)
            break
    if len(chosen) == len(result):
        yield tuple(chosen)


def blocks(result: Any, slots: tuple[str, ...], point: Point) -> Blocks:
    """The blocks of a result that is by some arguments. Misfit if it is not."""
    own = {slot: point.given[slot] for slot in slots}
    if len(slots) == 1:
        try:
            return block(result, own[slots[0]], slots[0])
        except Misfit:
            if not isinstance(result, (tuple, list, Mapping)) or len(result) != 1:
                raise
    if isinstance(result, Mapping):
        return named_blocks(result, own)
    if isinstance(result, (tuple, list)) and len(result) == len(slots):
        found: Blocks = {}
        for part, (slot, value) in zip(result, own.items(), strict=True):
            found |= block(part, value, slot)
        return found
    return cut(result, {label: leaf for slot, value in own.items() for label, leaf in floats_in(value, slot).items()})


def named_blocks(result: Mapping[Any, Any], own: dict[str, Any]) -> Blocks:
    """A dict by the names of arguments, perhaps with a mark of a derivative before them."""
    found: Blocks = {}
    for slot, value in own.items():
        key = next((name for name in (slot, *(mark + slot for mark in MARKS)) if name in result), None)
        if key is None:
            raise Misfit(f"d.{slot}", "missing")
        found |= block(result[key], value, slot)
    if len(result) != len(own):
        raise Misfit("gradient", f"its keys are {', '.join(map(str, result))}")
    return found


def block(found: Any, own: Any, label: str) -> Blocks:
    """The blocks of one argument. Misfit if the result has another form."""
    leaves = floats_in(own, label)
    if not isinstance(own, (dict, list, tuple)):
        return {label: shaped(found, own, label)} if leaves else {}
    if isinstance(own, dict) and isinstance(found, Mapping):
        pairs = [(key, part, f"{label}[{key!r}]") for key, part in own.items()]
        missing = [name for key, part, name in pairs if floats_in(part, name) and key not in found]
        if missing:
            raise Misfit(f"d.{missing[0]}", "missing")
        return {k: v for key, part, name in pairs if key in found for k, v in block(found[key], part, name).items()}
    if not isinstance(own, dict) and not isinstance(found, Mapping) and (listed(found) or np.ndim(found) != 1):
        if not isinstance(found, (list, tuple)) or isinstance(own, dict) or len(found) != len(own):
            raise Misfit(f"d.{label}", f"{shown_form(found)} is no gradient by {len(own)} parts")
        parts = enumerate(zip(found, own, strict=True))
        return {k: v for q, (one, part) in parts for k, v in block(one, part, f"{label}[{q}]").items()}
    return cut(found, leaves)


def listed(found: Any) -> bool:
    """Is it a list or tuple, and not an array?"""
    return isinstance(found, (list, tuple))


def shaped(found: Any, own: Any, label: str) -> Any:
    """An array of the shape of an argument."""
    if found is None or isinstance(found, (Mapping, str)):
        raise Misfit(f"d.{label}", f"{found!r} is no array")
    try:
        array = as_array(found)
    except ValueError:
        raise Misfit(f"d.{label}", f"{shown_form(found)}") from None
    if array.shape != np.shape(own) and not (array.size == np.size(own) == 1):
        raise Misfit(f"d.{label}", f"its shape is {array.shape}, not {np.shape(own)}")
    return array.reshape(np.shape(own))


def cut(found: Any, leaves: dict[str, Any]) -> Blocks:
    """The parts of one long vector."""
    if isinstance(found, (Mapping, list, tuple)) or np.ndim(found) != 1:
        raise Misfit("gradient", f"{shown_form(found)} is no vector")
    total = sum(leaf.size for leaf in leaves.values())
    if len(found) != total:
        raise Misfit("gradient", f"it has {len(found)} entries, the arguments have {total}")
    parts: Blocks = {}
    start = 0
    for label, leaf in leaves.items():
        parts[label] = as_array(found)[start : start + leaf.size].reshape(leaf.shape)
        start += leaf.size
    return parts
