"""What random models read: views of tensors, at letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Need = tuple[tuple[str, str], ...]  # letters that an expression has to use, with their axes


@dataclass(frozen=True)
class View:
    """Something that is read at one letter for each axis; `loose` tells which letters stand in no slot alone."""

    text: str
    axes: tuple[str, ...]
    loose: tuple[int, ...] = ()


def read(name: str, positions: Sequence[str]) -> str:
    """The text of an entry."""
    return f"{name}[{', '.join(positions)}]" if positions else name


def at_order(name: str, order: Sequence[int], positions: Sequence[str]) -> str:
    """An entry whose slots are stored in another order."""
    return read(name, [positions[q] for q in order])
