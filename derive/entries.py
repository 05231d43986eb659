"""Handles that an author types: tensors, rows of tensors, names of derived equations, positions of maxima."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from typing import Any

from derive.affine import Index
from derive.errors import ModelError, Source
from derive.expression import Access, Expr
from derive.surface import Formula, Owner, lift, lift_affine


class Quantity:
    """A declared tensor: `w[l, j, k]` reads an entry, `z[l, i, j] = ...` states an equation."""

    def __init__(self, name: str, owner: Owner) -> None:
        self.name, self.owner = name, owner

    def __getitem__(self, at: Any) -> Any:
        at = at if isinstance(at, tuple) else (at,)
        if any(isinstance(p, slice) for p in at):
            return Row(self.name, at)
        return Formula(Access(self.name, tuple(lift_affine(p) for p in at)), self.owner)

    def __setitem__(self, at: Any, value: Any) -> None:
        at = at if isinstance(at, tuple) else (at,)
        source = source_of(sys._getframe(1))
        try:
            self.owner.state(Access(self.name, tuple(lift_affine(p) for p in at)), value, source)
        except ModelError as error:
            raise error.at(source) from None

    __iter__ = None  # `sum(z)` would never end

    def as_node(self) -> Expr:
        """A scalar tensor may be written without brackets."""
        return Access(self.name)

    def _sympy_(self) -> Formula:
        return Formula(self.as_node(), self.owner)

    def __add__(self, other: Any) -> Any:
        return self._sympy_() + other

    def __radd__(self, other: Any) -> Any:
        return other + self._sympy_()

    def __sub__(self, other: Any) -> Any:
        return self._sympy_() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self._sympy_()

    def __mul__(self, other: Any) -> Any:
        return self._sympy_() * other

    def __rmul__(self, other: Any) -> Any:
        return other * self._sympy_()

    def __truediv__(self, other: Any) -> Any:
        return self._sympy_() / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self._sympy_()

    def __pow__(self, other: Any) -> Any:
        return self._sympy_() ** other

    def __lt__(self, other: Any) -> Any:
        return self._sympy_() < other

    def __le__(self, other: Any) -> Any:
        return self._sympy_() <= other

    def __gt__(self, other: Any) -> Any:
        return self._sympy_() > other

    def __ge__(self, other: Any) -> Any:
        return self._sympy_() >= other

    def __neg__(self) -> Any:
        return -self._sympy_()


class Row:
    """A whole vector of a tensor, `a[L, i, :]`, the argument of an opaque functional."""

    def __init__(self, name: str, at: tuple[Any, ...]) -> None:
        self.name, self.at = name, at


class Named:
    """`d(z[L, i, j])`: the adjoint equation of an entry, to be given a textbook name."""

    def __init__(self, target: Access) -> None:
        self.target = target


def d(entry: Formula) -> Named:
    """The derivative of the objective by an entry, for naming its equation: `model.alias(top=d(z[L, i, j]))`."""
    if not isinstance(entry, Formula) or not isinstance(entry.node, Access):
        raise ModelError("d(...) takes one entry, such as d(z[L, i, j])")
    return Named(entry.node)


class Argmax:
    """The position of the largest entry, for `model.predict`."""

    def __init__(self, value: Expr, index: Index) -> None:
        self.value, self.index = value, index


def argmax(value: Any, index: Any) -> Argmax:
    """The smallest index at which `value` is largest: `argmax(a[L, i, j], j)`."""
    return Argmax(lift(value), Index(index.name))


def source_of(frame: Any, line: int | None = None) -> Source:
    """Where a frame stands: file name, line number and the text of the line."""
    file, line = frame.f_code.co_filename, line or frame.f_lineno
    return Source(Path(file).name, line, linecache.getline(file, line).strip())


def outer_source() -> Source:
    """The line of the model file that is being executed: the first frame outside the language's own modules."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "") in (__name__, "derive.model"):
        frame = frame.f_back
    return source_of(frame)
