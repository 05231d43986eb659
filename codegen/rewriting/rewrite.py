"""Stability across equations: rewriting of the statements before lowering.

1. log(a[..]), where a is a function of one entry or a product of exponentials and sums of them, is taken of the
   right side of a, so that no probability is formed first.
2. Rows of exponentials are shifted by their largest entry.
3. What depends on one entry only, and may overflow, becomes a function with a stable form.
4. 0 log(0) is 0; so is z/|z| at z = 0 in an adjoint; log(y/q) is log(y) - log(q) where q is positive by its equation.
5. The logarithm of a mean that may saturate, and quotients by it, are taken of the logarithms of its parts.
6. A function that has no array code of its own, with a literal order, is written by others: polygamma(1, z).
7. A function of a matrix becomes a variable, so that it is computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as with_changes

import sympy

from codegen.lowering.boxes import box, conditions, not_boxed
from codegen.lowering.rows import Row, degree, drawn_in, is_exp, rows_of, shifted, widened
from codegen.lowering.scope import Scope
from codegen.program.special import REWRITES
from codegen.rewriting.matrix_functions import named_functions
from codegen.rewriting.means import multiplied_out, saturates
from codegen.rewriting.named import letter_of, log_name
from codegen.rewriting.quotients import Quotients
from codegen.rewriting.terms import Around, Terms
from codegen.rewriting.zero_logs import without_zero_logs
from codegen.rewriting.zero_norms import ZeroNorms
from codegen.stable.composed import entry_of, factors_of, formula_of, overflows, raised
from codegen.stable.cores import HOLE, core_of, put
from codegen.stable.special import log_of_gammas
from derive.errors import located
from derive.order.dependence import Statement
from derive.values.affine import Index, indices
from derive.values.algebra import from_sympy
from derive.values.binders import Bound, Functional, Sum
from derive.values.nodes import ONE, Access, Add, Call, Expr, Mul, Number, Pow, add, mul
from derive.values.walks import transform, walk


@dataclass
class Rewriter(Quotients, Terms, ZeroNorms):
    """Rewrites the sections of one model in order; collects the new variables and functions that it names."""

    def section(self, statements: list[Statement]) -> list[Statement]:
        """The statements of one section, in stable form, those that they need before them."""
        found: list[Statement] = []
        for statement in named_functions(self, statements):
            with located(statement.source):
                value = transform(statement.value, self.written_out)
                value = self.logs(value, statement.bounds, found)
                value = self.noted("0 log 0", value, without_zero_logs(value, self.system))
                value = self.without_zero_norms(with_changes(statement, value=value), found)
                value = self.noted("mean that saturates", value, self.quotients(value, statement.bounds, found))
            found.append(with_changes(statement, value=value))
        found = self.read_ones(found)
        shifts: list[Statement] = []
        for statement in found:
            with located(statement.source):
                value = self.shift_terms(statement.value, Around(statement.bounds, self.system.facts), shifts)
                value = self.noted("shift of terms", statement.value, value)
                value = self.noted("row shift", value, self.shifts(with_changes(statement, value=value), shifts))
                apart = self.over_functions(value, statement.bounds, statement.target.tensor)
                value = self.compose(self.noted("quotient across equations", value, apart), statement.target.tensor)
                value = self.noted("log1p", value, transform(value, accurate_log))
            shifts.append(with_changes(statement, value=value))
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
            return self.noted("logarithm of gamma functions", call, gammas)
        rest, terms = self.logs_of_means(call.args[0], bounds, made)
        if terms:
            self.used["mean that saturates"] = None
            return add(*([self.log(Call("log", (rest,)), bounds, made)] if rest != ONE else []), *terms)
        entry = entry_of(call.args[0])
        if entry is None:
            inline = log_terms(call.args[0])
            if inline:
                return self.noted("logarithm by definition", call, add(*inline))
            return self.noted("logarithm of a quotient", call, self.log_of_product(call, bounds, made))
        definition = self.definition(entry, bounds)
        if definition is None:
            return call
        inner = core_of(definition)
        if inner is not None and inner != definition:
            base = definition.function if isinstance(definition, Call) else entry.tensor
            return self.composed(put(call, entry, definition), inner, log_name(call.args[0], entry, base))
        parts = log_terms(definition) if call.args[0] == entry else None
        if parts is None:
            return call
        self.used["logarithm by definition"] = None
        return self.variable(f"log_{entry.tensor}", entry, add(*parts), bounds, made)

    def log_of_product(self, call: Call, bounds: tuple[Bound, ...], made: list[Statement]) -> Expr:
        """log(y / q) = log(y) - log(q), q > 0 by its equation"""
        rest: list[Expr] = []
        terms: list[Expr] = []
        for factor in factors_of(call.args[0]):
            base, exponent = raised(factor)
            definition = self.definition(base, bounds) if isinstance(base, Access) else None
            if definition is None or not isinstance(exponent, Number) or not self.positive(definition):
                rest.append(factor)
            else:
                terms.append(mul(exponent, self.log(Call("log", (base,)), bounds, made)))
        return add(*([Call("log", (mul(*rest),))] if rest else []), *terms) if terms else call

    def positive(self, definition: Expr) -> bool:
        """Is the value of an equation seen to be positive: exponentials and sums of them, or a rational function?"""
        if log_terms(definition) is not None:
            return True
        core = core_of(definition)
        try:
            letter = letter_of(core) if core is not None and core != definition else None
            return letter is not None and saturates(
                formula_of(put(definition, core or ONE, HOLE), HOLE, letter, self.system), letter
            )
        except ValueError:
            return False

    # rows

    def shifts(self, statement: Statement, made: list[Statement]) -> Expr:
        """The right side with every row of exponentials shifted where the shift cancels."""
        value = statement.value
        for term, own in rows_of(value):
            moving = (*indices(own[0].lo), *indices(own[0].hi))
            free = list(dict.fromkeys([*(x for x in term.letters if x != own[0].index), *moving]))
            every = (*statement.bounds, *_only_bounds(value))
            around = tuple(b for b in every if b.index in free)
            if len(around) != len(free) or not self.has_box(term, (*around, *own), every):
                continue
            around = tuple(box(b, every) for b in around)
            row = Row(term, own, Access("?"), Access("?"))
            value = value if degree(value, row) is not None else drawn_in(value, row)
            if degree(value, row) != 0:
                continue
            name = self.spoken(term.tensor) if isinstance(term, Access) else "row"
            row = with_changes(row, largest=self.named(f"{name}_max", row.maximum, around, made))
            whole = (box(own[0], around),)
            axes = tuple(b for x in (*term.letters, *moving) for b in (*around, *whole) if b.index == x)
            axes = tuple(dict.fromkeys(axes))
            tests = conditions(own[0], around)
            row = with_changes(row, scaled=self.named(f"exp_{name}", mul(*tests, row.exponential), axes, made))
            value = widened(shifted(value, row), row, tests, every)
        return value

    def has_box(self, term: Expr, bounds: tuple[Bound, ...], around: tuple[Bound, ...]) -> bool:
        """Can the term be computed on the whole box of the ranges that move?"""
        adjoints = {f"d.{name}": tensor for name, tensor in self.system.by_name.items()}
        known = Scope(self.system.facts, {**self.system.by_name, **adjoints, **self.tensors}, {}, {})
        return not any(True for _ in not_boxed(term, bounds, around, known))

    # scalar functions

    def compose(self, expr: Expr, target: str) -> Expr:
        """Parts that depend on one entry and may overflow, as functions of it."""
        core = core_of(expr)
        if core is not None and core != expr and self.worth(expr, core):
            return self.composed(expr, core, f"{self.spoken(target)}_of_{self.name_of(core)}")
        if isinstance(expr, Mul):
            cores = [c.key for f in expr.factors if overflows(f) and (c := core_of(f)) is not None]
            products = multiplied_out(expr, lambda term: any(grows(f, cores) for f in factors_of(term)))
            if len(products) > 1:
                return add(*(self.compose(product, target) for product in products))
        if isinstance(expr, (Mul, Add)):
            return self.compose_parts(expr, target)
        children = expr.children
        return expr.rebuild(tuple(self.compose(c, target) for c in children)) if children else expr

    def compose_parts(self, expr: Mul | Add, target: str) -> Expr:
        """Factors, or terms, of the same entry belong together."""
        join: Callable[..., Expr] = mul if isinstance(expr, Mul) else add
        groups: dict[str, list[Expr]] = {}
        for part in expr.children:
            core = core_of(part)
            groups.setdefault(core.key if core else f"{part.key} alone", []).append(part)
        if all(len(parts) == 1 for parts in groups.values()):
            return expr.rebuild(tuple(self.compose(c, target) for c in expr.children))
        joined = [
            len(parts) > 1 and (core := core_of(join(*parts))) is not None and self.worth(join(*parts), core)
            for parts in groups.values()
        ]
        made = [
            self.compose(join(*parts), target) if together else join(*(self.compose(p, target) for p in parts))
            for parts, together in zip(groups.values(), joined, strict=True)
        ]
        changed = any(joined)
        return join(*made) if changed else expr.rebuild(tuple(self.compose(c, target) for c in expr.children))


def grows(factor: Expr, cores: list[str]) -> bool:
    """Is it an exponential of one of these arguments?"""
    core = core_of(factor) if is_exp(factor) else None
    return core is not None and core.key in cores


def accurate_log(node: Expr) -> Expr:
    """log(1 + x) = log1p(x)"""
    if not isinstance(node, Call) or node.function != "log" or any(node.orders) or not isinstance(node.args[0], Add):
        return node
    rest = [t for t in node.args[0].terms if t != ONE]
    return Call("log1p", (add(*rest),)) if len(rest) + 1 == len(node.args[0].terms) else node


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
        elif isinstance(base, (Sum, Add)) and all(_positive(part) for part in base.children):
            terms.append(mul(power, Call("log", (base,))))
        else:
            return None
    return terms if any(is_exp(n) for n in walk(expr)) else None


def _positive(expr: Expr) -> bool:
    factors = expr.factors if isinstance(expr, Mul) else (expr,)
    sums = (isinstance(f, Sum) and _positive(f.body) for f in factors)
    return all(s or is_exp(f) or (isinstance(f, Number) and f.value > 0) for s, f in zip(sums, factors, strict=True))
