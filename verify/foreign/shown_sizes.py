"""The sizes that the arrays of a point show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.errors import ModelError
from derive.system import System, Tensor
from derive.values.affine import Affine, Index, Size, Width, indices
from verify.run import unstored
from verify.sizes import Sizes, satisfied

ROUNDS = 3  # sizes that depend on others are known after these


@dataclass(frozen=True)
class Given(Sizes):
    """Sizes whose widths are listed."""

    widths: tuple[tuple[str, int, int], ...] = ()

    def width(self, name: str, position: int) -> int:
        known = {(n, p): value for n, p, value in self.widths}
        return known[name, position] if (name, position) in known else super().width(name, position)


def sizes_at(system: System, at: Mapping[str, Any]) -> Given:
    """The sizes that the arrays of a point have. ModelError if they do not show one, or break a declared fact."""
    seen = Seen()
    shown = [(t, ends(t, [p for _, p in unstored(t, at[t.name])])) for t in system.tensors if t.name in at and t.slots]
    for _ in range(ROUNDS):
        for tensor, found in shown:
            seen.look(tensor, found)
    for name in system.sizes:
        if name not in seen.sizes:
            equal = dict(system.facts.equal).get(Size(name))
            if equal is None:
                raise ModelError(f"the arrays of the point do not show the size {name}")
            seen.sizes[name] = Sizes(system.facts.equal, tuple(seen.sizes.items())).value(equal)
    widths = tuple((name, position, value) for (name, position), value in seen.widths.items())
    numbers = tuple((name, seen.sizes[name]) for name in system.sizes)
    made = Given(system.facts.equal, numbers, "given", widths=widths)
    if not satisfied(system, made):
        raise ModelError("the sizes of the point break what the model declares about sizes")
    return made


def ends(tensor: Tensor, positions: list[tuple[int, ...]]) -> list[tuple[Affine, int, dict[Index, int]]]:
    """The bound of every slot and where it ends; of a slot that depends on others, for each of their values."""
    found: list[tuple[Affine, int, dict[Index, int]]] = []
    for q, slot in enumerate(tensor.slots):
        outer = outer_slots(tensor, slot.hi)
        last: dict[tuple[int, ...], int] = {}
        for p in positions:
            values = tuple([p[k] for k in outer])
            if p[q] > last.get(values, p[q] - 1):
                last[values] = p[q]
        names = [tensor.slots[k].index for k in outer]
        found += [(slot.hi, end, dict(zip(names, values, strict=True))) for values, end in last.items()]
    return found


def outer_slots(tensor: Tensor, *bounds: Affine) -> list[int]:
    """The slots whose letters stand in bounds."""
    letters = set[Index]().union(*map(inner_letters, bounds))
    return [k for k, slot in enumerate(tensor.slots) if slot.index in letters]


@dataclass
class Seen:
    """What is known so far."""

    sizes: dict[str, int] = field(default_factory=dict)
    widths: dict[tuple[str, int], int] = field(default_factory=dict)

    def look(self, tensor: Tensor, ends: list[tuple[Affine, int, dict[Index, int]]]) -> None:
        """What the ends of the slots of a tensor tell."""
        for bound, last, letters in ends:
            self.learn(bound, last, letters, tensor.name)

    def learn(self, bound: Affine, count: int, letters: dict[Index, int], name: str) -> None:
        """bound = count, solved for the only atom that is not known."""
        known = {a: self.sizes[a.name] for a, _ in bound.terms if isinstance(a, Size) and a.name in self.sizes}
        rest = count - bound.constant - sum(known[a] * k for a, k in bound.terms if isinstance(a, Size) and a in known)
        open_terms = [(a, k) for a, k in bound.terms if not (isinstance(a, Size) and a in known)]
        if len(open_terms) != 1 or open_terms[0][1] != 1:
            return
        atom = open_terms[0][0]
        if isinstance(atom, Size):
            self.sizes[atom.name] = rest
        elif isinstance(atom, Width) and (place := self.place(atom.at, letters)) is not None:
            before = self.widths.setdefault((atom.name, place), rest)
            if before != rest:
                raise ModelError(f"{name} has {rest} entries where {atom.name}({place}) is {before} elsewhere")

    def place(self, position: Affine, letters: dict[Index, int]) -> int | None:
        """The number that a position is, if all that it needs is known."""
        total = position.constant
        for atom, count in position.terms:
            value = letters.get(atom) if isinstance(atom, Index) else None
            if isinstance(atom, Size):
                value = self.sizes.get(atom.name)
            if value is None:
                return None
            total += count * value
        return total


def inner_letters(bound: Affine) -> set[Index]:
    """The index letters in a bound, also inside widths."""
    return {
        letter for atom, _ in bound.terms for letter in (indices(atom.at) if isinstance(atom, Width) else ())
    } | set(indices(bound))
