"""Generated text as a module, and its functions called on floats or on balls."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from hashlib import sha256
from inspect import signature
from itertools import product
from math import prod
from types import ModuleType
from typing import Any

import numpy as np
from flint import arb

from codegen.lowering.scope import layout
from codegen.program.naming import code_names
from derive.derivation import Derivation
from derive.system import System, Tensor
from verify.instance import Entry, Instance, Point, places
from verify.linear import Routines
from verify.literals import constant, exact_module, whole
from verify.numbers import Balls
from verify.shadow import Shadow, shadow_of
from verify.sizes import Sizes
from verify.unknown import stand_ins


def load(text: str, name: str) -> ModuleType:
    """The module of a source text. Tracebacks show its lines; nothing is written and nothing enters sys.modules."""
    file = f"<generated {name} {sha256(text.encode()).hexdigest()[:12]}>"  # two texts of one name are two files
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = ModuleType(name)
    module.__file__ = file
    exec(compile(text, file, "exec"), module.__dict__)
    return module


@dataclass(frozen=True)
class Code:
    """The functions of a generated module, called with the entries of an instance.

    `exact` is the module with exact literals, for balls. `convert` makes an array of the wanted kind from an object
    array of rationals.
    """

    module: ModuleType
    exact: ModuleType
    system: System
    names: dict[str, str]
    unknown: dict[str, Any]

    @staticmethod
    def of(module: ModuleType, derivation: Derivation, field: Balls) -> Code:
        """The code of a derivation; what is symbolic there is given as the polynomials of `field`."""
        asked = signature(module.cost_and_gradient).parameters
        unknown = {name: f for name, f in stand_ins(derivation, field).items() if name in asked}
        return Code(module, exact_module(module), derivation.system, code_names(derivation.system), unknown)

    def arguments(self, instance: Instance, convert: Callable[[Any], Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parameters, and data with hyper-parameters, as the module takes them."""

        def role(*roles: str) -> dict[str, Any]:
            return {self.names[t.name]: stored(t, instance, convert) for r in roles for t in self.system.role(r)}

        return role("parameter"), {**role("data", "hyper"), **self.counts(instance.sizes), **self.unknown}

    def counts(self, sizes: Sizes) -> dict[str, int]:
        """The sizes that are arguments of the module, since no array shows them."""
        asked = signature(self.module.cost_and_gradient).parameters
        return {self.names[s]: sizes.size(s) for s in self.system.sizes if self.names[s] in asked}

    def gradient(self, parameters: dict[str, Any], given: dict[str, Any], kernel: bool) -> tuple[Any, dict[Entry, Any]]:
        """Cost, and the entry of every parameter's gradient, by the kernel or by the public function."""
        function = self.function("cost_and_gradient", kernel)
        with exact_scalars(self.exact, unit_of(parameters)) if kernel else nullcontext():
            found, gradient = function(parameters, **self.wanted(function, given))
        entries: dict[Entry, Any] = {}
        for tensor in self.system.role("parameter"):
            entries.update(unstored(tensor, gradient[self.names[tensor.name]]))
        return found, entries

    def cost(self, parameters: dict[str, Any], given: dict[str, Any]) -> Any:
        """Cost by the public function."""
        return self.module.cost(parameters, **self.wanted(self.module.cost, given))

    def wanted(self, function: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
        """What is given, without the stand-ins and numbers of steps that this function does not ask for."""
        asked, sizes = signature(function).parameters, {self.names[s] for s in self.system.sizes}
        return {n: value for n, value in given.items() if n in asked or not (n in self.unknown or n in sizes)}

    def moved(self, parameters: dict[str, Any], entry: Entry, h: float) -> dict[str, Any]:
        """The parameters with one entry moved by h; nothing is changed in place."""
        tensor = self.system.tensor(entry[0])
        name, (keys, rest) = self.names[tensor.name], divide(tensor, entry[1])
        value = parameters[name]
        array = np.array(value[keys[0] if len(keys) == 1 else keys] if keys else value)
        lows = [
            s.lo.number if s.lo.number is not None else 1
            for s, key in zip(tensor.slots, layout(tensor), strict=True)
            if not key
        ]
        array[tuple(p - lo for p, lo in zip(rest, lows, strict=True))] += h
        changed = {**value, keys[0] if len(keys) == 1 else keys: array} if keys else array
        return {**parameters, name: changed}

    def function(self, name: str, kernel: bool) -> Callable[..., Any]:
        """The public function, or the one behind it that checks nothing, with exact literals."""
        found: Callable[..., Any] = getattr(self.exact if kernel else self.module, f"_{name}" if kernel else name)
        return found


def stored(tensor: Tensor, instance: Instance, convert: Callable[[Any], Any]) -> Any:
    """A tensor as code keeps it: a scalar, an array, or a dict of arrays by the slots that others depend on."""
    if isinstance(instance, Point):
        return instance.stored(tensor, convert)
    at_keys: dict[tuple[int, ...], dict[tuple[int, ...], Fraction]] = {}
    keyed = layout(tensor)
    for at in places(tensor, instance.sizes):
        keys, rest = divided(keyed, at)
        at_keys.setdefault(keys, {})[rest] = instance.entries[tensor.name, at]
    if tensor.values is not None:
        convert = counted_from(instance.sizes.value(tensor.values[0]))
    arrays = {keys: convert(dense(values)) for keys, values in at_keys.items()}
    if not tensor.slots:
        return arrays[()].item() if tensor.role == "hyper" else arrays[()][()]
    if () in arrays:
        return arrays[()]
    return {keys[0] if len(keys) == 1 else keys: array for keys, array in arrays.items()}


def counted_from(first: int) -> Callable[[Any], Any]:
    """Conversion of places to integers that count from 0."""
    return lambda values: np.array(values, dtype=int) - first


def unstored(tensor: Tensor, value: Any) -> dict[Entry, Any]:
    """The entries of a stored tensor, positions as in the equations (an axis starts where its slot does)."""
    if not isinstance(value, dict):
        value = {(): value}
    entries: dict[Entry, Any] = {}
    keyed = tuple(layout(tensor))
    least = tuple(slot.lo.number if slot.lo.number is not None else 1 for slot in tensor.slots)
    for key, array in value.items():
        keys = key if isinstance(key, tuple) else (key,)
        array = np.asarray(array)
        entries.update(zip(entries_of(tensor.name, keyed, least, keys, array.shape), array.flat, strict=True))
    return entries


@lru_cache(maxsize=32)
def entries_of(
    name: str, keyed: tuple[bool, ...], least: tuple[int, ...], keys: tuple[int, ...], shape: tuple[int, ...]
) -> list[Entry]:
    """The entries of a stored array in its order; the same names for every array of such a form."""
    left, counts = iter(keys), iter(shape)
    ranges = [
        (next(left),) if is_key else range(lo, lo + next(counts)) for is_key, lo in zip(keyed, least, strict=True)
    ]
    return [(name, at) for at in product(*ranges)]


def divide(tensor: Tensor, at: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The keys of a position, and the rest."""
    return divided(layout(tensor), at)


def divided(keyed: tuple[bool, ...], at: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The same, where it is known which slots are keys."""
    return (
        tuple(p for p, key in zip(at, keyed, strict=True) if key),
        tuple(p for p, key in zip(at, keyed, strict=True) if not key),
    )


def dense(values: dict[tuple[int, ...], Fraction]) -> Any:
    """An object array from entries by position, the smallest position first."""
    first = tuple(map(min, zip(*values, strict=True)))
    last = tuple(map(max, zip(*values, strict=True)))
    made = np.empty(tuple(b - a + 1 for a, b in zip(first, last, strict=True)), dtype=object)
    for at, value in values.items():
        made[tuple(p - a for p, a in zip(at, first, strict=True))] = value
    return made


ARCS = {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}


class Scalars:
    """What `math` gives to plain numbers, as balls: `math.log(2)` is a float, and no float is log 2."""

    def __init__(self, unit: float) -> None:
        self.unit = unit

    def ball(self, value: Any) -> Shadow:
        """A plain number: a float means the simplest fraction that rounds to it."""
        if isinstance(value, Shadow):
            return value
        simple = Fraction(value).limit_denominator(10**6)
        return shadow_of(simple if float(simple) == float(value) else Fraction(repr(float(value))), self.unit)

    @property
    def pi(self) -> Shadow:
        return self.ball(0).rounded(arb.pi())

    @property
    def e(self) -> Shadow:
        return self.ball(0).rounded(arb.const_e())

    def pow(self, base: Any, exponent: Any) -> Any:
        return self.ball(base) ** self.ball(exponent)

    def prod(self, values: Iterable[Any]) -> Any:
        return prod(values)

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        name = ARCS.get(name, name)
        return lambda value: getattr(self.ball(value), name)()


@contextmanager
def exact_scalars(module: ModuleType, unit: float | None) -> Iterator[None]:
    """While code runs on balls, its plain numbers are balls too."""
    put: dict[str, Any] = {}
    if unit is not None:
        put = {"math": Scalars(unit), "_linear": Routines(unit), "_constant": partial(constant, unit=unit)}
        put["_entry"] = partial(whole, unit=unit)
    kept = {name: getattr(module, name) for name in put if hasattr(module, name)}
    module.__dict__.update({name: put[name] for name in kept})
    try:
        yield
    finally:
        module.__dict__.update(kept)


def unit_of(value: Any) -> float | None:
    """The roundoff of the balls in a tree of arrays; None if there are none."""
    if isinstance(value, dict):
        return next((unit for unit in map(unit_of, value.values()) if unit is not None), None)
    first = value.flat[0] if isinstance(value, np.ndarray) and value.size else value
    return first.unit if isinstance(first, Shadow) else None


def floats(dtype: str) -> Callable[[Any], Any]:
    """Conversion to an array of a float type."""
    return lambda values: np.array(values, dtype=float).astype(dtype)
