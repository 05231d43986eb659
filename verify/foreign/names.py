"""What the names in a signature may stand for, in the letters of a model: the likely readings first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, zip_longest
from typing import Any

from derive.system import System

Values = Mapping[str, Any]
NUMBERED = re.compile(r"(?P<stem>.*?[^\d_])_?(?P<number>\d+)$")
SPELLINGS = {"lambda": "lam", "lambd": "lam", "lmbda": "lam", "λ": "lam", "α": "alpha", "β": "beta", "ρ": "rho"}
MEANINGS = (  # words that people use, and the usual letter of a model
    ("w", ("weight", "weights", "coef", "coefs", "kernel", "kernels", "ws")),
    ("b", ("bias", "biases", "intercept", "intercepts", "offset", "offsets", "bs")),
    ("x", ("data", "inputs", "input", "features", "images", "samples")),
    ("y", ("labels", "targets", "target", "truth")),
    ("label", ("labels", "targets", "target", "classes", "y")),
)
READINGS = 60  # ways to give meaning to names that say nothing


@dataclass(frozen=True)
class Letter:
    """A parameter, data, hyper-parameter or size of the model, or one layer `key` of it."""

    role: str
    name: str
    key: int | None = None

    @property
    def text(self) -> str:
        return self.name if self.key is None else f"{self.name}[{self.key}]"


@dataclass(frozen=True)
class Everything:
    """All these parameters in one argument; `keys` are those of a dict, as far as the text of the code shows them."""

    letters: tuple[Letter, ...]


Meaning = Letter | Everything


@dataclass(frozen=True)
class Reading:
    """What each argument stands for. `certain`: every name is a letter of the model.

    `fixed` are hyper-parameters called what the model calls them: another word may mean a multiple.
    """

    meanings: tuple[Meaning, ...]
    certain: bool
    fixed: frozenset[str]


def plain(name: str) -> str:
    """A name without case, underscores at its ends, and other spellings."""
    bare = name.strip("_").lower()
    return SPELLINGS.get(bare, bare)


def letters_of(system: System, values: Values) -> list[Letter]:
    """All that the model is given; a parameter with layers is one letter."""
    return [Letter(t.role, t.name) for role in ("parameter", "data", "hyper") for t in system.role(role)]


def layers(letter: Letter, values: Values) -> list[Letter]:
    """The layers of a letter, or itself."""
    value = values[letter.name]
    return [Letter(letter.role, letter.name, key) for key in value] if isinstance(value, dict) else [letter]


def by_name(names: Sequence[str], system: System, values: Values) -> dict[str, Letter]:
    """The names that are letters: written alike, or but for case and spelling, or numbered like layers."""
    letters = letters_of(system, values)
    found = {name: letter for name in names for letter in letters if letter.name == name}
    for name in names:
        alike = [x for x in letters if plain(x.name) == plain(name) and x.name not in named(found)]
        if name not in found and len(alike) == 1:
            found[name] = alike[0]
    sizes = {x.name: x for x in counts(system, values) if x.name in names}
    found |= {name: x for name, x in sizes.items() if name not in found}
    found |= numbered([n for n in names if n not in found], letters, values)
    for name in names:
        meant = [x for x in letters if plain(name) in meanings_of(x.name) and x.name not in named(found)]
        if name not in found and len(meant) == 1:
            found[name] = meant[0]
    return found


def named(found: Mapping[str, Letter]) -> set[str]:
    """The letters that have a name."""
    return {letter.name for letter in found.values()}


def numbered(names: Sequence[str], letters: Sequence[Letter], values: Values) -> dict[str, Letter]:
    """W1, W2 as the layers of w, whatever the number of the first one."""
    stems: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        if match := NUMBERED.match(name):
            stems.setdefault(match["stem"], []).append((int(match["number"]), name))
    found: dict[str, Letter] = {}
    for stem, members in stems.items():
        for letter in letters:
            own = layers(letter, values)
            known = plain(letter.name) == plain(stem) or plain(stem) in meanings_of(letter.name)
            if known and own != [letter] and len(own) == len(members):
                found |= {name: layer for (_, name), layer in zip(sorted(members), own, strict=True)}
                break
    return found


def meanings_of(letter: str) -> tuple[str, ...]:
    """The words that usually stand for a letter."""
    return next((words for known, words in MEANINGS if known == letter), ())


def readings(names: Sequence[str], system: System, values: Values) -> Iterator[Reading]:
    """What the names of arguments may stand for: by their names first, then whatever is left in the order written."""
    known = by_name(names, system, values)
    data = {name: letter for name, letter in known.items() if letter.role != "parameter"}
    ways = [completed(names, kept, system, values) for kept in (known, data, {})]
    seen: set[tuple[Meaning, ...]] = set()
    for some in zip_longest(*ways):
        for reading in some:
            if reading is not None and reading.meanings not in seen:
                seen.add(reading.meanings)
                yield reading


def completed(names: Sequence[str], known: Mapping[str, Letter], system: System, values: Values) -> Iterator[Reading]:
    """The readings that keep what is known."""
    open_names = [name for name in names if name not in known]
    used = named(known)
    fixed = frozenset(letter.name for name, letter in known.items() if letter.role == "hyper" and letter.name == name)
    left = [letter for letter in letters_of(system, values) if letter.name not in used]
    if not open_names:
        if not any(letter.role == "parameter" for letter in left):
            certain = all(x.role != "hyper" or x.name in fixed for x in known.values())
            yield Reading(tuple(known[name] for name in names), certain, fixed)
        return
    for given in islice(given_to(open_names, left, system, values), READINGS):
        both = {**known, **given}
        yield Reading(tuple(both[name] for name in names), False, fixed)


def given_to(
    names: Sequence[str], left: Sequence[Letter], system: System, values: Values
) -> Iterator[dict[str, Meaning]]:
    """Meanings for names that are no letters, such that every parameter has a place; likely ones first."""
    parameters = [letter for letter in left if letter.role == "parameter"]
    others = [letter for letter in left if letter.role != "parameter"]
    sizes = [layer for size in counts(system, values) for layer in layers(size, values)]
    forms: list[list[Meaning]] = [list[Meaning](parameters)]
    if parameters:
        forms.append([Everything(tuple(parameters))])
        forms.append([layer for letter in parameters for layer in layers(letter, values)])
        forms.append(in_turn(parameters, values))
    found: list[tuple[int, int, dict[str, Meaning]]] = []
    for number, form in enumerate(unique(forms)):
        rest = len(names) - len(form)
        if rest < 0:
            continue
        for taken in islice(permutations([*others, *sizes], rest), READINGS * 20):
            pool = [*form, *taken]
            orders = permutations(pool) if len(pool) <= 4 else iter([tuple(pool)])
            for order in orders:
                given = dict(zip(names, order, strict=True))
                found.append((strangeness(given, [*form, *others, *sizes]), number, given))
    yield from (given for *_, given in sorted(found, key=lambda one: one[:2]))


def counts(system: System, values: Values) -> list[Letter]:
    """The widths and sizes of the model."""
    given = {t.name for t in system.tensors}
    own = [name for name in values if name not in given]
    return [Letter("size", name) for name in sorted(own, key=lambda name: not isinstance(values[name], dict))]


def in_turn(parameters: Sequence[Letter], values: Values) -> list[Meaning]:
    """Layer by layer: w[2], b[2], w[3], b[3]."""
    keys = dict.fromkeys(layer.key for letter in parameters for layer in layers(letter, values))
    return [x for key in keys for letter in parameters for x in layers(letter, values) if x.key == key]


def unique(forms: Sequence[list[Meaning]]) -> list[list[Meaning]]:
    """Every form once, and none that is empty but the first."""
    return [form for q, form in enumerate(forms) if form not in forms[:q]]


def strangeness(given: Mapping[str, Meaning], order: Sequence[Meaning]) -> int:
    """How much a reading goes against what names suggest and against the order in which the model lists things."""
    places = [order.index(meaning) for meaning in given.values()]
    turned = sum(b < a for a, b in zip(places, places[1:], strict=False))
    far = sum(places) // 4
    odd = sum(4 * unlikely(name, meaning) for name, meaning in given.items())
    return odd + turned + far


CONTAINERS = ("params", "parameters", "theta", "p", "weights", "model", "packed", "flat", "vector", "coef")
COUNTS = re.compile(r"n_|num|size|dim|visible|hidden|outputs|inputs|classes|layers|rows|cols|^[nmdkhc]$")


def unlikely(name: str, meaning: Meaning) -> int:
    """0 where a name suggests a meaning, 1 where it says nothing, 2 where it suggests another one."""
    bare = plain(name)
    if isinstance(meaning, Everything):
        return 0 if bare in CONTAINERS else 1
    if bare in CONTAINERS[:3]:
        return 2
    stem = match["stem"] if (match := NUMBERED.match(name)) else name
    if plain(stem) == plain(meaning.name) or plain(stem) in meanings_of(meaning.name):
        return 0
    known = {word for letter, words in MEANINGS for word in (letter, *words)}
    if meaning.role == "size":
        return 0 if COUNTS.search(bare) else 2
    return 2 if plain(stem) in known and meaning.role == "hyper" else 1
