"""Sums of squares: what is 0 where such a sum is, and when it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import sympy

from codegen.rewriting.named import Named
from codegen.stable.composed import factors_of, raised
from derive.errors import ModelError
from derive.order.dependence import Statement
from derive.values.affine import Index
from derive.values.binders import Bound, Sum, summed
from derive.values.match import match
from derive.values.nodes import Access, Add, Bracket, Call, Constant, Count, Expr, Mul, Number, Pow, add, mul
from derive.values.walks import walk

POSITIVE = frozenset({"exp", "cosh"})


@dataclass(frozen=True)
class Square:
    """A product of `bases` of the order of the root, or its `degree`-th power, for all values of its bound letters."""

    bases: tuple[Expr, ...]
    bounds: tuple[Bound, ...] = ()
    degree: int = 1


@dataclass(frozen=True)
class Squares:
    """The `parts` of a sum of squares; all of them are 0 where `core`, which is never negative, is."""

    core: Expr
    parts: tuple[Square, ...]


@dataclass
class SumsOfSquares(Named):
    """Knows what was stated so far, by its name."""

    stated: dict[str, Statement] = field(default_factory=dict)
    followed: dict[tuple[Access, tuple[Bound, ...], frozenset[Index] | None], Squares | None] = field(
        default_factory=dict
    )

    def squares(
        self, expr: Expr, bounds: tuple[Bound, ...], letters: frozenset[Index] | None = frozenset()
    ) -> Squares | None:
        """The parts of a sum of squares; None if it is none, or is never 0.

        It stands in sums over `letters`, None if it is itself a term: so far the signs of its factors matter.
        """
        if isinstance(expr, Access):
            return self._of_entry(expr, bounds, letters)
        if isinstance(expr, Sum):
            own = {b.index for b in expr.bounds}
            found = self.squares(expr.body, (*bounds, *expr.bounds), None if letters is None else letters | own)
            if found is None:
                return None
            parts = (Square(s.bases, (*expr.bounds, *s.bounds), s.degree) for s in found.parts)
            return Squares(summed(found.core, expr.bounds), tuple(parts))
        if isinstance(expr, Add):
            known: list[Squares] = []
            for term in expr.terms:  # one that is no square is enough: x[l] = x[l - 1] + ... would be followed for ever
                if (one := self.squares(term, bounds, None)) is None:
                    return None
                known.append(one)
            return Squares(add(*(t.core for t in known)), tuple(s for t in known for s in t.parts))
        return self._product(expr, bounds, letters)

    def _of_entry(self, entry: Access, bounds: tuple[Bound, ...], letters: frozenset[Index] | None) -> Squares | None:
        """By its definition. What the model defines is followed once, since a long chain of entries has many ends."""
        question = (entry, bounds, letters)
        if question in self.followed:
            return self.followed[question]
        definition = self.definition(entry, bounds) or self._stated_at(entry, bounds)
        found = self.squares(definition, bounds, letters) if definition is not None else None
        if found is not None:
            core = entry if found.core == definition else found.core
            found = Squares(core, (*found.parts, Square((entry,), degree=2)))
        if entry.tensor in self.system.by_name:
            self.followed[question] = found
        return found

    def _product(self, expr: Expr, bounds: tuple[Bound, ...], letters: frozenset[Index] | None) -> Squares | None:
        """Squares times weights; a weight of unknown sign is taken absolutely if it is given, else is left out."""
        core: list[Expr] = []
        bases: list[Expr] = []
        inner: list[Squares] = []
        for factor in factors_of(expr):
            base, exponent = raised(factor)
            value = exponent.value if isinstance(exponent, Number) else Fraction(0)
            if self.seen_positive(factor) or isinstance(factor, Bracket):
                core.append(factor)
            elif value > 0 and value % 2 == 0:
                core.append(factor)
                bases.append(base)
            elif value < 0 or self.given(factor):
                signed = letters is None or bool(letters & set(factor.letters))
                core.append(Call("Abs", (factor,), (0,)) if signed else factor)
                bases += [base] if value > 0 else []
            elif factor != expr and (found := self.squares(factor, bounds, letters)) is not None:
                core.append(found.core)
                inner.append(found)
        if len(inner) > 1 or not (inner or any(_even(f) for f in factors_of(expr))):
            return None
        if not inner:
            return Squares(mul(*core), (Square(tuple(bases)),))
        return Squares(mul(*core), tuple(Square((*bases, *s.bases), s.bounds, s.degree) for s in inner[0].parts))

    def seen_positive(self, expr: Expr) -> bool:
        """Is it seen to be positive: a positive number, an exponential, an even power in a denominator?"""
        if isinstance(expr, Number):
            return expr.value > 0
        if isinstance(expr, (Count, Constant)):
            return True
        if isinstance(expr, Pow):
            even = isinstance(expr.exponent, Number) and expr.exponent.value < 0 and expr.exponent.value % 2 == 0
            return even or self.seen_positive(expr.base)
        if isinstance(expr, Mul):
            return all(map(self.seen_positive, expr.factors))
        if isinstance(expr, Add):
            rest = [t for t in expr.terms if not self.seen_positive(t)]
            return len(rest) < len(expr.terms) and all(map(_even, rest))
        return isinstance(expr, Call) and not any(expr.orders) and self._positive_function(expr)

    def _positive_function(self, call: Call) -> bool:
        if call.function in POSITIVE:
            return True
        try:
            function = self.system.function(call.function, len(call.args))
        except ModelError:  # a function that was composed here before
            return False
        if function.formula is None:
            return False
        real = {a: sympy.Symbol(a.name, real=True) for a in function.arguments}
        return bool(function.formula.xreplace(real).is_positive)

    def given(self, factor: Expr) -> bool:
        """Is it made of data and hyper-parameters, so that no derivative goes by it?"""
        entries = [n.tensor for n in walk(factor) if isinstance(n, Access)]
        roles = {self.system.tensor(t).role if t in self.system.by_name else "variable" for t in entries}
        return bool(entries) and roles <= {"data", "hyper"}

    def _stated_at(self, entry: Access, bounds: tuple[Bound, ...]) -> Expr | None:
        """The value of a part that has a name in the code only."""
        statement = self.stated.get(entry.tensor)
        if statement is None or entry.tensor in self.system.by_name:
            return None
        found = match(statement.target, entry, frozenset(b.index for b in statement.bounds))
        return None if found is None else statement.value.replaced(found)


def _even(factor: Expr) -> bool:
    """Is it an even power?"""
    exponent = raised(factor)[1]
    return isinstance(exponent, Number) and exponent.value > 0 and exponent.value % 2 == 0
