"""A layout that nobody stated: readings of a signature are tried until the cost is the cost of the model.

The cost tells which layout is meant whether or not the gradient has a mistake. Points have sizes that differ, so that
no array has the shape of its transpose. Without a cost the names decide, else the shapes, if only one layout fits.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import islice
from typing import Any

from derive.system import System
from verify.foreign.code_keys import keys_of
from verify.foreign.forms import Style, easiest, packed, templates
from verify.foreign.layout import Layout, Named, Values, stated
from verify.foreign.names import Everything, Meaning, Reading, by_name, readings
from verify.foreign.names import plain as plain_name
from verify.foreign.target import widths_of
from verify.foreign.trials import Place, Search, Trial
from verify.sizes import Sizes, depths, satisfied

TRIES = 400  # at one depth
EFFORT = 6  # how far a form may be from that of the model
PACE = 4  # so many readings of the names weigh as much as one step of effort
SEEDS = 8  # widths are drawn so often, and those that differ most are taken
WIDEST = 7
MOST = 12  # layouts whose gradients are compared


@dataclass(frozen=True)
class Unknown:
    """Why no layout was found, and what was tried."""

    reason: str


@dataclass
class Tried:
    """What came of the layouts so far: how many there were, those that fit but for the cost, and why others do not."""

    count: int = 0
    fitting: list[tuple[Place, Trial]] = field(default_factory=list)
    reasons: dict[str, None] = field(default_factory=dict)
    strange: Trial | None = None  # the cost is right, the gradient has another shape


def found(search: Search, sizes: Sequence[Sizes]) -> Layout | Unknown:
    """The layout of a function, or why it is not known."""
    system = search.derivation.system
    try:
        signatures = called_with(search)
    except (TypeError, ValueError):
        return Unknown("its signature cannot be read")
    tried = Tried()
    ragged = ((names, words, by_depth(search, sizes, names)) for names, words in signatures)
    chosen = with_cost(search, ragged, tried) or tried.strange or without_cost(tried.fitting)
    if chosen is None and not tried.fitting:  # a mistake may be such that it can only be called where all is square
        square = ((names, words, by_square(search, sizes)) for names, words in signatures)
        chosen = with_cost(search, square, tried) or next((one for _, one in tried.fitting if one.certain), None)
    return layout_of(chosen, system) if chosen else Unknown(explained(tried))


Signature = tuple[list[str], set[str], Sequence[tuple[Place, Place]]]


def with_cost(search: Search, signatures: Iterable[Signature], tried: Tried) -> Trial | None:
    """The first layout for which the cost is that of the model at both places of a pair."""
    for names, by_word, pairs in signatures:
        for first, second in pairs:
            for parts, reading, literal in islice(candidates(search, names, first.values), TRIES):
                tried.count += 1
                arguments = [Named(n, p) if n in by_word else p for n, p in zip(names, parts, strict=True)]
                one = first.trial(names, arguments, reading, literal, tried.reasons)
                if one is not None and one.cost and second.confirms(one):
                    if one.blocks:
                        return one
                    tried.strange = tried.strange or one
                elif one is not None and one.blocks:
                    tried.fitting.append((first, one))
    return None


def by_square(search: Search, sizes: Sequence[Sizes]) -> list[tuple[Place, Place]]:
    """For every depth one size that is as square as it can be, with two draws of values."""
    other, deep = replace(search, seed=search.seed + 1), depths(search.derivation.system)
    ranked = sorted(sizes, key=lambda one: one.kind != "square")
    chosen = {tuple(one.size(n) for n in deep): replace(one, kind="square") for one in reversed(ranked)}
    return [(Place(search, one), Place(other, one)) for one in chosen.values()]


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


def by_depth(search: Search, sizes: Sequence[Sizes], names: Sequence[str]) -> list[tuple[Place, Place]]:
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
        chosen.append((Place(search, best[0]), Place(search, best[1])))
    return sorted(chosen, key=lambda pair: -len(by_name(names, system, pair[0].values)))


def different(system: System, one: Sizes) -> int:
    """How many sizes and widths differ."""
    own = widths_of(system, one).values()
    return len({one.size(name) for name in system.sizes} | {n for numbers in own for n in numbers.values()})


def candidates(search: Search, names: Sequence[str], values: Values) -> Iterator[tuple[list[Any], Reading, bool]]:
    """Templates of the arguments, least effort first."""
    system, keys = search.derivation.system, keys_of(search.gradient)
    packings: dict[Meaning | None, list[Any]] = {None: [None]}
    easy: dict[int, list[Style]] = {}
    signs = frozenset(name for name, values in search.among.items() if {*values} == {-1, 1})

    def of(number: int, reading: Reading) -> Iterator[tuple[int, int, int, list[Any], Reading, bool]]:
        more = number // PACE
        whole = next((m for m in reading.meanings if isinstance(m, Everything)), None)
        if whole is not None and whole not in packings:
            packings[whole] = list(packed(whole, values, keys, system))
        forms = packings[whole]
        chosen = easy.setdefault(len(forms), []) or easiest(system, len(forms), EFFORT, signs)
        easy[len(forms)] = chosen
        for q, (effort, literal, parts) in enumerate(templates(reading, chosen, values, forms, EFFORT - more)):
            yield effort + more, number, q, parts, reading, literal

    likely = islice(readings(names, system, values), PACE * (EFFORT + 1))
    for *_, parts, reading, literal in merge(*(of(*one) for one in enumerate(likely)), key=lambda way: way[:3]):
        yield parts, reading, literal


def without_cost(fitting: Sequence[tuple[Place, Trial]]) -> Trial | None:
    """The layout that the names state; else the only one that fits; else the one that most blocks speak for.

    A multiple of a hyper-parameter is never chosen: without a cost it could make a wrong decay right.
    """
    for _, one in fitting:
        if one.certain:
            return one
    taken: dict[str, tuple[Place, Trial]] = {}
    for place, one in fitting:
        if one.literal:
            taken.setdefault(one.text, (place, one))
    if not taken:
        return None
    several = list(taken.values())[:MOST]
    scores = [place.right(one) for place, one in several]
    best = several[scores.index(max(scores))]
    clear = scores.count(max(scores)) == 1 and 2 * max(scores) > len(best[1].blocks)
    perfect = max(scores) == len(best[1].blocks)
    if not perfect and any(not one.literal and place.right(one) > max(scores) for place, one in fitting[:MOST]):
        return None
    return best[1] if clear or len(several) == 1 else None


def explained(tried: Tried) -> str:
    """What was tried, and how to state a layout."""
    state = "state it: --layout 'w.T, b, x, y', or arguments=[...]"
    if tried.fitting:
        some = " or ".join(dict.fromkeys(one.text for _, one in tried.fitting[:2]))
        return f"{tried.count} layouts were tried; {some} would fit, but no cost says so; {state}"
    last = next((f"; one of them: {reason}" for reason in tried.reasons), "")
    return f"{tried.count} layouts were tried, and none fits{last}; {state}"
