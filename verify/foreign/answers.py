"""What a function may return for parameters that were passed in a known form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verify.foreign.layout import Flat
from verify.foreign.names import Everything, Letter, Reading, plain

AFFIXES = re.compile(r"^(d_?|grad_?|g_|nabla_|delta_)|(_?grads?|_bar)$")


def answers(returned: Any, names: Sequence[str], reading: Reading, parts: Sequence[Any]) -> Iterator[Any]:
    """Templates of a gradient, the form of the parameters first."""
    mine = {n: p for n, p, meaning in zip(names, parts, reading.meanings, strict=True) if is_parameter(meaning)}
    first = next(iter(mine.values()))
    if isinstance(returned, Mapping):
        known = dict(first) if len(mine) == 1 and isinstance(first, Mapping) else mine
        letters = {m.name: p for m, p in zip(reading.meanings, parts, strict=True) if isinstance(m, Letter)}
        for named in (known, {n: p for n, p in letters.items() if p in mine.values()}):
            found = by_keys(returned, named)
            if found:
                yield found
        return
    yield first if len(mine) == 1 else tuple(mine.values())
    pieces = [p for part in mine.values() for p in leaves(part)]
    if all(isinstance(p, str) for p in pieces):
        yield tuple(pieces)
        yield Flat(*pieces)
        yield Flat(*pieces, order="F")


def is_parameter(meaning: Any) -> bool:
    """Is it a parameter, or all of them?"""
    return isinstance(meaning, Everything) or meaning.role == "parameter"


def leaves(part: Any) -> Iterator[Any]:
    """The pieces of a template, one after another."""
    if isinstance(part, Flat):
        yield from part.parts
    elif isinstance(part, Mapping):
        for inside in part.values():
            yield from leaves(inside)
    elif isinstance(part, (list, tuple)):
        for inside in part:
            yield from leaves(inside)
    else:
        yield part


def by_keys(returned: Mapping[Any, Any], named: Mapping[str, Any]) -> dict[Any, Any] | None:
    """A dict whose keys are those names, perhaps with a `d` in front. None if one is not there."""
    found: dict[Any, Any] = {}
    for name, part in named.items():
        keys = [k for k in returned if k == name] or [k for k in returned if AFFIXES.sub("", str(k)) == name]
        keys = keys or [k for k in returned if plain(AFFIXES.sub("", str(k))) == plain(name)]
        if len(keys) != 1:
            return None
        found[keys[0]] = part
    return found
