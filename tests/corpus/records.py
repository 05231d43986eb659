"""What the corpus is made of: implementations, mistakes planted in them, points, and how their code is run."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
WRITTEN = HERE / "written"
Values = Mapping[str, Any]  # by the model's names; an entry with a layer index is a dict of arrays
Blocks = dict[str, np.ndarray]  # gradients by the model's names, "w" or "w[2]", in the model's shapes


@dataclass(frozen=True)
class Implementation:
    """Code that computes the cost of a model and its gradient, as a user writes it.

    `arguments` makes the user's arguments from the values of the model, `gradient` reads the blocks of the model from
    what `function` returned. `cost` names a separate function; without one `function` returns the cost first.
    """

    name: str
    style: str
    model: str
    function: str
    notes: str
    arguments: Callable[[Values], tuple[Any, ...]]
    gradient: Callable[[Any, Values], Blocks]
    cost: str | None = None
    needs: str = "numpy"
    kinds: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The file of the user."""
        return WRITTEN / f"{self.name}.py"

    @property
    def present(self) -> bool:
        """Is the library that the code needs installed?"""
        return find_spec(self.needs) is not None


@dataclass(frozen=True)
class Mistake:
    """A textual edit of an implementation; `old` stands exactly once in its source.

    `wrong` are the blocks whose gradient is wrong at an ordinary point, "J" for the cost; it is empty where only a
    second call (`shows` is "second call") or the arguments afterwards ("arguments") tell.
    """

    implementation: str
    kind: str
    old: str
    new: str
    wrong: tuple[str, ...]
    shows: str = "result"

    @property
    def name(self) -> str:
        return f"{self.implementation}: {self.kind}, {' '.join(self.new.split())[:50]}"

    def edited(self, source: str) -> str:
        """The source with the mistake. ValueError unless the old text stands in it exactly once."""
        if source.count(self.old) != 1:
            raise ValueError(f"{self.name}: {source.count(self.old)} places to edit")
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class Point:
    """Values for everything that a model is given."""

    implementation: str
    kind: str
    seed: int
    values: Values = field(repr=False)


@dataclass(frozen=True)
class Result:
    """Cost and gradient of one call, in the model's terms."""

    cost: float
    gradient: Blocks

    def bits(self) -> dict[str, bytes]:
        """Every number as bytes; equal only if nothing differs."""
        found = {name: np.asarray(block, dtype=np.float64).tobytes() for name, block in self.gradient.items()}
        return {"J": np.float64(self.cost).tobytes(), **found}


@dataclass(frozen=True)
class Code:
    """An implementation that was executed, right or with a mistake; state that the code keeps lives here."""

    implementation: Implementation
    mistake: Mistake | None = None

    @cached_property
    def source(self) -> str:
        """The text that runs."""
        text = self.implementation.path.read_text()
        return self.mistake.edited(text) if self.mistake else text

    @cached_property
    def names(self) -> dict[str, Any]:
        """The namespace of the user's file."""
        namespace: dict[str, Any] = {"__name__": self.implementation.name}
        file = f"{self.implementation.path.stem} {sha256(self.source.encode()).hexdigest()[:12]}.py"
        linecache.cache[file] = (len(self.source), None, self.source.splitlines(keepends=True), file)
        exec(compile(self.source, file, "exec"), namespace)
        return namespace

    def run(self, values: Values) -> Result:
        """One call in the model's terms."""
        return self.call(values, self.implementation.arguments(deepcopy(dict(values))))

    def call(self, values: Values, arguments: tuple[Any, ...]) -> Result:
        """One call with the user's arguments."""
        with np.errstate(all="ignore"):
            cost = self.names[self.implementation.cost](*arguments) if self.implementation.cost else None
            returned = self.names[self.implementation.function](*arguments)
        if cost is None:
            cost, *rest = returned
            returned = rest[0] if len(rest) == 1 else tuple(rest)
        return Result(float(cost), self.implementation.gradient(returned, values))

    def outcome(self, values: Values) -> dict[str, Any]:
        """Two calls with the same arguments, and whether these were changed."""
        arguments = self.implementation.arguments(deepcopy(dict(values)))
        before = deepcopy(arguments)
        first = self.call(values, arguments).bits()
        changed = repr_bytes(arguments) != repr_bytes(before)
        return {"result": first, "second call": self.call(values, before).bits(), "arguments": changed}


def repr_bytes(arguments: Any) -> Any:
    """Arguments as something that can be compared bit by bit."""
    if isinstance(arguments, (list, tuple)):
        return [repr_bytes(a) for a in arguments]
    if isinstance(arguments, dict):
        return {name: repr_bytes(a) for name, a in arguments.items()}
    return arguments.tobytes() if isinstance(arguments, np.ndarray) else repr(arguments)


def layers(letter: str, arrays: Any) -> Blocks:
    """Blocks of a layered parameter; its first layer is 2."""
    return {f"{letter}[{l}]": np.asarray(array) for l, array in enumerate(arrays, 2)}


def blocks(values: Values, names: tuple[str, ...]) -> Blocks:
    """The values of parameters, block by block."""
    found: Blocks = {}
    for name in names:
        value = values[name]
        found |= {f"{name}[{l}]": value[l] for l in value} if isinstance(value, dict) else {name: np.asarray(value)}
    return found


def with_blocks(values: Values, changed: Blocks) -> dict[str, Any]:
    """The values with some blocks replaced."""
    new = {name: dict(value) if isinstance(value, dict) else value for name, value in values.items()}
    for block, array in changed.items():
        name, _, layer = block.rstrip("]").partition("[")
        if layer:
            new[name][int(layer)] = array
        else:
            new[name] = array
    return new
