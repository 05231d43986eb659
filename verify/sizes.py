"""Concrete sizes for a model: small, honouring every declared bound and equality, seeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from random import Random

from derive.errors import ModelError
from derive.order.dependence import reads
from derive.system import System
from derive.values.affine import Affine, Index, Node, Size, Width, indices
from derive.values.binders import Bound
from derive.values.nodes import Expr

Letters = Mapping[str, int]
DEPTHS = (5, 8, 12)  # the largest number of layers that is tried, then larger ones
ATTEMPTS = 40
MANY = 4  # sizes of their own


@dataclass(frozen=True)
class Sizes:
    """Numbers for the sizes of a system. `kind` says how widths are drawn: one, square (all equal), or random."""

    equal: tuple[tuple[Node, Affine], ...]
    numbers: tuple[tuple[str, int], ...]
    kind: str = "random"
    widest: int = 3
    seed: int = 0

    def __str__(self) -> str:
        return ", ".join([*(f"{name}={value}" for name, value in self.numbers), f"{self.kind} widths"])

    def size(self, name: str) -> int:
        """The value of a size."""
        for node, right in self.equal:
            if node == Size(name):
                return self.value(right)
        return dict(self.numbers)[name]

    def width(self, name: str, position: int) -> int:
        """The value of n(position), an equality first."""
        for node, right in self.equal:
            if isinstance(node, Width) and node.name == name:
                letter = node.at.alone
                letters = {letter.name: position} if isinstance(letter, Index) else {}
                if self.value(node.at, letters) == position and right != Affine.of(Width(name, Affine.of(position))):
                    return self.value(right, letters)
        if self.kind == "random":
            return Random(f"{self.seed} {name} {position}").randint(1, self.widest)
        return 1 if self.kind == "one" else 2

    def value(self, affine: Affine, letters: Letters | None = None, entry: Callable[[Expr], int] | None = None) -> int:
        """The integer that an affine expression stands for; `entry` gives places that depend on values."""
        total = affine.constant
        for atom, count in affine.terms:
            if isinstance(atom, Index):
                total += count * (letters or {})[atom.name]
            elif isinstance(atom, Size):
                total += count * self.size(atom.name)
            elif isinstance(atom, Width):
                total += count * self.width(atom.name, self.value(atom.at, letters, entry))
            else:
                assert isinstance(atom, Expr) and entry is not None, atom.key
                total += count * entry(atom)
        return total

    def places(self, bounds: tuple[Bound, ...], letters: Letters | None = None) -> Iterator[dict[str, int]]:
        """All values of the bound letters, the last one fastest; empty ranges have no place."""
        if not bounds:
            yield dict(letters or {})
            return
        first, *rest = nested(bounds)
        for place in range(self.value(first.lo, letters), self.value(first.hi, letters) + 1):
            yield from self.places(tuple(rest), {**(letters or {}), first.index.name: place})


def nested(bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """The bounds in an order in which no range depends on a letter that comes later."""
    left, done = list(bounds), list[Bound]()
    while left:
        waiting = {b.index for b in left}
        ready = next(b for b in left if not waiting & {*indices(b.lo), *indices(b.hi)})
        done.append(ready)
        left.remove(ready)
    return tuple(done)


def depths(system: System) -> tuple[str, ...]:
    """The sizes that tell how long a recurrence is: they stand in a width or a position, or end a shifted index."""
    found: set[str] = set()
    for equation in (*system.equations, system.objective):
        for access, bounds in (*reads(equation.value, equation.bounds), (equation.target, equation.bounds)):
            ends = {b.index: b.hi for b in bounds}
            for position in access.at:
                found |= named_sizes(position)
                if position.constant and len(position.terms) == 1 and isinstance(position.terms[0][0], Index):
                    found |= named_sizes(ends[position.terms[0][0]])
    for tensor in system.tensors:
        for slot in tensor.slots:
            for bound in (slot.lo, slot.hi):
                found |= {name for atom, _ in bound.terms if isinstance(atom, Width) for name in named_sizes(atom.at)}
    return tuple(name for name in system.sizes if name in found)


def named_sizes(affine: Affine) -> set[str]:
    """The plain sizes in an affine expression."""
    return {atom.name for atom, _ in affine.terms if isinstance(atom, Size)}


def plan(system: System, seed: int = 0) -> tuple[Sizes, ...]:
    """Sizes to check at: each depth from the smallest allowed; width 1, one sample, square and ragged widths."""
    deep = depths(system)
    allowed = next(filter(None, (_allowed(system, deep, most, seed) for most in DEPTHS)), None)
    if allowed is None:
        raise ModelError(f"no sizes up to {DEPTHS[-1]} satisfy the declared bounds of {system.name}")
    chosen = allowed if len(deep) <= 1 else spread(allowed)
    kinds = ("random", "one", "square")
    wanted = [(kind, chosen[0]) for kind in kinds]
    wanted += [(kinds[q % 3], numbers) for q, numbers in enumerate(chosen[1:])]
    wanted += [("one", chosen[-1])] if len(chosen) > 1 else [("random", chosen[0])] * 2
    made = [
        draw(system, dict(zip(deep, numbers, strict=True)), kind, seed + q, [k for k, _ in wanted[:q]].count("random"))
        for q, (kind, numbers) in enumerate(wanted)
    ]
    return tuple(dict.fromkeys(sizes for sizes in made if sizes))


def _allowed(system: System, deep: tuple[str, ...], most: int, seed: int) -> list[tuple[int, ...]]:
    """The depths up to `most` that the facts allow, smallest first."""
    return [
        numbers
        for numbers in product(range(1, most + 1), repeat=len(deep))
        if draw(system, dict(zip(deep, numbers, strict=True)), "random", seed)
    ]


def spread(allowed: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Of the allowed tuples the smallest, the largest, and those that differ from the smallest in one number."""
    least = allowed[0]
    return [t for t in allowed if sum(a != b for a, b in zip(t, least, strict=True)) <= 1 or t == allowed[-1]]


def draw(system: System, numbers: Mapping[str, int], kind: str, seed: int, number: int = 0) -> Sizes | None:
    """Sizes with the given numbers, the others drawn; None if the facts forbid them.

    `random` ones are different. Where there are many they are 2, 3 or 4, so that any two differ in one of the first
    three such draws (`number` 0, 1 and 2): all different, they would make tensors too large to unroll.
    """
    rest = [name for name in system.sizes if name not in numbers]
    for attempt in range(ATTEMPTS if kind == "random" else ATTEMPTS // 5):
        dice = Random(f"{seed} {attempt}")
        most = 3 + attempt // 5 if attempt < ATTEMPTS // 2 else 2 ** (attempt // 5)
        if kind == "random" and len(rest) > MANY and attempt == 0:
            drawn = {name: 2 + q // 3 ** (number % 3) % 3 for q, name in enumerate(rest)}
        elif kind == "random":
            drawn = dict(zip(rest, dice.sample(range(2, len(rest) + most), len(rest)), strict=True))
        else:
            least = 1 if kind == "one" else 2
            drawn = {name: least if attempt == 0 else dice.randint(least, most) for name in rest}
        ordered = tuple((name, {**drawn, **numbers}[name]) for name in system.sizes)
        sizes = Sizes(system.facts.equal, ordered, kind, most, seed + attempt)
        if satisfied(system, sizes):
            return sizes
    return None


def satisfied(system: System, sizes: Sizes) -> bool:
    """Do the sizes obey every declared bound and equality (for all letters from 1 to the largest depth)?"""

    def holds(gap: Affine, equality: bool) -> bool:
        names = tuple(letter.name for letter in indices(gap))
        values = (
            sizes.value(gap, dict(zip(names, place, strict=True)))
            for place in product(range(1, DEPTHS[0] + 1), repeat=len(names))
        )
        return all(value == 0 if equality else value >= 0 for value in values)

    try:
        return all(holds(bound, False) for bound in system.facts.at_least) and all(
            holds(right - left, True) for left, right in sizes.equal
        )
    except RecursionError:
        return False
