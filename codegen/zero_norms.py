"""z/sqrt(Sum_k z[k]^2) at z = 0, in an adjoint: 0, the smallest subgradient of the root, which is taken of 1 there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from codegen.composed import factors_of, raised
from codegen.named import Named, outline
from derive.affine import Index, indices, replace
from derive.dependence import Statement
from derive.expression import (
    ONE,
    ZERO,
    Access,
    Add,
    Bound,
    Choice,
    Constant,
    Count,
    Expr,
    Mul,
    Number,
    Pow,
    Relation,
    Sum,
    free_indices,
    power,
    substitute,
    walk,
)
from derive.facts import Facts
from derive.match import Binding, match
from derive.regions import extent

MINUS_HALF = Number(Fraction(-1, 2))


@dataclass(frozen=True)
class Square:
    """A product of `bases` that is 0, for all values of its bound letters, where a certain sum of squares is 0."""

    bases: tuple[Expr, ...]
    bounds: tuple[Bound, ...] = ()


@dataclass(frozen=True)
class Product:
    """What stands beside a factor: the factors of the products and sums around it, and the ranges of all letters."""

    factors: tuple[Expr, ...]
    bounds: tuple[Bound, ...]


@dataclass
class ZeroNorms(Named):
    """Rewrites quotients of entries by the norm of their vector; knows what was stated so far, by its name."""

    stated: dict[str, Statement] = field(default_factory=dict)

    @cached_property
    def divisors(self) -> frozenset[str]:
        """What the model itself divides by: where that is 0 there is no value, so no slope either."""
        values = [e.value for e in (*self.system.equations, self.system.objective)]
        powers = [raised(n) for value in values for n in walk(value) if isinstance(n, Pow)]
        return frozenset(outline(base) for base, times in powers if isinstance(times, Number) and times.value < 0)

    def without_zero_norms(self, statement: Statement, made: list[Statement]) -> Expr:
        """The right side of an adjoint equation with every such quotient safe at 0; the squares become variables."""
        self.stated[statement.target.tensor] = statement
        if not statement.target.tensor.startswith("d."):
            return statement.value
        return self._safe(statement.value, statement.target.tensor, Product((), statement.bounds), made)

    def _safe(self, expr: Expr, target: str, around: Product, made: list[Statement]) -> Expr:
        if isinstance(expr, Add):
            return expr.rebuild(tuple(self._safe(term, target, around, made) for term in expr.terms))
        if isinstance(expr, Sum):
            met = {b.index for b in expr.bounds} & {x for factor in around.factors for x in free_indices(factor)}
            inside = Product(() if met else around.factors, (*around.bounds, *expr.bounds))
            return expr.rebuild((self._safe(expr.body, target, inside, made),))
        if isinstance(expr, Mul):
            rests = (expr.factors[:q] + expr.factors[q + 1 :] for q in range(len(expr.factors)))
            besides = [Product((*around.factors, *rest), around.bounds) for rest in rests]
            pairs = zip(expr.factors, besides, strict=True)
            return expr.rebuild(tuple(self._safe(f, target, p, made) for f, p in pairs))
        base, exponent = raised(expr)
        if exponent != MINUS_HALF or outline(base) in self.divisors or not self._vanishes(base, target, around):
            return expr
        if not isinstance(base, Access):
            own = tuple(b for b in around.bounds if b.index in free_indices(base))
            if not any((*indices(b.lo), *indices(b.hi)) for b in own):
                base = self.named(f"norm2_{self.name_of(base)}", base, own, made)
        return power(Choice(((Relation("==", base, ZERO), ONE),), base), exponent)

    def _vanishes(self, base: Expr, target: str, around: Product) -> bool:
        """Is the product around a root 0 where the root is? The adjoint of a sum of squares meets its squares later."""
        found = self.squares(base, around.bounds)
        if isinstance(base, Access) and target == f"d.{base.tensor}":
            return bool(found)
        beside = _opened(around)
        return any(
            _within(binding, square.bounds, beside.bounds, self.system.facts)
            for square in found
            for binding in _matches(square.bases, beside.factors, frozenset(b.index for b in square.bounds), {})
        )

    def squares(self, expr: Expr, bounds: tuple[Bound, ...]) -> tuple[Square, ...]:
        """The products that are 0 where a sum of squares is; none if it is no such sum, or is never 0."""
        if isinstance(expr, Access):
            definition = self.definition(expr, bounds) or self._stated_at(expr, bounds)
            return self.squares(definition, bounds) if definition is not None else ()
        if isinstance(expr, Sum):
            inner = self.squares(expr.body, (*bounds, *expr.bounds))
            return tuple(Square(s.bases, (*expr.bounds, *s.bounds)) for s in inner)
        if isinstance(expr, Add):
            parts = [self.squares(term, bounds) for term in expr.terms if not self._given(term)]
            if len(parts) < len(expr.terms):
                return ()
            return tuple(s for part in parts for s in part) if all(parts) else ()
        factors = [f for f in factors_of(expr) if not _positive(f)]
        if factors and all(isinstance(f, Pow) and _even(f.exponent) for f in factors):
            return (Square(tuple(raised(f)[0] for f in factors)),)
        return self.squares(factors[0], bounds) if len(factors) == 1 and factors[0] != expr else ()

    def _given(self, term: Expr) -> bool:
        """Is it a number, or made of hyper-parameters, which keeps the sum away from 0?"""
        entries = (n.tensor for n in walk(term) if isinstance(n, Access))
        return all(t in self.system.by_name and self.system.tensor(t).role == "hyper" for t in entries)

    def _stated_at(self, entry: Access, bounds: tuple[Bound, ...]) -> Expr | None:
        """The value of a part that has a name in the code only."""
        statement = self.stated.get(entry.tensor)
        if statement is None or entry.tensor in self.system.by_name:
            return None
        found = match(statement.target, entry, frozenset(b.index for b in statement.bounds))
        return None if found is None else substitute(statement.value, found)


def _even(exponent: Expr) -> bool:
    return isinstance(exponent, Number) and exponent.value > 0 and exponent.value % 2 == 0


def _positive(factor: Expr) -> bool:
    base, exponent = raised(factor)
    return (isinstance(base, Number) and base.value > 0 and isinstance(exponent, Number)) or isinstance(
        base, (Count, Constant)
    )


def _opened(beside: Product) -> Product:
    """Factors that are 0 where these are; a sum is 0 where a factor of its body is, for all its letters."""
    factors: list[Expr] = []
    bounds = list(beside.bounds)
    for factor in beside.factors:
        free = {x for other in beside.factors if other is not factor for x in free_indices(other)}
        if isinstance(factor, Sum) and not {b.index for b in factor.bounds} & (free | {b.index for b in bounds}):
            bounds += factor.bounds
            factors += factors_of(factor.body)
        else:
            factors.append(factor)
    return Product(tuple(b for f in factors for b in _repeated(f)), tuple(bounds))


def _repeated(factor: Expr) -> tuple[Expr, ...]:
    """A base as often as it is a factor; nothing where it divides."""
    base, exponent = raised(factor)
    if not isinstance(exponent, Number) or exponent.value <= 0:
        return ()
    return (base,) * max(1, int(exponent.value))


def _matches(
    bases: tuple[Expr, ...], factors: tuple[Expr, ...], letters: frozenset[Index], found: Binding
) -> Iterator[Binding]:
    """The places at which the bases of a square are factors."""
    if not bases:
        yield found
        return
    for factor in dict.fromkeys(factors):
        binding = match(bases[0], factor, letters, found)
        if binding is not None:
            yield from _matches(bases[1:], factors, letters, binding)


def _within(found: Binding, own: tuple[Bound, ...], bounds: tuple[Bound, ...], facts: Facts) -> bool:
    """Does the sum run over the places, wherever their letters run?"""
    ranges = {b.index: (b.lo, b.hi) for b in bounds}
    for bound in own:
        place = found.get(bound.index)
        lo, hi = replace(bound.lo, found), replace(bound.hi, found)
        if place is None:
            return False
        ends = ranges.get(place.letter) if place.letter else None
        if ends is None:
            if {*indices(lo), *indices(hi)}:
                return False
            reach = extent(place, bounds)
            ends = reach.lo, reach.hi
        if not (facts.below(lo, ends[0]) and facts.below(ends[1], hi)):
            return False
    return True
