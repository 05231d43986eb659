"""The forms in which letters are passed: orientations, multiples, lists and dicts of layers, one long vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, permutations, product
from typing import Any

import numpy as np

from derive.system import System
from derive.values.affine import Size
from verify.foreign.layout import Flat, Layers, show
from verify.foreign.names import Everything, Letter, Meaning, Reading, Values, by_name, in_turn, layers

MULTIPLES = ("{}", "{} * {m}", "{} / {m}", "2 * {}", "{} / 2", "{} ** 2")
FEW = 4  # matrices that may be turned one by one
KEYINGS = 24  # ways to give keys of a dict to parameters


@dataclass(frozen=True)
class Style:
    """Choices for a whole signature: most people turn all weights or none (`uniform`), all data or none.

    `ones`: samples have a column of ones in front. `zeros`: what is -1 or 1 in the model is passed as 0 or 1.
    """

    weights: frozenset[str]
    data: bool
    offsets: bool
    multiple: str
    packing: int
    layered: str
    uniform: bool
    ones: bool = False
    zeros: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()

    @property
    def effort(self) -> int:
        """How far it is from the forms of the model itself."""
        turns = bool(self.weights) + (not self.uniform) + self.data + self.offsets + self.ones
        return turns + 2 * (self.multiple != "{}") + (self.layered == "dict") + (self.packing + 1) // 3


def styles(system: System, packings: int, signs: frozenset[str]) -> Iterator[Style]:
    """All styles of a model; `signs` are data that are -1 or 1."""
    multiples = MULTIPLES if system.role("hyper") else MULTIPLES[:1]
    m = samples(system)
    texts = dict.fromkeys(text.replace("{m}", m) for text in multiples if m or "{m}" not in text)
    both = (False, True)
    matrices = [t.name for t in system.role("parameter") if len(t.slots) > 1]
    few = len(matrices) <= FEW
    some = [frozenset(c) for k in range(len(matrices) + 1) for c in combinations(matrices, k) if few or not k]
    turned = dict.fromkeys((frozenset[str](), frozenset(matrices), *some))
    zeros = dict.fromkeys((frozenset[str](), signs))
    for weights, data, offsets, multiple, packing, layered, ones, zero in product(
        turned, both, both, texts, range(packings), ("list", "dict"), both, zeros
    ):
        yield Style(weights, data, offsets, multiple, packing, layered, len(weights) in (0, len(matrices)), ones, zero)


def samples(system: System) -> str:
    """The size that all data have: how many samples there are. Empty if there is none."""
    shared = [{a.name for s in t.slots for a, _ in s.hi.terms if isinstance(a, Size)} for t in system.role("data")]
    return next((name for name in system.sizes if shared and all(name in names for names in shared)), "")


def easiest(system: System, packings: int, most: int, signs: frozenset[str] = frozenset()) -> list[Style]:
    """The styles that take little effort, least first."""
    return sorted((s for s in styles(system, packings, signs) if s.effort <= most), key=lambda style: style.effort)


def templates(
    reading: Reading, chosen: Sequence[Style], values: Values, packings: Sequence[Any], most: int
) -> Iterator[tuple[int, bool, list[Any]]]:
    """Templates of the arguments: the effort, whether hyper-parameters are taken as they are, and the templates."""
    seen: set[str] = set()
    for style in (replace(style, fixed=reading.fixed) for style in chosen if style.effort <= most):
        parts = [part(meaning, style, values, packings) for meaning in reading.meanings]
        if (text := show(parts)) not in seen:
            seen.add(text)
            literal = style.multiple == "{}" or not any(is_hyper(meaning) for meaning in reading.meanings)
            yield style.effort, literal, parts


def is_hyper(meaning: Meaning) -> bool:
    """Is it a hyper-parameter?"""
    return isinstance(meaning, Letter) and meaning.role == "hyper"


def part(meaning: Meaning, style: Style, values: Values, packings: Sequence[Any]) -> Any:
    """One argument in a style."""
    if isinstance(meaning, Everything):
        return styled(packings[style.packing], style, values)
    return letter_in(meaning, style, values)


def styled(template: Any, style: Style, values: Values) -> Any:
    """A template of letters in a style."""
    if isinstance(template, Letter):
        return letter_in(template, style, values)
    if isinstance(template, Flat):
        return template
    if isinstance(template, Packed):
        return Flat(*(turned(x, style, values) for x in template.letters), order="F" if template.by_columns else "C")
    if isinstance(template, Mapping):
        return {key: styled(inside, style, values) for key, inside in template.items()}
    return type(template)(styled(inside, style, values) for inside in template)


def letter_in(letter: Letter, style: Style, values: Values) -> Any:
    """A letter in a style; one with layers is a list or a dict of them."""
    text = turned(letter, style, values)
    if letter.key is None and isinstance(values[letter.name], dict):
        return Layers(text) if style.layered == "list" or text != letter.name else text
    return style.multiple.format(text) if letter.role == "hyper" and letter.name not in style.fixed else text


def turned(letter: Letter, style: Style, values: Values) -> str:
    """The text of a letter, turned where the style turns it."""
    value = values[letter.name]
    array = (
        value[letter.key]
        if letter.key is not None
        else next(iter(value.values()))
        if isinstance(value, dict)
        else value
    )
    rank = np.ndim(array)
    turn = {
        "data": style.data and rank > 0,
        "parameter": letter.name in style.weights if rank > 1 else style.offsets and rank == 1,
    }
    text = f"{letter.text}.T" if turn.get(letter.role) else letter.text
    if letter.role == "data" and style.ones and rank == 2:
        text = f"ones({letter.text}){'.T' if style.data else ''}"
    return f"({text} + 1) / 2" if letter.name in style.zeros else text


@dataclass(frozen=True)
class Packed:
    """One long vector of letters."""

    letters: tuple[Letter, ...]
    by_columns: bool = False


def packed(meaning: Everything, values: Values, keys: Sequence[str], system: System) -> Iterator[Any]:
    """The forms of all parameters in one argument: a dict by keys that the code names, a vector, lists."""
    whole = list(meaning.letters)
    by_tensor = [layer for letter in whole for layer in layers(letter, values)]
    by_layer = [x for x in in_turn(whole, values) if isinstance(x, Letter)]
    dicts = keyed(by_tensor, by_layer, keys, system, values)
    yield from islice(dicts, 2)
    orders = [list(order) for order in permutations(whole)] if len(whole) < 4 else [whole]
    ordered = ([x for letter in order for x in layers(letter, values)] for order in orders[1:])
    vectors = list(dict.fromkeys(map(tuple, (by_tensor, by_layer, *ordered))))
    for vector in vectors:
        yield Packed(vector)
    yield {letter.name: letter for letter in whole}
    yield from orders
    yield by_layer
    yield [tuple(x for x in by_layer if x.key == key) for key in dict.fromkeys(x.key for x in by_layer)]
    for vector in vectors:
        yield Packed(vector, by_columns=True)
    yield from dicts


def keyed(
    by_tensor: list[Letter], by_layer: list[Letter], keys: Sequence[str], system: System, values: Values
) -> Iterator[dict[str, Letter]]:
    """Dicts by keys that stand in the code."""
    known = {k: x for k, x in by_name(keys, system, values).items() if x.role == "parameter"}
    if {layer for letter in known.values() for layer in layers(letter, values)} == set(by_tensor):
        yield known
    for letters in (by_tensor, by_layer):
        if len(keys) >= len(letters):
            for order in islice(permutations(letters), KEYINGS):
                yield dict(zip(keys, order, strict=False))
