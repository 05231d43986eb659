"""Integers in code: sizes, widths, loop letters, and where they are read off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codegen.module.phrases import ATOM, POWER
from codegen.program.array import Map, Places, Value
from codegen.program.measure import Measure, measure_size, measure_width
from codegen.program.program import Program
from derive.regions.regions import extent
from derive.values.affine import Affine, Index, Node, Size, Width
from derive.values.binders import Bound


@dataclass
class Integers:
    """Spells integers of one function body; `used` collects the sizes, stores and functions that the text names."""

    program: Program
    names: Mapping[str, str]
    loops: Mapping[Index, Bound] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    widths_named: bool = False

    def letter(self, index: Index) -> str:
        """A loop letter in code; a prime becomes an underscore."""
        plain = index.name.rstrip("'")
        return self.names.get(plain, plain) + "_" * (len(index.name) - len(plain))

    def affine(self, affine: Affine) -> str:
        """`2 * t + s - 1`"""
        ordered = sorted(affine.terms, key=lambda term: term[1] < 0)
        parts: list[str] = []
        for atom, count in ordered:
            size = self.integer(atom) if abs(count) == 1 else f"{abs(count)} * {self.integer(atom)}"
            parts.append((" - " if count < 0 else " + ") + size if parts else ("-" if count < 0 else "") + size)
        if affine.constant or not parts:
            sign = " - " if affine.constant < 0 else " + "
            parts.append(sign + str(abs(affine.constant)) if parts else str(affine.constant))
        return "".join(parts)

    def length(self, affine: Affine) -> str:
        """A number of places: 0 if a range ends before it begins."""
        return self.affine(affine) if self.never_negative(affine) else f"max({self.affine(affine)}, 0)"

    def never_negative(self, affine: Affine) -> bool:
        """Is an integer at least 0 in every pass of the loops?"""
        return bool(self.program.facts.below(Affine.of(0), extent(affine, tuple(self.loops.values())).lo))

    def integer(self, atom: Node) -> str:
        """A loop letter, a size, or the length of an array axis."""
        if isinstance(atom, Index):
            return self.letter(atom)
        if isinstance(atom, Size):
            self.used[f"#{atom.name}"] = None
            return self.names[atom.name]
        assert isinstance(atom, Width), type(atom).__name__
        if self.widths_named:
            return f"{self.names[atom.name]}[{self.affine(atom.at)}]"
        return self.measured(measure_width(atom, self.loops, self.program.stores, self.program.facts))

    def size(self, name: str) -> str:
        """Where a size is read off: `x.shape[0]`, `max(w)`."""
        return self.measured(measure_size(name, self.program.stores))

    def measured(self, measure: Measure) -> str:
        """The spelling of a measure."""
        self.used[measure.store] = None
        offset = f" {'+' if measure.offset > 0 else '-'} {abs(measure.offset)}" if measure.offset else ""
        if measure.axis is None:
            return f"max({measure.store}){offset}"
        keys = f"[{', '.join(map(self.affine, measure.keys))}]" if measure.keys else ""
        length = f"{measure.store}{keys}.shape[{measure.axis}]{offset}"
        if measure.times == 1:
            return length
        return f"({length}) // {measure.times}" if offset else f"{length} // {measure.times}"

    def identity(self, value: Map, dtype: str) -> str | None:
        """`np.eye(n, dtype=bool)`: the place of a row is that of a column."""
        if value.op != "==" or len(value.axes) != 2 or not all(map(is_letter, value.args)):
            return None
        one, two = value.axes
        if not (self.program.facts.same(one.lo, two.lo) and self.program.facts.same(one.hi, two.hi)):
            return None
        return f"np.eye({self.affine(one.hi - one.lo + 1)}, dtype={dtype})"

    def triangle(self, value: Map) -> tuple[str, int] | None:
        """`np.tri(T, dtype=bool)`: places p <= t of columns p and rows t; the opposite of t < p if p are the rows."""
        low, high = value.args if value.op == "<=" else (None, None)
        if not (isinstance(low, Places) and isinstance(high, Places) and len(value.axes) == 2):
            return None
        if not low.of.coefficient(low.axis.index) == high.of.coefficient(high.axis.index) == 1:
            return None
        rows, columns = value.axes
        gap = replace_letter(high.of, high.axis)[0] - replace_letter(low.of, low.axis)[0]
        upper = rows.index == low.axis.index
        shift = gap * -1 - 1 if upper else gap
        sizes = [self.affine(a.hi - a.lo + 1) for a in (rows, columns)]
        if shift.number != 0:
            sizes.append(self.affine(shift))
        elif sizes[0] == sizes[1]:
            sizes.pop()
        return f"{'~' if upper else ''}np.tri({', '.join(sizes)}, dtype=bool)", POWER if upper else ATOM

    def like(self) -> str:
        """An array whose dtype new arrays take."""
        given = [s for s in self.program.stores if s.role in ("data", "parameter") and not s.integer]
        given = [s for s in given if s.axes or s.keys] or given
        store = min(given, key=lambda s: (len(s.keys), s.role != "data"))
        self.used[store.name] = None
        return store.name if not store.keys else f"{store.name}[{', '.join(self.affine(k.hi) for k in store.keys)}]"


def is_letter(value: Value) -> bool:
    """The integers of one axis, as they are counted there."""
    return isinstance(value, Places) and value.of.alone == value.axis.index


def replace_letter(affine: Affine, axis: Bound) -> tuple[Affine, Affine]:
    """An expression at the two ends of an axis."""
    step = affine.coefficient(axis.index)
    rest = affine - Affine.of(axis.index) * step
    return rest + axis.lo * step, rest + axis.hi * step
