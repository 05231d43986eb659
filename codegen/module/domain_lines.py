"""Checking of domains: the lines that raise an error where data leave an equation without a value."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_changes
from functools import cached_property

from codegen.lower import divided
from codegen.lowering.elements import lower_expr
from codegen.lowering.scope import Scope, must_loop
from codegen.module.spelling import Speller
from codegen.program.array import ARITHMETIC, CHOICE, ELEMENTARY, Map, Value
from codegen.program.naming import free_name
from codegen.program.program import Program
from codegen.program.walks import values
from codegen.rewriting.domains import Need, given_by_data, needs
from derive.errors import Refused
from derive.system import System
from derive.values.nodes import Access
from derive.values.text import render_expr

LONGEST = 116
NEEDS = '''

def _needs(said, values, holds):
    """Raise an error that names the first place, counted from 0, at which a condition does not hold."""
    if not np.all(holds):
        at = tuple(int(q) for q in np.argwhere(np.logical_not(holds))[0])
        raise ValueError(f"{said}{list(at) if at else ''} is {np.asarray(values)[at]}")'''


@dataclass(frozen=True)
class Domains:
    """The checks of one section: forward, cost or predict."""

    system: System
    program: Program
    section: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Where each size is read off, then one check for each condition."""
        speller = self._speller()
        sizes = dict.fromkeys(name[1:] for _, used in self._checks for name in used if name.startswith("#"))
        return (
            *(f"{speller.names[name]} = {speller.size(name)}" for name in sizes),
            *(line for rows, _ in self._checks for line in rows),
        )

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """The data and numbers that the lines read, in declared order."""
        used = {name for _, names in self._checks for name in names}
        return tuple(s.name for s in self.program.stores if s.name in used)

    @cached_property
    def _checks(self) -> tuple[tuple[list[str], tuple[str, ...]], ...]:
        """The lines of every condition that is one array of data, and the names in them."""
        found = []
        for need in self._needs():
            speller = self._speller()
            try:
                rows = self._rows(need, speller)
                for name in [name[1:] for name in speller.used if name.startswith("#")]:
                    speller.size(name)
            except Refused:
                continue
            roles = {s.role for s in self.program.stores if s.name in speller.used}
            if rows and roles <= {"data", "hyper"}:
                found.append((rows, tuple(speller.used)))
        return tuple(found)

    def _speller(self) -> Speller:
        return Speller(self.program, dict(self.program.names))

    def _needs(self) -> tuple[Need, ...]:
        """The conditions of this section, each once."""
        found: dict[tuple[str, str], Need] = {}
        forward, cost = divided(self.system)
        stated = [(s.value, s.bounds) for s in {"forward": forward, "cost": cost}.get(self.section, [])]
        if self.section == "predict" and (prediction := self.system.prediction):
            over = (prediction.over,) if prediction.over else ()
            stated = [(prediction.value, (*prediction.bounds, *over))]
        given = given_by_data(self.system)
        for value, bounds in stated:
            for need in needs(value, bounds, self.system, given):
                found.setdefault((need.value.key, need.domain.shown), need)
        return tuple(found.values())

    def _rows(self, need: Need, speller: Speller) -> list[str]:
        """The check of one condition; nothing where its argument is no one array, or calls what the code lacks."""
        scope = Scope(self.system.facts, self.system.by_name, {s.tensor: s for s in self.program.stores}, {})
        if must_loop(need.value, need.bounds, scope):
            return []
        order = tuple(b.index for b in need.bounds)
        value = lower_expr(need.value, with_changes(scope.with_axes(need.bounds), order=order))
        return self._check(need, speller.text(value)) if self._can_call(value) else []

    def _check(self, need: Need, text: str) -> list[str]:
        plain = text.isidentifier()
        name = text if plain else free_name("value", dict(self.program.names).values())
        said = (
            f"{render_expr(need.formula)} needs {need.domain.shown.format(render_expr(need.argument))}, "
            f"but {_spoken(need, text)}"
        )
        test = need.domain.test.format(name)
        before = [] if plain else [f"{name} = {text}"]
        line = f'_needs("{said}", {name}, {test})'
        if len(line) + 4 > LONGEST:
            return [*before, "_needs(", f'    "{said}",', f"    {name}, {test}", ")"]
        return [*before, line]

    def _can_call(self, value: Value) -> bool:
        known = {*ARITHMETIC, *ELEMENTARY, CHOICE, "spread", "typed", *(h.name for h in self.program.helpers)}
        return all(v.op in known for v in values(value) if isinstance(v, Map))


def _spoken(need: Need, text: str) -> str:
    """The array in which the place is given."""
    argument = need.argument
    if isinstance(argument, Access) and all(p.letter for p in argument.at):
        return argument.tensor
    return f"({text})" if len(text) < 40 else "its argument"
