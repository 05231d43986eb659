"""z/sqrt(Sum_k z[k]^2) at z = 0, in an adjoint: 0, the smallest subgradient of the root, which is taken of 1 there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from codegen.rewriting.squares import Squares, SumsOfSquares
from codegen.stable.composed import factors_of, raised
from derive.order.dependence import Statement
from derive.regions.regions import extent
from derive.values.affine import Index, indices, replace
from derive.values.binders import Bound, Sum
from derive.values.facts import Facts
from derive.values.match import Binding, match
from derive.values.nodes import ONE, ZERO, Access, Add, Choice, Expr, Mul, Number, Pow, Relation, power
from derive.values.walks import outline, walk

HALF = Number(Fraction(1, 2))


@dataclass(frozen=True)
class Product:
    """What stands beside a factor: the factors of the products and sums around it, and the ranges of all letters."""

    factors: tuple[Expr, ...]
    bounds: tuple[Bound, ...]


@dataclass
class ZeroNorms(SumsOfSquares):
    """Rewrites quotients of entries by the norm of their vector."""

    @cached_property
    def divisors(self) -> frozenset[str]:
        """What the model itself divides by: where that is 0 there is no value, so no slope either."""
        values = [e.value for e in (*self.system.equations, self.system.objective)]
        powers = [raised(n) for value in values for n in walk(value) if isinstance(n, Pow)]
        return frozenset(outline(base) for base, times in powers if isinstance(times, Number) and times.value < 0)

    def without_zero_norms(self, statement: Statement, made: list[Statement]) -> Expr:
        """The right side of an adjoint equation with every such quotient safe at 0; the squares become variables."""
        target = statement.target
        self.stated[target.tensor] = statement
        if not target.tensor.startswith("d."):
            return statement.value
        of = Access(target.tensor[2:], target.at)
        root = power(of, HALF)  # what reads the adjoint of a sum of squares multiplies it by the slope of a square
        later = (root,) if self.squares(of, statement.bounds) is not None else ()
        return self._safe(statement.value, Product(later, statement.bounds), made)

    def _safe(self, expr: Expr, around: Product, made: list[Statement]) -> Expr:
        if isinstance(expr, Add):
            return expr.rebuild(tuple(self._safe(term, around, made) for term in expr.terms))
        if isinstance(expr, Sum):
            met = {b.index for b in expr.bounds} & {x for factor in around.factors for x in factor.letters}
            inside = Product(() if met else around.factors, (*around.bounds, *expr.bounds))
            return expr.rebuild((self._safe(expr.body, inside, made),))
        if isinstance(expr, Mul):
            rests = (expr.factors[:q] + expr.factors[q + 1 :] for q in range(len(expr.factors)))
            besides = [Product((*around.factors, *rest), around.bounds) for rest in rests]
            pairs = zip(expr.factors, besides, strict=True)
            return expr.rebuild(tuple(self._safe(f, p, made) for f, p in pairs))
        base, exponent = raised(expr)
        if not isinstance(exponent, Number) or exponent.value >= 0 or outline(base) in self.divisors:
            return expr
        found = self.squares(base, around.bounds)
        if found is None or not self._vanishes(base, found, Product((expr, *around.factors), around.bounds)):
            return expr
        whole = self._named_norm(base, around.bounds, made)
        core = whole if found.core == base else self._named_norm(found.core, around.bounds, made)
        return power(Choice(((Relation("==", core, ZERO), ONE),), whole), exponent)

    def _named_norm(self, squares: Expr, bounds: tuple[Bound, ...], made: list[Statement]) -> Expr:
        """A variable for a sum of squares, if its letters have ranges that do not move."""
        own = tuple(b for b in bounds if b.index in squares.letters)
        if isinstance(squares, Access) or any((*indices(b.lo), *indices(b.hi)) for b in own):
            return squares
        return self.named(f"norm2_{self.name_of(squares)}", squares, own, made)

    def _vanishes(self, base: Expr, found: Squares, product: Product) -> bool:
        """Does a product with negative powers of a sum of squares tend to 0, or stay bounded, where the sum does?"""
        opened = _opened(product)
        poles = [times for b, times in opened.factors if b == base and times < 0]
        weights = {b.key: times for b, times in opened.factors if times > 0}
        degree = Fraction(0)
        for square in found.parts:
            letters = frozenset(b.index for b in square.bounds)
            known = tuple(b for b, times in opened.factors if times > 0)
            for binding in list(_matches(square.bases, known, letters, {})):
                if _within(binding, square.bounds, opened.bounds, self.system.facts):
                    keys = [b.replaced(binding).key for b in square.bases]
                    times = min(weights.get(key, Fraction(0)) for key in keys)
                    degree += times * square.degree
                    weights |= {key: weights.get(key, Fraction(0)) - times for key in keys}
        return degree + 2 * sum(poles) >= 0


@dataclass(frozen=True)
class Powers:
    """A product as its bases with their exponents, and the ranges of all letters."""

    factors: tuple[tuple[Expr, Fraction], ...]
    bounds: tuple[Bound, ...]


def _opened(product: Product) -> Powers:
    """Factors that are 0 where these are; a sum is 0 where a factor of its body is, for all its letters."""
    factors: list[Expr] = []
    bounds = list(product.bounds)
    for factor in product.factors:
        free = {x for other in product.factors if other is not factor for x in other.letters}
        if isinstance(factor, Sum) and not {b.index for b in factor.bounds} & (free | {b.index for b in bounds}):
            bounds += factor.bounds
            factors += factors_of(factor.body)
        else:
            factors.append(factor)
    powers: dict[Expr, Fraction] = {}
    for base, exponent in map(raised, factors):
        if isinstance(exponent, Number):
            powers[base] = powers.get(base, Fraction(0)) + exponent.value
    return Powers(tuple(powers.items()), tuple(bounds))


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
