"""A layout tried at a point: what a call gives, whether the cost is that of the model, which blocks are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from derive.derivation import Derivation
from verify.case import DIGITS, sharp
from verify.foreign.answers import answers
from verify.foreign.layout import LayoutError, Named, Values, as_array, show, stated, unbuilt
from verify.foreign.names import Reading
from verify.foreign.points import Among, drawn_among
from verify.foreign.target import Target, scalar
from verify.instance import Instance, instance
from verify.numbers import Balls
from verify.run import floats, unstored
from verify.sizes import Sizes
from verify.unroll import Unrolled

CLOSE = 1e-9
ALIKE = 1e-6


@dataclass(frozen=True)
class Trial:
    """A layout at a point."""

    arguments: list[Any]
    returns: Any
    certain: bool
    literal: bool
    cost: bool
    blocks: dict[str, Any]

    @property
    def text(self) -> str:
        return f"({', '.join(map(show, self.arguments))}) -> {show(self.returns)}"


@dataclass(frozen=True)
class Search:
    """What stays the same while layouts are tried."""

    gradient: Callable[..., Any]
    cost: Callable[..., Any] | None
    derivation: Derivation
    seed: int
    among: Among


@dataclass(frozen=True)
class Place:
    """A point at which layouts are tried."""

    search: Search
    sizes: Sizes

    @cached_property
    def drawn(self) -> Instance:
        return drawn_among(
            instance(self.search.derivation.system, self.sizes, self.search.seed, DIGITS), self.search.among
        )

    @cached_property
    def values(self) -> Values:
        target = Target(self.search.gradient, self.search.derivation.system, stated([], (), ()))
        return target.values(self.drawn, floats("float64"))

    @cached_property
    def true(self) -> float:
        """The cost of the model."""
        field = Balls(0)
        with field.context():
            return float(Unrolled(self.drawn, field).value("J").mid())

    def trial(
        self, names: Sequence[str], arguments: list[Any], reading: Reading, literal: bool, reasons: dict[str, None]
    ) -> Trial | None:
        """What a layout of the arguments gives. None if the call fails, or nothing that is returned is a gradient."""
        bare = [p.part if isinstance(p, Named) else p for p in arguments]
        try:
            returned, cost = self.called(arguments)
        except Exception as error:
            reasons[f"{type(error).__name__}: {error}"] = None
            return None
        strange: Trial | None = None
        for value, gradient in halves(returned, cost):
            for template in answers(gradient, names, reading, bare):
                blocks = self.read(template, gradient, reasons)
                one = Trial(arguments, template, reading.certain and literal, literal, self.agrees(value), blocks or {})
                if blocks and self.fit(blocks, reasons):
                    return one
                if blocks and one.cost:
                    strange = strange or replace(one, blocks={})
        return strange

    def called(self, arguments: list[Any]) -> tuple[Any, Any]:
        """What is returned, and the cost of its own if there is one."""
        layout = stated(arguments, (), ())
        with np.errstate(all="ignore"), catch_warnings():
            simplefilter("ignore")
            own = self.search.cost
            cost = None if own is None else layout.call(own, deepcopy(layout.arguments(self.values)))
            return layout.call(self.search.gradient, deepcopy(layout.arguments(self.values))), cost

    def agrees(self, value: Any) -> bool:
        """Is a number the cost of the model?"""
        try:
            return value is not None and abs(float(scalar(value)) - self.true) <= CLOSE * abs(self.true)
        except (TypeError, ValueError, LayoutError):
            return False

    def read(self, template: Any, gradient: Any, reasons: dict[str, None]) -> dict[str, Any] | None:
        """The blocks of a gradient. None if it has not the form of a template."""
        try:
            found = {label: as_array(block) for label, block in unbuilt(template, gradient, self.values)}
        except Exception as error:
            reasons[f"{error}"] = None
            return None
        return found

    def fit(self, found: dict[str, Any], reasons: dict[str, None]) -> bool:
        """Has a gradient all blocks in their shapes?"""
        wanted = {label: np.shape(value) for label, value in self.blocks()}
        wrong = next((n for n in wanted if n not in found or found[n].shape != wanted[n]), None)
        if wrong is not None:
            reasons[f"d.{wrong} has another shape"] = None
        return wrong is None and len(found) == len(wanted)

    def blocks(self) -> Iterator[tuple[str, Any]]:
        """The parameters, layer by layer."""
        for tensor in self.search.derivation.system.role("parameter"):
            value = self.values[tensor.name]
            keyed = value.items() if isinstance(value, dict) else [(None, value)]
            yield from ((tensor.name if key is None else label_of(tensor.name, key), array) for key, array in keyed)

    def confirms(self, one: Trial) -> bool:
        """Is the cost right here too?"""
        try:
            returned, cost = self.called(one.arguments)
        except Exception:
            return False
        return any(self.agrees(value) for value, _ in halves(returned, cost))

    def right(self, one: Trial) -> int:
        """How many blocks of a gradient are the derivatives."""
        true = sharp(self.search.derivation, self.drawn, self.search.seed).symbolic
        good = 0
        for tensor in self.search.derivation.system.role("parameter"):
            value = self.values[tensor.name]
            for key in value if isinstance(value, dict) else [None]:
                label = tensor.name if key is None else label_of(tensor.name, key)
                block = one.blocks[label]
                entries = unstored(tensor, block if key is None else {key: block})
                scale = max(abs(float(true[e].mid())) for e in entries)
                good += all(abs(float(v) - float(true[e].mid())) <= ALIKE * scale for e, v in entries.items())
        return good


def label_of(name: str, key: Any) -> str:
    """`w[2]`"""
    return f"{name}[{','.join(map(str, np.atleast_1d(key)))}]"


def halves(returned: Any, cost: Any) -> Iterator[tuple[Any, Any]]:
    """The cost and the gradient, in the ways in which both may have been returned."""
    if isinstance(returned, (tuple, list)) and len(returned) > 1 and is_number(returned[0]):
        rest = returned[1:]
        yield returned[0], rest[0] if len(rest) == 1 else tuple(rest)
    yield cost, returned


def is_number(value: Any) -> bool:
    """Is it one number, and no list or dict?"""
    return isinstance(value, (int, float)) or getattr(value, "size", 0) == 1
