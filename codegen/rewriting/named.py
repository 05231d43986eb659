"""What a rewriting of statements works with: definitions of entries, and the variables and functions that it names."""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy

from codegen.program.program import Helper
from codegen.stable.composed import formula_of, overflows, saturating
from codegen.stable.cores import HOLE, put
from codegen.stable.forms import stable
from derive.order.dependence import Statement
from derive.regions.regions import extent
from derive.system import Slot, System, Tensor
from derive.values.affine import Affine, Node, indices, replace
from derive.values.binders import Bound
from derive.values.facts import Facts
from derive.values.match import match
from derive.values.nodes import MINUS_ONE, ONE, Access, Call, Expr, add, mul
from derive.values.walks import outline, walk


@dataclass
class Named:
    """Collects the new variables and functions of one model, each named once."""

    system: System
    tensors: dict[str, Tensor] = field(default_factory=dict)
    helpers: dict[str, Helper] = field(default_factory=dict)
    known: dict[str, list[Statement]] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)

    def noted(self, rewrite: str, before: Expr, after: Expr) -> Expr:
        """The new expression; if it differs, the name of the rewrite is kept for the report."""
        if before != after:
            self.used[rewrite] = None
        return after

    def definition(self, entry: Access, bounds: tuple[Bound, ...]) -> Expr | None:
        """The right side of the equation that holds at an entry."""
        for equation in self.system.equations_of(entry.tensor):
            found = match(equation.target, entry, frozenset(b.index for b in equation.bounds))
            if found is not None and self.within(found, equation.bounds, bounds):
                return equation.value.replaced(found)
        return None

    def own(self, name: str) -> bool:
        """Is it a function of the model, not SymPy's?"""
        return any(f.name == name for f in self.system.functions)

    def within(
        self, found: dict[Node, Affine], own: tuple[Bound, ...], bounds: tuple[Bound, ...], facts: Facts | None = None
    ) -> bool:
        """Do the positions lie in the ranges of the letters? Ranges that depend on another letter follow by shape."""
        facts = facts or self.system.facts
        for bound in own:
            if bound.index not in found:
                return False
            if indices(bound.hi):
                continue
            reach = extent(found[bound.index], bounds)
            if not (
                facts.below(replace(bound.lo, found), reach.lo) and facts.below(reach.hi, replace(bound.hi, found))
            ):
                return False
        return True

    def variable(
        self, name: str, entry: Access, value: Expr, bounds: tuple[Bound, ...], made: list[Statement]
    ) -> Access:
        """A new variable for a value that an entry leads to."""
        letters = dict.fromkeys(x for p in entry.at for x in indices(p))
        own = tuple(b for x in letters for b in bounds if b.index == x)
        return self.named(name, value, own, made)

    def named(self, name: str, value: Expr, own: tuple[Bound, ...], made: list[Statement]) -> Access:
        """The entry of a variable with this value; a new one unless the value is known, up to letters and shifts."""
        found = self.recalled(value, own)
        if found is not None:
            return found
        number, unique = 1, name
        system = self.system
        taken = {*self.tensors, *system.by_name, *system.sizes, *system.widths, *system.letters}
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        self.tensors[unique] = Tensor(unique, "variable", tuple(Slot(b.index, b.lo, b.hi) for b in own))
        made.append(Statement(unique, Access(unique, tuple(Affine.of(b.index) for b in own)), own, value))
        self.remember(made[-1])
        return made[-1].target

    def remember(self, statement: Statement) -> None:
        """The value of this statement is read from its target where it stands again."""
        self.known.setdefault(outline(statement.value), []).append(statement)

    def recalled(self, value: Expr, bounds: tuple[Bound, ...], facts: Facts | None = None) -> Access | None:
        """The entry that has this value, of the first statement that gives one wherever the value stands."""
        found = (self.instance(s, value, bounds, facts) for s in self.known.get(outline(value), []))
        return next((entry for entry in found if entry is not None), None)

    def instance(
        self, statement: Statement, value: Expr, bounds: tuple[Bound, ...], facts: Facts | None = None
    ) -> Access | None:
        """The entry of the statement's target that has this value, if there is one wherever the value stands."""
        found = match(statement.value, value, frozenset(b.index for b in statement.bounds))
        if found is None or not self.within(found, statement.bounds, bounds, facts):
            return None
        entry = statement.target.replaced(found)
        assert isinstance(entry, Access)
        return entry

    def spoken(self, tensor: str) -> str:
        """The name of a tensor or an adjoint in code."""
        return self.system.adjoint_name(tensor[2:]) if tensor.startswith("d.") else tensor

    def name_of(self, core: Expr) -> str:
        """The name of an entry, or those in an argument."""
        if isinstance(core, Access):
            return self.spoken(core.tensor)
        return "_".join(dict.fromkeys(self.spoken(n.tensor) for n in walk(core) if isinstance(n, Access)))

    def worth(self, expr: Expr, core: Expr) -> bool:
        """Does a stable form of an expression differ from what is written?"""
        if overflows(expr):
            return True
        if not saturating(expr, frozenset(f.name for f in self.system.functions)):
            return False
        symbol = letter_of(core)
        try:
            formula = formula_of(put(expr, core, HOLE), HOLE, symbol, self.system)
            return formula.has(symbol) and stable(formula, symbol).rule != "plain"
        except ValueError:
            return False

    def composed(self, expr: Expr, entry: Expr, name: str) -> Expr:
        """A call of a new function of the entry, a constant as such; the expression if SymPy has no formula for it."""
        symbol = letter_of(entry)
        try:
            formula = formula_of(put(expr, entry, HOLE), HOLE, symbol, self.system)
            if not formula.has(symbol):
                return stable(formula, symbol).value
        except ValueError:
            return expr
        alike = (h.name for h in self.helpers.values() if (h.arguments, h.formula) == ((symbol,), formula))
        number, unique = 1, next(alike, name)
        while unique in self.helpers and self.helpers[unique].formula != formula:
            number += 1
            unique = f"{name}_{number}"
        self.helpers.setdefault(unique, Helper(unique, (symbol,), formula))
        return Call(unique, (entry,))


def letter_of(core: Expr) -> sympy.Symbol:
    """The letter of an argument in the formula of a function."""
    return sympy.Symbol(core.tensor.replace(".", "_") if isinstance(core, Access) else "s", real=True)


def log_name(argument: Expr, entry: Access, base: str) -> str:
    """log_sigmoid, log_one_minus_sigmoid, or log_of_sigmoid for anything else."""
    if argument == entry:
        return f"log_{base}"
    return f"log_one_minus_{base}" if argument == add(ONE, mul(MINUS_ONE, entry)) else f"log_of_{base}"
