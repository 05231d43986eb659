"""Row shift: exp(z[k]) / Sum exp(z[k]) is computed from z - max z, which cannot overflow.

f(z) = f(z - M) where M cancels; log X(z) = d M + log X(z - M) where X has degree d in exp(M).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from codegen.lowering.boxes import box, conditions, moving
from derive.values.affine import Index
from derive.values.binders import Bound, Extreme, Functional, Sum, summed
from derive.values.match import Binding, match
from derive.values.nodes import Access, Add, Bracket, Call, Expr, Mul, Number, Pow, add, mul, number
from derive.values.walks import transform

LARGEST = "max()"


@dataclass(frozen=True)
class Row:
    """The values `term` for all places of `bounds`, the entry of the largest, and that of exp(term - largest)."""

    term: Expr
    bounds: tuple[Bound, ...]
    largest: Access
    scaled: Access

    @property
    def letters(self) -> frozenset[Index]:
        return frozenset(b.index for b in self.bounds)

    @property
    def around(self) -> frozenset[Index]:
        """The letters on which the largest value depends."""
        return frozenset((*self.term.letters, *(x for b in self.bounds for x in moving(b)))) - self.letters

    @property
    def maximum(self) -> Expr:
        """The largest value, as the right side of an equation."""
        return Functional(LARGEST, (self.term,), self.bounds)

    @property
    def exponential(self) -> Expr:
        """exp(term - largest), at most 1."""
        return Call("exp", (add(self.term, mul(number(-1), self.largest)),))

    def place(self, call: Expr) -> Binding | None:
        """Where in the row the value stands whose exponential this is; None if it is none."""
        return match(self.term, call.children[0], self.letters) if is_exp(call) else None


def is_exp(expr: Expr) -> bool:
    """exp(u)"""
    return isinstance(expr, Call) and expr.function == "exp" and not any(expr.orders)


def rows_of(expr: Expr) -> tuple[tuple[Expr, tuple[Bound, ...]], ...]:
    """What is exponentiated inside a sum over one letter on which it depends, without repetition."""
    found: dict[str, tuple[Expr, tuple[Bound, ...]]] = {}
    for term, bounds in _exponents(expr, ()):
        own = tuple(b for b in bounds if b.index in term.letters)
        if len(own) == 1 and not any(match(t, term, frozenset({b[0].index})) for t, b in found.values()):
            found.setdefault(term.key, (term, own))
    return tuple(found.values())


def _exponents(expr: Expr, bounds: tuple[Bound, ...]) -> Iterator[tuple[Expr, tuple[Bound, ...]]]:
    """Every exponent, and the ranges of the innermost sum around it."""
    if is_exp(expr):
        yield expr.children[0], bounds
    for child in expr.children:
        yield from _exponents(child, expr.bounds if isinstance(expr, Sum) else bounds)


def shifted(expr: Expr, row: Row) -> Expr:
    """The expression, of degree 0, with its row shifted."""

    def rewrite(node: Expr) -> Expr:
        place = row.place(node)
        return node if place is None else row.scaled.replaced(place)

    def with_logs(node: Expr) -> Expr:
        if isinstance(node, Call) and node.function == "log" and not any(node.orders):
            power = degree(node.args[0], row)
            assert power is not None
            inner = Call("log", (with_logs(node.args[0]),))
            return add(mul(number(power), row.largest), inner) if power else inner
        if row.place(node) is not None:
            return rewrite(node)
        return node.rebuild(tuple(map(with_logs, node.children))) if node.children else node

    return with_logs(expr)


def drawn_in(expr: Expr, row: Row) -> Expr:
    """exp(x) Sum_q f(q) = Sum_q exp(x) f(q), where only the terms, not the sum, are of a degree."""

    def rewrite(node: Expr) -> Expr:
        if not isinstance(node, Mul):
            return node
        sums = [f for f in node.factors if isinstance(f, Sum) and degree(f, row) is None]
        if len(sums) != 1:
            return node
        inside = [f for f in node.factors if f not in sums and degree(f, row) not in (0, None)]
        letters = {b.index for b in sums[0].bounds}
        if not inside or any(letters & set(f.letters) for f in inside):
            return node
        merged = summed(mul(*inside, sums[0].body), sums[0].bounds)
        return mul(*(merged if f in sums else f for f in node.factors if f not in inside))

    return transform(expr, rewrite)


def widened(expr: Expr, row: Row, tests: tuple[Bracket, ...], around: tuple[Bound, ...]) -> Expr:
    """Sum_{u<=t} e[t, u] f = Sum_u e[t, u] f, and [u <= t] e[t, u] = e[t, u], where e is 0 for all other u."""

    def rewrite(node: Expr) -> Expr:
        inner = node.body if isinstance(node, Sum) else node
        factors = inner.factors if isinstance(inner, Mul) else (inner,)
        places = [p for f in factors if (p := match(row.scaled, f, frozenset(row.scaled.letters))) is not None]
        held = {t.replaced(place).key for t in tests for place in places}
        if isinstance(node, Mul):
            return mul(*(f for f in node.factors if f.key not in held))
        return summed(inner, tuple(_whole(b, around, held) for b in node.bounds)) if isinstance(node, Sum) else node

    return transform(expr, rewrite) if tests else expr


def _whole(bound: Bound, around: tuple[Bound, ...], held: set[str]) -> Bound:
    """The box of a range, if what keeps it smaller holds of all terms that are not 0."""
    tests = conditions(bound, around)
    return box(bound, around) if tests and all(t.key in held for t in tests) else bound


def degree(expr: Expr, row: Row) -> Fraction | None:
    """The power of exp(M) by which the value grows when the row grows by M; None if it is no power."""
    if row.place(expr) is not None:
        return Fraction(1)
    if isinstance(expr, (Sum, Extreme)):
        inner = degree(expr.children[0], row)
        return inner if inner == 0 or not row.around & {b.index for b in expr.bounds} else None
    if isinstance(expr, Mul):
        parts = [degree(f, row) for f in expr.factors]
        return None if None in parts else sum((p for p in parts if p is not None), Fraction(0))
    if isinstance(expr, Pow):
        base = degree(expr.base, row)
        if base is None or base == 0:
            return base if degree(expr.exponent, row) == 0 else None
        return base * expr.exponent.value if isinstance(expr.exponent, Number) else None
    children = [degree(c, row) for c in expr.children]
    if isinstance(expr, Add):
        return children[0] if len(set(children)) == 1 else None
    if isinstance(expr, Call) and expr.function == "log" and not any(expr.orders):
        return None if children[0] is None else Fraction(0)
    return Fraction(0) if all(c == 0 for c in children) else None
