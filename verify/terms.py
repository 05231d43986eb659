"""Which term of a refuted formula is wrong: the derived terms and the claimed ones are tried one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from derive.system import System
from derive.values.affine import Affine, Size
from derive.values.binders import Sum, summed
from derive.values.nodes import MINUS_ONE, ONE, ZERO, Access, Add, Count, Expr, Mul, add, mul, number, power
from derive.values.text import render_expr
from verify.numbers import Number as Value
from verify.steps import BROKEN
from verify.unroll import Unrolled

MOST = 24  # terms of one side that are tried
COUNTS = (-1, 2, Fraction(1, 2), -2, Fraction(-1, 2), 3, Fraction(1, 3), 4, Fraction(1, 4))


@dataclass(frozen=True)
class Gap:
    """Both sides at one place, with the letters that stand there."""

    unrolled: Unrolled
    letters: dict[str, int]
    derived: Value
    claimed: Value

    def value(self, expr: Expr) -> Value:
        return self.unrolled.evaluator.compile(expr)(self.letters)

    def same(self, left: Value, right: Value) -> bool:
        return self.unrolled.field.same(left, right)


def wrong_term(derived: Expr, claimed: Expr, gaps: Sequence[Gap], system: System) -> str:
    """The term that is missing, too many, or has another factor; "" if no single one explains all gaps."""
    return next(explanations(derived, claimed, gaps, system), "")


def explanations(derived: Expr, claimed: Expr, gaps: Sequence[Gap], system: System) -> Iterator[str]:
    """What explains all gaps, the simplest first."""
    given, written = terms(derived), terms(claimed)
    for factor in factors(system):
        if scaled(gaps, factor):
            yield f"it is {render_expr(factor)} times the derivative"
    for term in given:
        if shifted(gaps, mul(MINUS_ONE, term)):
            yield f"the term {render_expr(term)} is missing"
    for term in written:
        if shifted(gaps, term):
            yield f"the term {render_expr(term)} does not belong there"
    for term in given:
        for factor in factors(system):
            if shifted(gaps, mul(factor - ONE, term)):
                yield f"the term {render_expr(term)} stands there {render_expr(factor)} times"
    for one, two in combinations(given, 2):
        if shifted(gaps, mul(MINUS_ONE, add(one, two))):
            yield f"the terms {render_expr(one)} and {render_expr(two)} are missing"


def factors(system: System) -> tuple[Expr, ...]:
    """Numbers, sizes, hyper-parameters and their reciprocals: what is often forgotten or counted twice."""
    counts = tuple(number(c) for c in COUNTS)
    named: tuple[Expr, ...] = tuple(Count(Affine.of(Size(name))) for name in system.sizes)
    named += tuple(Access(t.name) for t in system.role("hyper"))
    return (*counts, *(f for x in named for f in (x, power(x, MINUS_ONE))))


def scaled(gaps: Sequence[Gap], factor: Expr) -> bool:
    """Is the claimed value that many times the derived one everywhere, and not 0 everywhere?"""
    return _everywhere(gaps, lambda gap: (gap.value(factor) * gap.derived, gap.derived))


def shifted(gaps: Sequence[Gap], term: Expr) -> bool:
    """Is the claimed value the derived one and this term everywhere, and the term not 0 everywhere?"""

    def both(gap: Gap) -> tuple[Value, Value]:
        value = gap.value(term)
        return gap.derived + value, value

    return _everywhere(gaps, both)


def _everywhere(gaps: Sequence[Gap], both: Callable[[Gap], tuple[Value, Value]]) -> bool:
    """Is the first value the claimed one at every gap, and the second one not 0 at some?"""
    alive = False
    for gap in gaps:
        with gap.unrolled.field.context():
            try:
                value, weight = both(gap)
            except BROKEN:
                return False
            if not gap.same(value, gap.claimed):
                return False
            alive = alive or not gap.same(weight, 0 * weight)
    return alive


def terms(expr: Expr) -> tuple[Expr, ...]:
    """The terms of an expression, then what they become when one sum in a product, or under a sum, is split."""
    first = expr.terms if isinstance(expr, Add) else (expr,)
    found = [*first, *(part for term in first for part in split(term))]
    found += [part for term in found[len(first) :] for part in split(term)]
    return tuple(dict.fromkeys(t for t in found if t != ZERO))[:MOST]


def split(term: Expr) -> Iterator[Expr]:
    """c (f + g) and Sum_i (f + g) as two terms, for each sum in the term."""
    for q, factor in enumerate(term.factors if isinstance(term, Mul) else (term,)):
        parts: tuple[Expr, ...] = ()
        if isinstance(factor, Add):
            parts = factor.terms if isinstance(term, Mul) else ()
        elif isinstance(factor, Sum):
            inner = factor.body.terms if isinstance(factor.body, Add) else tuple(split(factor.body))
            parts = tuple(summed(part, factor.bounds) for part in inner)
        for part in parts:
            yield mul(*term.factors[:q], part, *term.factors[q + 1 :]) if isinstance(term, Mul) else part
