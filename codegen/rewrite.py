"""Stability across equations: rewriting of the statements before lowering.

1. log(a[..]), where a is a function of one entry or a product of exponentials and sums of them, is taken of the
   right side of a, so that no probability is formed first.
2. Rows of exponentials are shifted by their largest entry.
3. What depends on one entry only, and may overflow, becomes a function with a stable form.
4. The logarithm of a mean that may saturate, and quotients by it, are taken of the logarithms of its parts.
5. A function that has no array code of its own, with a literal order, is written by others: polygamma(1, z).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as with_changes

import sympy

from codegen.composed import entry_of, overflows
from codegen.named import log_name, put
from codegen.rows import Row, degree, is_exp, rows_of, shifted
from codegen.saturation import Saturation
from codegen.special import REWRITES
from codegen.stable_special import log_of_gammas
from derive.affine import Index, indices
from derive.algebra import from_sympy
from derive.expression import (
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
    transform,
    walk,
)
from derive.dependence import Statement


@dataclass
class Rewriter(Saturation):
    """Rewrites the sections of one model in order; collects the new variables and functions that it names."""

    def section(self, statements: list[Statement]) -> list[Statement]:
        """The statements of one section, in stable form, those that they need before them."""
        found: list[Statement] = []
        for statement in statements:
            value = transform(statement.value, self.written_out)
            value = self.logs(value, statement.bounds, found)
            value = self.quotients(value, statement.bounds, found)
            found.append(Statement(statement.id, statement.target, statement.bounds, value))
        found = self.read_ones(found)
        shifts: list[Statement] = []
        for statement in found:
            value = self.shifts(statement, shifts)
            value = self.compose(value, statement.target.tensor)
            shifts.append(Statement(statement.id, statement.target, statement.bounds, value))
        return shifts

    def written_out(self, node: Expr) -> Expr:
        """A call by the identity that its head has in the table of rewrites, for heads of several arguments."""
        if not isinstance(node, Call) or node.function not in REWRITES or len(node.args) == 1:
            return node
        if any(node.orders) or self.own(node.function):
            return node
        symbols = [sympy.Symbol(f"z{k}", real=True) for k in range(len(node.args))]
        atoms = {s: a for s, a in zip(symbols, node.args, strict=True) if not isinstance(a, Number)}
        values = [
            sympy.Rational(a.value.numerator, a.value.denominator) if isinstance(a, Number) else s
            for s, a in zip(symbols, node.args, strict=True)
        ]
        return from_sympy(REWRITES[node.function](*values), atoms, lambda expr: 0)

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
        gammas = log_of_gammas(call.args[0])
        if gammas is not None:
            return gammas
        rest, terms = self.logs_of_means(call.args[0], bounds, made)
        if terms:
            return add(*([self.log(Call("log", (rest,)), bounds, made)] if rest != ONE else []), *terms)
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
        parts = log_terms(definition) if call.args[0] == entry else None
        if parts is None:
            return call
        return self.variable(f"log_{entry.tensor}", entry, add(*parts), bounds, made)

    # rows

    def shifts(self, statement: Statement, made: list[Statement]) -> Expr:
        """The right side with every row of exponentials shifted where the shift cancels."""
        value = statement.value
        for term, own in rows_of(value):
            moving = (*indices(own[0].lo), *indices(own[0].hi))
            free = list(dict.fromkeys([*(x for x in free_indices(term) if x != own[0].index), *moving]))
            around = tuple(b for b in (*statement.bounds, *_only_bounds(value)) if b.index in free)
            if len(around) != len(free):
                continue
            row = Row(term, own, Access("?"), Access("?"))
            if degree(value, row) != 0:
                continue
            name = self.spoken(term.tensor) if isinstance(term, Access) else "row"
            row = with_changes(row, largest=self.named(f"{name}_max", row.maximum, around, made))
            axes = tuple(b for x in free_indices(term) for b in (*around, *own) if b.index == x)
            row = with_changes(row, scaled=self.named(f"exp_{name}", row.exponential, axes, made))
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


def _only_bounds(expr: Expr) -> tuple[Bound, ...]:
    """The ranges of summed letters, outer ones first, of those letters that have one range."""
    found: dict[Index, set[Bound]] = {}
    for node in walk(expr):
        for bound in node.bounds if isinstance(node, Sum) else ():
            found.setdefault(bound.index, set()).add(bound)
    return tuple(b for bounds in found.values() if len(bounds) == 1 for b in bounds)


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
