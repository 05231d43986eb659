"""A layout that nobody stated: readings of a signature are tried until the cost is the cost of the model.

The cost tells which layout is meant whether or not the gradient has a mistake. Points have sizes that differ, so that
no array has the shape of its transpose. Without a cost the names decide, else the shapes, if only one layout fits.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge
from itertools import islice
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from derive.derivation import Derivation
from derive.system import System
from verify.case import DIGITS, sharp
from verify.foreign.answers import answers
from verify.foreign.code_keys import keys_of
from verify.foreign.forms import Style, easiest, packed, templates
from verify.foreign.layout import Layout, LayoutError, Named, Values, as_array, show, stated, unbuilt
from verify.foreign.names import Everything, Meaning, Reading, by_name, readings
from verify.foreign.names import plain as plain_name
from verify.foreign.points import Among, drawn_among
from verify.foreign.target import Target, scalar, widths_of
from verify.instance import Instance, instance
from verify.numbers import Balls
from verify.run import floats, unstored
from verify.sizes import Sizes, depths, satisfied
from verify.unroll import Unrolled

TRIES = 400  # at one depth
EFFORT = 6  # how far a form may be from that of the model
PACE = 4  # so many readings of the names weigh as much as one step of effort
CLOSE = 1e-9
ALIKE = 1e-6
SEEDS = 8  # widths are drawn so often, and those that differ most are taken
WIDEST = 7
MOST = 12  # layouts whose gradients are compared


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
class Unknown:
    """Why no layout was found, and what was tried."""

    reason: str


@dataclass(frozen=True)
class Search:
    """What stays the same while layouts are tried."""

    gradient: Callable[..., Any]
    cost: Callable[..., Any] | None
    derivation: Derivation
    seed: int
    among: Among


def found(search: Search, sizes: Sequence[Sizes]) -> Layout | Unknown:
    """The layout of a function, or why it is not known."""
    system = search.derivation.system
    try:
        signatures = called_with(search)
    except (TypeError, ValueError):
        return Unknown("its signature cannot be read")
    tried, fitting, reasons = 0, list[tuple[Sizes, Trial]](), dict[str, None]()
    strange: Trial | None = None  # the cost is right, the gradient has another shape
    for names, by_word in signatures:
        for first, second in by_depth(search, sizes, names):
            place = Place(search, first)
            for parts, reading, literal in islice(candidates(search, names, place.values), TRIES):
                tried += 1
                arguments = [Named(n, p) if n in by_word else p for n, p in zip(names, parts, strict=True)]
                one = place.trial(names, arguments, reading, literal, reasons)
                if one is not None and one.cost and Place(search, second).confirms(one):
                    if one.blocks:
                        return layout_of(one, system)
                    strange = strange or one
                elif one is not None and one.blocks:
                    fitting.append((first, one))
    chosen = strange or without_cost(search, fitting)
    return layout_of(chosen, system) if chosen else Unknown(explained(tried, fitting, list(reasons)))


def layout_of(one: Trial, system: System) -> Layout:
    """The layout of a trial."""
    return stated(one.arguments, one.returns, [t.name for t in system.role("parameter")])


def called_with(search: Search) -> list[tuple[list[str], set[str]]]:
    """The names of the arguments, and those passed by name: without options that no letter is called like, and with."""
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(search.gradient).parameters.values()
    names = [p.name for p in parameters if p.kind in plain and p.default is p.empty]
    words = [p.name for p in parameters if p.kind == p.KEYWORD_ONLY and p.default is p.empty]
    optional = [p.name for p in parameters if p.kind in (*plain, p.KEYWORD_ONLY) and p.default is not p.empty]
    letters = {plain_name(t.name) for t in search.derivation.system.tensors}
    likely = [n for n in optional if plain_name(n) in letters]
    ways = [likely, optional, []]
    return [([*names, *words, *own], {*words, *own}) for q, own in enumerate(ways) if own not in ways[:q]]


def by_depth(search: Search, sizes: Sequence[Sizes], names: Sequence[str]) -> list[tuple[Sizes, Sizes]]:
    """Two sizes for every depth, whose numbers differ; first the depths at which numbered names are layers."""
    system = search.derivation.system
    deep = depths(system)
    groups: dict[tuple[int, ...], list[Sizes]] = {}
    for one in sizes:
        groups.setdefault(tuple(one.size(n) for n in deep), []).append(one)
    chosen = []
    for group in groups.values():
        wide = [replace(one, kind="random", widest=WIDEST, seed=q) for q in range(SEEDS) for one in group]
        ranked = sorted(filter(lambda one: satisfied(system, one), wide), key=lambda one: -different(system, one))
        best = ranked[:2] if len(ranked) > 1 else group[:1] * 2
        chosen.append((best[0], best[1]))
    return sorted(chosen, key=lambda pair: -len(by_name(names, system, Place(search, pair[0]).values)))


def different(system: System, one: Sizes) -> int:
    """How many sizes and widths differ."""
    own = widths_of(system, one).values()
    return len({one.size(name) for name in system.sizes} | {n for numbers in own for n in numbers.values()})


def candidates(search: Search, names: Sequence[str], values: Values) -> Iterator[tuple[list[Any], Reading, bool]]:
    """Templates of the arguments, least effort first."""
    system, keys = search.derivation.system, keys_of(search.gradient)
    packings: dict[Meaning | None, list[Any]] = {None: [None]}
    easy: dict[int, list[Style]] = {}

    def of(number: int, reading: Reading) -> Iterator[tuple[int, int, int, list[Any], Reading, bool]]:
        more = number // PACE
        whole = next((m for m in reading.meanings if isinstance(m, Everything)), None)
        if whole is not None and whole not in packings:
            packings[whole] = list(packed(whole, values, keys, system))
        forms = packings[whole]
        chosen = easy.setdefault(len(forms), []) or easiest(system, len(forms), EFFORT)
        easy[len(forms)] = chosen
        for q, (effort, literal, parts) in enumerate(templates(reading, chosen, values, forms, EFFORT - more)):
            yield effort + more, number, q, parts, reading, literal

    likely = islice(readings(names, system, values), PACE * (EFFORT + 1))
    for *_, parts, reading, literal in merge(*(of(*one) for one in enumerate(likely)), key=lambda way: way[:3]):
        yield parts, reading, literal


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


def without_cost(search: Search, fitting: Sequence[tuple[Sizes, Trial]]) -> Trial | None:
    """The layout that the names state; else the only one that fits; else the one that most blocks speak for.

    A multiple of a hyper-parameter is never chosen: without a cost it could make a wrong decay right.
    """
    for _, one in fitting:
        if one.certain:
            return one
    taken: dict[str, tuple[Sizes, Trial]] = {}
    for sizes, one in fitting:
        if one.literal:
            taken.setdefault(one.text, (sizes, one))
    if not taken:
        return None
    several = list(taken.values())[:MOST]
    scores = [Place(search, sizes).right(one) for sizes, one in several]
    best = several[scores.index(max(scores))]
    clear = scores.count(max(scores)) == 1 and 2 * max(scores) > len(best[1].blocks)
    perfect = max(scores) == len(best[1].blocks)
    if not perfect and any(not one.literal and Place(search, s).right(one) > max(scores) for s, one in fitting[:MOST]):
        return None
    return best[1] if clear or len(several) == 1 else None


def explained(tried: int, fitting: Sequence[tuple[Sizes, Trial]], reasons: Sequence[str]) -> str:
    """What was tried, and how to state a layout."""
    state = "state it: --layout 'w.T, b, x, y', or arguments=[...]"
    if fitting:
        some = " or ".join(dict.fromkeys(one.text for _, one in fitting[:2]))
        return f"{tried} layouts were tried; {some} would fit, but no cost says so; {state}"
    last = f"; one of them: {reasons[0]}" if reasons else ""
    return f"{tried} layouts were tried, and none fits{last}; {state}"
