"""Concrete entries for what is given: parameters, data and hyper-parameters, as rationals drawn by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
from flint import fmpq

from derive.errors import ModelError
from derive.system import System, Tensor, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound
from derive.values.nodes import Expr
from verify.evaluate import Evaluator
from verify.numbers import Exact
from verify.sizes import Sizes

Entry = tuple[str, tuple[int, ...]]
GIVEN = ("parameter", "data", "hyper")
DRAWS = 20
LONG = 2**42 - 1
LARGE = 8
FAR = 1024


@dataclass(frozen=True)
class Instance:
    """A system at concrete sizes with a rational for every given entry, which floats of the types `held` can hold."""

    system: System
    sizes: Sizes
    entries: dict[Entry, Fraction]
    note: str = ""
    held: tuple[str, ...] = ("float64", "float32")

    @property
    def where(self) -> str:
        """The sizes, and what is special about the entries."""
        return f"{self.sizes}{', ' if self.note else ''}{self.note}"

    def __str__(self) -> str:
        return f"{self.system.name} at {self.where}"


@dataclass(frozen=True)
class Point(Instance):
    """An instance given by arrays of floats, kept as they are stored; `entries` stays empty."""

    arrays: Mapping[str, Any] = field(default_factory=dict)

    def stored(self, tensor: Tensor, convert: Callable[[Any], Any]) -> Any:
        """The array of a tensor, or its layers, converted; integers count from 0 as they came."""
        value = self.arrays[tensor.name]
        if tensor.values is not None:
            return value
        if isinstance(value, dict):
            return {key: convert(np.asarray(array, dtype=float)) for key, array in value.items()}
        made = convert(np.asarray(value, dtype=float))
        return made if tensor.slots else made.item() if tensor.role == "hyper" else made[()]


def places(tensor: Tensor, sizes: Sizes) -> Iterator[tuple[int, ...]]:
    """Every position of a tensor, in order: a slot that others depend on is walked before them."""
    order = sorted(range(len(tensor.slots)), key=lambda q: _depends(tensor, q))
    bounds = tuple(Bound(tensor.slots[q].index, tensor.slots[q].lo, tensor.slots[q].hi) for q in order)
    found = [tuple(place[slot.index.name] for slot in tensor.slots) for place in sizes.places(bounds)]
    yield from sorted(found)


def _depends(tensor: Tensor, slot: int) -> bool:
    names = {s.index.name for s in tensor.slots}
    return any(x.name in names for x in (*indices(tensor.slots[slot].lo), *indices(tensor.slots[slot].hi)))


def instance(system: System, sizes: Sizes, seed: int = 0, digits: int = 97) -> Instance:
    """Random entries that honour every declared sum; hyper-parameters lie in (0, 1), and so do data for odd seeds."""
    entries: dict[Entry, Fraction] = {}
    held = summed(system)
    for role in GIVEN:
        for tensor in system.role(role):
            taken: set[Fraction] = set()
            for at in places(tensor, sizes):
                dice = Random(f"{seed} {sizes} {tensor.name} {at}")
                signed = role == "parameter" or (role == "data" and seed % 2 == 0 and tensor.name not in held)
                sign = dice.choice((-1, 1)) if signed else 1
                value = Fraction(sign * dice.randint(1, digits), digits + 1)
                for _ in range(DRAWS):  # entries of different sizes: no tie of Max over an index by chance
                    if abs(value) not in taken:
                        break
                    value = Fraction(sign * dice.randint(1, digits), digits + 1)
                taken.add(abs(value))
                if tensor.values is not None:
                    value = Fraction(dice.randint(sizes.value(tensor.values[0]), sizes.value(tensor.values[1])))
                entries[tensor.name, at] = value
    for left, right in system.sums:
        _honour(system, sizes, entries, left, right)
    return Instance(system, sizes, entries)


def resting(drawn: Instance) -> tuple[Instance, ...]:
    """The same sizes where kinks lie: all parameters 0, and all 0 but the parameters with most indices."""
    system = drawn.system
    most = max((len(t.slots) for t in system.role("parameter")), default=0)
    parameters = names_of(system, "parameter")
    weights = {t.name for t in system.role("parameter") if len(t.slots) == most}
    zeros = {"parameters 0": parameters, "data and offsets 0": (parameters - weights) | free_data(system)}
    return tuple(
        Instance(system, drawn.sizes, changed(drawn, names, lambda *_: Fraction(0)), note)
        for note, names in zeros.items()
    )


def names_of(system: System, role: str) -> set[str]:
    """The names of what has a role."""
    return {t.name for t in system.role(role)}


def summed(system: System) -> set[str]:
    """The names in declared sums."""
    return {a.tensor for left, _ in system.sums for a in accesses(left)}


def free_data(system: System) -> set[str]:
    """Data that may have any values: no declared sum holds them, and they are no integers."""
    return names_of(system, "data") - summed(system) - {t.name for t in system.tensors if t.values is not None}


def changed(drawn: Instance, names: set[str], change: Callable[[Entry, Fraction], Fraction]) -> dict[Entry, Fraction]:
    """The entries, those of some tensors changed."""
    return {entry: change(entry, value) if entry[0] in names else value for entry, value in drawn.entries.items()}


def long_entries(drawn: Instance, seed: int) -> Instance:
    """Other entries at the same sizes, with more digits than a float32 has."""
    return replace(instance(drawn.system, drawn.sizes, seed, LONG), note="entries of 42 bits", held=("float64",))


def large_entries(drawn: Instance) -> tuple[tuple[Instance, ...], ...]:
    """Larger entries, of parameters and free data or of parameters alone, and larger data; balls alone may bear them.

    Of each group one is enough.
    """
    system = drawn.system
    parameters, data = names_of(system, "parameter"), free_data(system)
    both = times(drawn, parameters | data, LARGE, "large entries")
    return (both, times(drawn, parameters, LARGE, "large parameters")), (times(drawn, data, LARGE**2, "large data"),)


def widened(drawn: Instance, factor: int) -> Instance:
    """The same instance with parameters that many times as large."""
    names = names_of(drawn.system, "parameter")
    return times(drawn, names, factor, f"parameters times {factor}") if factor > 1 else drawn


def far_entries(drawn: Instance) -> tuple[Instance, Instance]:
    """Parameters so large that code which is not stable overflows, and the opposite ones."""
    names = names_of(drawn.system, "parameter")
    return times(drawn, names, FAR, "huge parameters"), times(drawn, names, -FAR, "opposite huge parameters")


def times(drawn: Instance, names: set[str], factor: int, note: str) -> Instance:
    """The same instance with some entries multiplied, for balls only."""
    entries = changed(drawn, names, lambda _, value: value * factor)
    return replace(drawn, entries=entries, note=note, held=())


def _honour(system: System, sizes: Sizes, entries: dict[Entry, Fraction], left: Expr, right: Expr) -> None:
    """Scale the data on the left side so that left = right holds, for every value of the free letters."""
    letters = [x.name for x in left.letters]
    bounds = tuple(Bound(Index(n), *_range(system, left, n)) for n in letters)
    for place in sizes.places(bounds):
        touched: list[Entry] = []
        value = _linear(system, left, sizes, entries, place, touched)
        wanted = _linear(system, right, sizes, entries, place, [])
        if not value or any(system.tensor(name).role != "data" for name, _ in touched):
            raise ModelError(f"the declared sum {left.key} cannot be met by scaling data")
        for entry in dict.fromkeys(touched):
            entries[entry] *= wanted / value
        if _linear(system, left, sizes, entries, place, []) != wanted:
            raise ModelError(f"the declared sum {left.key} is not linear in the data")


def _range(system: System, expr: Expr, letter: str) -> tuple[Affine, Affine]:
    for access in accesses(expr):
        for q, position in enumerate(access.at):
            if position.alone == Index(letter):
                return system.tensor(access.tensor).range_of(q, access.at)
    raise ModelError(f"nothing gives {letter} a range in {expr.key}")


def _linear(
    system: System,
    expr: Expr,
    sizes: Sizes,
    entries: dict[Entry, Fraction],
    letters: dict[str, int],
    touched: list[Entry],
) -> Fraction:
    """The value of a declared sum; `touched` collects the entries that it reads."""

    def read(tensor: str, at: tuple[int, ...]) -> fmpq:
        touched.append((tensor, at))
        return fmpq(entries[tensor, at].numerator, entries[tensor, at].denominator)

    value = Evaluator(system, sizes, Exact(0), read).compile(expr)(letters)
    return Fraction(str(value))
