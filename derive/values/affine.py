"""Integer expressions: positions of entries and bounds of ranges.

Everything that stands inside square brackets is affine, `2*t + s - 1`, over four kinds of atom: an index `l`,
a size `m`, a width `n(l - 1)`, and an entry of integer data `label[i]`. Affine expressions are kept in one
normal form, so two that are equal as affine expressions are equal as objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property


class Node:
    """A frozen tree node. `key` is its canonical text: equality, hash and order are those of the key."""

    @cached_property
    def key(self) -> str:
        raise NotImplementedError(type(self).__name__)

    @property
    def letters(self) -> tuple[Index, ...]:
        """The index letters that stand free in this node."""
        return ()

    def replaced(self, values: Mapping[Node, Affine]) -> Node:
        """The node with `values` put for the atoms inside it."""
        return self

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Node) and type(self) is type(other) and self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class Index(Node):
    """An index letter, `l`. Primes mark copies that a rule made: `l'`."""

    name: str

    @cached_property
    def key(self) -> str:
        return self.name

    @property
    def letters(self) -> tuple[Index, ...]:
        return (self,)


@dataclass(frozen=True, eq=False)
class Size(Node):
    """A symbolic size, `m` or `L`: a positive integer that stays symbolic for ever."""

    name: str

    @cached_property
    def key(self) -> str:
        return f"#{self.name}"


@dataclass(frozen=True, eq=False)
class Width(Node):
    """A size that depends on a position, `n(l - 1)`."""

    name: str
    at: Affine

    @cached_property
    def key(self) -> str:
        return f"#{self.name}({self.at.key})"

    @property
    def letters(self) -> tuple[Index, ...]:
        return indices(self.at)

    def replaced(self, values: Mapping[Node, Affine]) -> Node:
        return Width(self.name, replace(self.at, values))


@dataclass(frozen=True, eq=False)
class Affine(Node):
    """Sum of integer multiples of atoms plus an integer: `terms` sorted by key, no zero coefficient."""

    terms: tuple[tuple[Node, int], ...]
    constant: int

    @cached_property
    def key(self) -> str:
        return "+".join([f"{c}{a.key}" for a, c in self.terms] + [str(self.constant)])

    @staticmethod
    def of(value: Node | int) -> Affine:
        """The affine expression of an integer, of an atom, or of itself."""
        if isinstance(value, Affine):
            return value
        return Affine((), value) if isinstance(value, int) else Affine(((value, 1),), 0)

    def __add__(self, other: Affine | Node | int) -> Affine:
        other = Affine.of(other)
        if not (other.terms or other.constant):
            return self
        if not other.terms or not self.terms:
            return Affine(self.terms or other.terms, self.constant + other.constant)
        return collect((*self.terms, *other.terms), self.constant + other.constant)

    def __sub__(self, other: Affine | Node | int) -> Affine:
        other = Affine.of(other)
        return self + other * -1 if other.terms else self + -other.constant

    def __mul__(self, factor: int) -> Affine:
        if factor == 1:
            return self
        terms = tuple((a, c * factor) for a, c in self.terms) if factor else ()
        return Affine(terms, self.constant * factor)

    def over(self, divisor: int) -> Affine | None:
        """The quotient by an integer, if all terms are multiples of it."""
        if any(c % divisor for c in (*(c for _, c in self.terms), self.constant)):
            return None
        return Affine(tuple((a, c // divisor) for a, c in self.terms), self.constant // divisor)

    def coefficient(self, atom: Node) -> int:
        """The integer in front of `atom`, 0 if it does not stand here (widths and data are not searched)."""
        return next((c for a, c in self.terms if a == atom), 0)

    @property
    def alone(self) -> Node | None:
        """The atom, if the expression is one atom and nothing else."""
        return self.terms[0][0] if len(self.terms) == 1 and self.terms[0][1] == 1 and not self.constant else None

    @property
    def letter(self) -> Index | None:
        """The index, if the expression is one index and nothing else."""
        atom = self.alone
        return atom if isinstance(atom, Index) else None

    @property
    def number(self) -> int | None:
        """The integer, if the expression is one."""
        return None if self.terms else self.constant


def collect(terms: Iterable[tuple[Node, int]], constant: int) -> Affine:
    """Normal form: equal atoms added up, zeros dropped, sorted by key."""
    total: dict[Node, int] = {}
    for atom, count in terms:
        total[atom] = total.get(atom, 0) + count
    kept = sorted(((a, c) for a, c in total.items() if c), key=lambda term: term[0].key)
    return Affine(tuple(kept), constant)


Atoms = Mapping[Node, Affine] | Mapping[Index, Affine]


def replace(affine: Affine, values: Atoms) -> Affine:
    """Put `values` for atoms, also inside the argument of a width and inside entries of integer data."""
    if not affine.terms or not values:
        return affine
    if not any(atom in values or not isinstance(atom, (Index, Size)) for atom, _ in affine.terms):
        return affine
    table: dict[Node, Affine] = dict(values.items())
    result = Affine((), affine.constant)
    for atom, count in affine.terms:
        value = table.get(atom)
        if value is None:
            inner = atom.replaced(table)
            value = table.get(inner, Affine.of(inner))
        result = result + value * count
    return result


def indices(affine: Affine) -> tuple[Index, ...]:
    """Every index letter in the expression, those inside widths and data included, without repetition."""
    return tuple(dict.fromkeys(letter for atom, _ in affine.terms for letter in atom.letters))
