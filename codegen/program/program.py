"""The array program: what a model computes, between its equations and any target language.

`str(program)` prints it, `program.check()` types it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy

from codegen.program.array import Line, Map, Store
from codegen.program.checking import check_lines
from codegen.program.listing import list_lines, list_store
from codegen.program.walks import assigns, values
from derive.errors import Source
from derive.values.affine import Affine
from derive.values.facts import Facts


@dataclass(frozen=True)
class Helper:
    """A scalar function that the program calls: its formula, and how it came about (`f'`, `log of f`)."""

    name: str
    arguments: tuple[sympy.Symbol, ...]
    formula: sympy.Expr
    origin: str = ""


@dataclass(frozen=True)
class Section:
    """Consecutive lines: `reads` are the stores that it needs from outside, `gives` those that later ones read."""

    name: str
    lines: tuple[Line, ...]
    reads: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """Forward, cost and gradient of one model, and what it predicts.

    `helpers` are functions with a formula, `callables` those that a user of the program brings; `names` maps letters
    of the model to names in code, `values` integer data to the lowest and the highest place that they mean, `sources`
    equations to where they are written; `rewrites` are those of whole equations that the code rests on. `unshown` are
    sizes that no given array shows.
    """

    name: str
    stores: tuple[Store, ...]
    sections: tuple[Section, ...]
    helpers: tuple[Helper, ...] = ()
    callables: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    facts: Facts = field(default_factory=Facts)
    values: Mapping[str, tuple[Affine, Affine]] = field(default_factory=dict)
    rewrites: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    unshown: tuple[str, ...] = ()

    def store(self, name: str) -> Store:
        """The store of that name."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Store]:
        return {s.name: s for s in self.stores}

    def section(self, name: str) -> Section:
        """forward, cost, gradient or predict."""
        return next(s for s in self.sections if s.name == name)

    def first_call(self, name: str) -> Source | None:
        """Where the first equation stands whose code calls a function."""
        for line, _ in (found for section in self.sections for found in assigns(section.lines)):
            if any(isinstance(value, Map) and value.op == name for value in values(line.value)):
                return self.sources.get(line.id)
        return None

    def check(self) -> None:
        """Every statement is well typed and reads only what was computed. ProgramError names the one that is not."""
        known = {s.name for s in self.stores if s.role in ("parameter", "data", "hyper")}
        for section in self.sections:
            known |= check_lines(section.lines, {s.name: s for s in self.stores}, known, self.facts)

    def __str__(self) -> str:
        stores = [list_store(s) for s in self.stores]
        sections = [line for s in self.sections for line in (f"{s.name}:", *list_lines(s.lines, "  "))]
        return "\n".join([f"program {self.name}", *(f"  {s}" for s in stores), *sections])
