"""Handles that an author types: tensors, names of derived equations, positions of maxima."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derive.errors import ModelError, Source, counted
from derive.language.axes import Axis, axis_letters, shapes, spread
from derive.language.operators import Misused, Operation, Operators
from derive.language.owner import Owner
from derive.language.surface import Formula, lift, owner_of, places, raised
from derive.values.affine import Affine, Index
from derive.values.nodes import DERIVED, Access, Expr, Partial, derived_by, is_derived
from derive.values.symbols import IndexSymbol
from derive.values.text import render_affine


@dataclass(eq=False)
class Quantity(Operators):
    """A declared tensor: `w[l, j, k]` is an entry, `w`, `w[l, :, :]` are whole arrays, `z[l, i, j] = ...` an equation.

    It has no hash: SymPy's memory of `exp(z)` would outlive a change of what is known about z.
    """

    name: str
    owner: Owner

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ or name not in ("name", "owner"):
            raise ModelError(f"{self.name} has no {name} to set", fix=f"an equation sets entries: {self.name}[i] = ...")
        super().__setattr__(name, value)

    def __getitem__(self, at: Any) -> Formula:
        return self._read(places(at))

    def __delitem__(self, at: Any) -> None:
        raise ModelError(f"an equation of {self.name} cannot be taken back", fix="remove its line")

    def __setitem__(self, at: Any, value: Any) -> None:
        source = source_of(sys._getframe(1))
        try:
            target = self._read(places(at))
            assert isinstance(target.node, Access)
            self.owner.state(target.node, assigned(target, value), source)
        except ModelError as error:
            raise error.at(source) from None

    def _read(self, at: tuple[Affine | None, ...]) -> Formula:
        """The entry at these places, with an axis for every colon."""
        free = iter(axis_letters(at.count(None)))
        full = tuple(Affine.of(next(free)) if p is None else p for p in at)
        inside = ", ".join(":" if p is None else render_affine(p) for p in at)
        text = "" if None not in at else self.name if at.count(None) == len(at) else f"{self.name}[{inside}]"
        return Formula(Access(self.name, full), self.owner, self._axes(at, full), text)

    def _axes(self, at: tuple[Affine | None, ...], full: tuple[Affine, ...]) -> tuple[Axis, ...]:
        kept = [q for q, p in enumerate(at) if p is None]
        tensor = self.owner.known_tensor(self.name) if kept else None
        if tensor is None:
            return (Axis(),) * len(kept)
        if len(tensor.slots) != len(at):
            raise ModelError(
                f"{self.name} has {counted(len(tensor.slots), 'index', 'indices')}, not {len(at)}",
                fix=f"write {self.name} with {counted(len(tensor.slots), 'index', 'indices')}",
            )
        fixed = [(q, s) for q, s in enumerate(tensor.slots) if s.index.name.startswith("@")]
        if any(at[q] is None or full[q] != s.lo for q, s in fixed):
            return (Axis(),) * len(kept)
        ranges = [tensor.range_of(q, full) for q in kept]
        return tuple(Axis(lo, hi, _axis_name(tensor.slots[q].index)) for q, (lo, hi) in zip(kept, ranges, strict=True))

    def as_formula(self) -> Formula:
        """The tensor without brackets: all of it; a scalar, or what no equation defines yet, is a single value."""
        tensor = self.owner.known_tensor(self.name)
        return self._read((None,) * len(tensor.slots) if tensor else ())

    def _sympy_(self) -> Formula:
        return self.as_formula()

    def __str__(self) -> str:
        return self.name

    def join(self, other: Any, operation: Operation, swapped: bool = False) -> Any:
        """The value of `self op other`."""
        return self.as_formula().join(other, operation, swapped)

    def product(self, other: Any, swapped: bool = False) -> Any:
        """The value of `self @ other`."""
        return self.as_array("@").product(other, swapped)

    @property
    def T(self) -> Formula:
        """The transposed matrix. ModelError for anything but a matrix."""
        return self.as_array(".T").T

    @property
    def mT(self) -> Formula:
        """The last two axes change places, in every matrix of a stack."""
        return self.as_array(".mT").mT

    def as_array(self, what: str) -> Formula:
        """All of the tensor. ModelError if nothing gives it a shape yet, which `what` needs."""
        if self.owner.known_tensor(self.name) is None:
            raise ModelError(
                f"no equation above gives {self.name} a shape, which {what} needs",
                fix=f"state its equation first, or write its axes, {self.name}[:, :]",
            )
        return self.as_formula()

    def __lt__(self, other: Any) -> Any:
        return self.as_formula() < other

    def __le__(self, other: Any) -> Any:
        return self.as_formula() <= other

    def __gt__(self, other: Any) -> Any:
        return self.as_formula() > other

    def __ge__(self, other: Any) -> Any:
        return self.as_formula() >= other

    def __abs__(self) -> Any:
        return abs(self.as_formula())

    def __eq__(self, other: object) -> bool:
        raise Misused(f"== does not compare the entries of {self}", fix="Eq(z[i], y[i]) is a condition for Piecewise")

    def __len__(self) -> int:
        raise Misused(f"{self} has no length in numbers", fix="use the size, such as m, of its declaration")


def _axis_name(slot: Index) -> str:
    return "" if slot.name[0] in "_@:" else slot.name


def assigned(target: Formula, value: Any) -> Any:
    """The entry of a right side at the axes of the left side. ModelError if the shapes differ; a scalar fills all."""
    if not target.axes:
        return value
    right = raised(value)
    if len(right.axes) not in (0, len(target.axes)):
        raise ModelError(
            f"the left side has {len(target.axes)} axes, and {shapes(right)}",
            fix="write one colon on the left for every axis on the right; nothing is repeated along an axis",
        )
    spread((target.array, right), target.owner.known_facts())
    return Formula(right.node, target.owner)


def d(entry: Any, by: Any = None) -> Any:
    """The derivative of the objective by a tensor or an entry, `d(z)`, `d(z)[L, i, j]` or `d(z[L, i, j])`.

    With two entries, `d(a[i, j], z[i, k])`, that of the first by the second when all that lies between them follows.
    It stands in `model.alias` and `model.claim` only. Raises ModelError for anything else than tensors and entries.
    """
    if by is None and isinstance(entry, Quantity) and not is_derived(entry.name):
        return Quantity(f"{DERIVED}{entry.name}", entry.owner)
    of = _entry(entry)
    if by is None:
        return Formula(Access(f"{DERIVED}{of.tensor}", of.at), entry.owner, entry.axes)
    pair = Formula(Partial("", of, _entry(by)), owner_of(entry, by))
    if any(raised(x).axes for x in (entry, by)):
        raise ModelError("the derivative of one entry by another needs their indices", fix="d(a[i, j], z[i, k])")
    return pair


def _entry(entry: Any) -> Access:
    entry = entry.as_formula() if isinstance(entry, Quantity) else entry
    if not isinstance(entry, Formula) or not isinstance(entry.node, Access) or is_derived(entry.node.tensor):
        raise ModelError("d(...) takes one entry, such as d(z[L, i, j])")
    return entry.node


def named_by(derivative: Any) -> Access | None:
    """The entry z[L, i, j] of `d(z[L, i, j])`; None if it is something else."""
    found = derivative.as_formula() if isinstance(derivative, Quantity) else derivative
    node = found.node if isinstance(found, Formula) else None
    return derived_by(node) if isinstance(node, Access) and is_derived(node.tensor) else None


class Argmax:
    """The position of the largest entry, for `model.predict`."""

    def __init__(self, value: Expr, index: Index, rest: tuple[Index, ...] = ()) -> None:
        self.value, self.index, self.rest = value, index, rest


def argmax(value: Any, index: Any = None) -> Argmax:
    """The smallest index at which `value` is largest: `argmax(a[L, i, j], j)`, or `argmax(a)` along the last axis."""
    if index is not None and not isinstance(index, IndexSymbol):
        raise ModelError(f"{index} is not an index", fix="argmax(a) is along the last axis, argmax(a[i, j], i) along i")
    if index is not None:
        return Argmax(lift(value), Index(index.name))
    array = raised(value)
    if not array.axes:
        raise ModelError("argmax needs the index that it looks along", fix="argmax(a[i, j], j)")
    return Argmax(array.node, array.letters[-1], array.letters[:-1])


def source_of(frame: Any, line: int | None = None) -> Source:
    """Where a frame stands: file name, line number and the text of the line."""
    file, line = frame.f_code.co_filename, line or frame.f_lineno
    return Source(Path(file).name, line, linecache.getline(file, line).strip())


def _is_ours(module: str) -> bool:
    return module.startswith("derive.") and not module.startswith("derive.models.")


def outer_source() -> Source:
    """The line of the model file that is being executed: the first frame outside the language's own modules."""
    frame = sys._getframe(1)
    while frame.f_back and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return source_of(frame)
