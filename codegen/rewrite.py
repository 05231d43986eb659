"""Stability across equations: rewriting of the statements before lowering.

1. log(a[..]), where a is a function of one entry or a product of exponentials and sums of them, is taken of the
   right side of a, so that no probability is formed first.
2. Rows of exponentials are shifted by their largest entry.
3. What depends on one entry only, and may overflow, becomes a function with a stable form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace as with_changes

import sympy

from codegen.composed import entry_of, formula_of, overflows
from codegen.program import Helper
from codegen.rows import Row, degree, is_exp, rows_of, shifted
from derive.affine import Affine, Index, Node, indices, replace
from derive.expression import (
    MINUS_ONE,
    ONE,
    Access,
    Add,
    Bound,
    Call,
    Expr,
    Functional,
    Mul,
    Number,
    Pow,
    Sum,
    add,
    free_indices,
    mul,
    substitute,
    walk,
)
from derive.match import canonical, match
from derive.regions import extent
from derive.schedule import Statement
from derive.system import Slot, System, Tensor


@dataclass
class Rewriter:
    """Rewrites the sections of one model in order; collects the new variables and functions that it names."""

    system: System
    tensors: dict[str, Tensor] = field(default_factory=dict)
    helpers: dict[str, Helper] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    def section(self, statements: list[Statement]) -> list[Statement]:
        """The statements of one section, in stable form, those that they need before them."""
        found: list[Statement] = []
        for statement in statements:
            value = self.logs(statement.value, statement.bounds, found)
            found.append(Statement(statement.id, statement.target, statement.bounds, value))
        shifts: list[Statement] = []
        for statement in found:
            value = self.shifts(statement, shifts)
            value = self.compose(value, statement.target.tensor)
            shifts.append(Statement(statement.id, statement.target, statement.bounds, value))
        return shifts

    # logarithms

    def logs(self, expr: Expr, bounds: tuple[Bound, ...], made: list[Statement]) -> Expr:
        """log(a) by the right side of a, wherever that helps."""
        if isinstance(expr, Call) and expr.function == "log" and not any(expr.orders):
            return self.log(expr, bounds, made)
        inner = (*bounds, *expr.bounds) if isinstance(expr, (Sum, Functional)) else bounds
        children = expr.children
        return expr.rebuild(tuple(self.logs(c, inner, made) for c in children)) if children else expr

    def log(self, call: Call, bounds: tuple[Bound, ...], made: list[Statement]) -> Expr:
        """One logarithm."""
        entry = entry_of(call.args[0])
        if entry is None:
            return call
        definition = self.definition(entry, bounds)
        if definition is None:
            return call
        inner = entry_of(definition)
        if inner is not None and inner != definition:
            base = definition.function if isinstance(definition, Call) else entry.tensor
            return self.composed(put(call, entry, definition), inner, log_name(call.args[0], entry, base))
        terms = log_terms(definition) if call.args[0] == entry else None
        if terms is None:
            return call
        return self.variable(f"log_{entry.tensor}", entry, add(*terms), bounds, made)

    def definition(self, entry: Access, bounds: tuple[Bound, ...]) -> Expr | None:
        """The right side of the equation that holds at an entry."""
        for equation in self.system.equations_of(entry.tensor):
            found = match(equation.target, entry, frozenset(b.index for b in equation.bounds))
            if found is not None and self.within(found, equation.bounds, bounds):
                return substitute(equation.value, found)
        return None

    def within(self, found: dict[Node, Affine], own: tuple[Bound, ...], bounds: tuple[Bound, ...]) -> bool:
        """Do the positions lie in the ranges of the letters? Ranges that depend on another letter follow by shape."""
        facts = self.system.facts
        for bound in own:
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
        letters = [x for p in entry.at for x in indices(p)]
        own = tuple(b for x in letters for b in bounds if b.index == x)
        return self.named(name, value, own, made)

    def named(self, name: str, value: Expr, own: tuple[Bound, ...], made: list[Statement]) -> Access:
        """The entry of a variable with this value; a new one unless the value is known."""
        letters: dict[Node, Affine] = {b.index: Affine.of(Index(f"~{q}")) for q, b in enumerate(own)}
        ranges = " ".join(f"{replace(b.lo, letters).key}..{replace(b.hi, letters).key}" for b in own)
        key = f"{canonical(substitute(value, letters)).key} {ranges}"
        if key not in self.known:
            number, unique = 1, name
            system = self.system
            taken = {*self.tensors, *system.by_name, *system.sizes, *system.widths, *system.letters}
            while unique in taken:
                number += 1
                unique = f"{name}_{number}"
            self.tensors[unique] = Tensor(unique, "variable", tuple(Slot(b.index, b.lo, b.hi) for b in own))
            self.known[key] = unique
            made.append(Statement(unique, Access(unique, tuple(Affine.of(b.index) for b in own)), own, value))
        return Access(self.known[key], tuple(Affine.of(b.index) for b in own))

    # rows

    def shifts(self, statement: Statement, made: list[Statement]) -> Expr:
        """The right side with every row of exponentials shifted where the shift cancels."""
        value = statement.value
        for term, own in rows_of(value):
            free = [x for x in free_indices(term) if x != own[0].index]
            around = tuple(b for b in statement.bounds if b.index in free)
            if len(around) < len(free):
                continue
            row = Row(term, own, Access("?"), Access("?"))
            if degree(value, row) != 0:
                continue
            name = self.spoken(term.tensor) if isinstance(term, Access) else "row"
            row = with_changes(row, largest=self.named(f"{name}_max", row.maximum, around, made))
            row = with_changes(row, scaled=self.named(f"exp_{name}", row.exponential, (*around, *own), made))
            value = shifted(value, row)
        return value

    # scalar functions

    def compose(self, expr: Expr, target: str) -> Expr:
        """Parts that depend on one entry and may overflow, as functions of it."""
        entry = entry_of(expr)
        if entry is not None and overflows(expr):
            return self.composed(expr, entry, f"{self.spoken(target)}_of_{self.spoken(entry.tensor)}")
        if isinstance(expr, (Mul, Add)):
            return self.compose_parts(expr, target)
        children = expr.children
        return expr.rebuild(tuple(self.compose(c, target) for c in children)) if children else expr

    def compose_parts(self, expr: Mul | Add, target: str) -> Expr:
        """Factors, or terms, of the same entry belong together."""
        join: Callable[..., Expr] = mul if isinstance(expr, Mul) else add
        groups: dict[str, list[Expr]] = {}
        for part in expr.children:
            entry = entry_of(part)
            groups.setdefault(entry.key if entry else f"{part.key} alone", []).append(part)
        if all(len(parts) == 1 for parts in groups.values()):
            return expr.rebuild(tuple(self.compose(c, target) for c in expr.children))
        made = [
            self.compose(join(*parts), target)
            if len(parts) > 1 and overflows(join(*parts))
            else join(*(self.compose(p, target) for p in parts))
            for parts in groups.values()
        ]
        changed = any(len(p) > 1 and overflows(join(*p)) for p in groups.values())
        return join(*made) if changed else expr.rebuild(tuple(self.compose(c, target) for c in expr.children))

    def spoken(self, tensor: str) -> str:
        """The name of a tensor or an adjoint in code."""
        return self.system.adjoint_name(tensor[2:]) if tensor.startswith("d.") else tensor

    def composed(self, expr: Expr, entry: Access, name: str) -> Expr:
        """A call of a new function of the entry; the expression itself if SymPy has no formula for it."""
        symbol = sympy.Symbol(entry.tensor.replace(".", "_"), real=True)
        try:
            formula = formula_of(expr, entry, symbol, self.system)
        except ValueError:
            return expr
        number, unique = 1, name
        while unique in self.helpers and self.helpers[unique].formula != formula:
            number += 1
            unique = f"{name}_{number}"
        self.helpers.setdefault(unique, Helper(unique, (symbol,), formula))
        return Call(unique, (entry,))


def put(expr: Expr, entry: Access, value: Expr) -> Expr:
    """The expression with a value for an entry."""
    if expr == entry:
        return value
    return expr.rebuild(tuple(put(c, entry, value) for c in expr.children)) if expr.children else expr


def log_name(argument: Expr, entry: Access, base: str) -> str:
    """log_sigmoid, log_one_minus_sigmoid, or log_of_sigmoid for anything else."""
    if argument == entry:
        return f"log_{base}"
    return f"log_one_minus_{base}" if argument == add(ONE, mul(MINUS_ONE, entry)) else f"log_of_{base}"


def log_terms(expr: Expr) -> list[Expr] | None:
    """log of a product of exponentials, sums of exponentials and their powers; None for anything else."""
    factors = expr.factors if isinstance(expr, Mul) else (expr,)
    terms: list[Expr] = []
    for factor in factors:
        base, power = (factor.base, factor.exponent) if isinstance(factor, Pow) else (factor, ONE)
        if not isinstance(power, Number):
            return None
        if is_exp(base):
            terms.append(mul(power, base.children[0]))
        elif isinstance(base, Sum) and _positive(base.body):
            terms.append(mul(power, Call("log", (base,))))
        else:
            return None
    return terms if any(is_exp(n) for n in walk(expr)) else None


def _positive(expr: Expr) -> bool:
    factors = expr.factors if isinstance(expr, Mul) else (expr,)
    return all(is_exp(f) or (isinstance(f, Number) and f.value > 0) for f in factors)
