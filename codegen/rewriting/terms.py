"""Shift of terms: log(exp(a) + exp(b) + exp(c)) and quotients by such sums, from a - M, b - M, c - M, M = max(a, b, c).

A term may be a sum of exponentials over an index, or a number, which is a multiple of exp(0). Of a product only the
exponent is computed: exp(u)/(exp(a) + exp(b)) = exp(u - M)/(exp(a - M) + exp(b - M)).
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_changes
from functools import reduce

from codegen.lowering.rows import LARGEST, is_exp
from codegen.rewriting.squares import SumsOfSquares
from codegen.stable.composed import factors_of, raised
from codegen.stable.cores import core_of
from derive.order.dependence import Statement
from derive.regions.conditions import condition
from derive.values.affine import Index, indices
from derive.values.binders import Bound, Functional, Sum, inside, summed
from derive.values.facts import Facts
from derive.values.nodes import (
    MINUS_ONE,
    ZERO,
    Access,
    Add,
    Bracket,
    Call,
    Choice,
    Constant,
    Expr,
    Mul,
    Number,
    Pow,
    Relation,
    add,
    mul,
    power,
)
from derive.values.walks import walk

LONGEST = 24  # letters of a name made from others


@dataclass(frozen=True)
class Term:
    """weight * exp(exponent), summed over the ranges of its own letters."""

    weight: Expr
    exponent: Expr
    bounds: tuple[Bound, ...] = ()


@dataclass(frozen=True)
class Shifted:
    """A sum of exponentials is exp(largest) * rest; `held` are exponents whose weight may be 0."""

    largest: Expr
    rest: Expr
    held: frozenset[Expr] = frozenset()


@dataclass(frozen=True)
class Around:
    """Where an expression stands: the ranges of the letters and what is known there, and whether it is always computed.

    Where the conditions of a product do not hold, the entries in it may not exist: nothing new is computed from them.
    """

    bounds: tuple[Bound, ...]
    facts: Facts
    always: bool = True

    def within(self, expr: Expr) -> Around:
        """The same for the parts of an expression, under the conditions that are factors of it."""
        found = with_changes(self, bounds=inside(expr, self.bounds))
        for bracket in factors_of(expr):
            if isinstance(bracket, Bracket) and bracket.op == "<=":
                found = found._under(bracket)
        return found

    def _under(self, bracket: Bracket) -> Around:
        gap = bracket.right - bracket.left
        own = [] if any(isinstance(atom, Expr) or atom.letters for atom, _ in gap.terms) else [gap]
        bounds = tuple(self._part(b, bracket) for b in self.bounds)
        return Around(bounds, self.facts.with_bounds(own), always=False)

    def _part(self, bound: Bound, bracket: Bracket) -> Bound:
        """The part of a range on which a condition holds, as far as it is seen to be one."""
        lo, hi = condition(bracket, bound.index) or (None, None)
        lo = lo if lo is not None and self.facts.below(bound.lo, lo) else bound.lo
        return Bound(bound.index, lo, hi if hi is not None and self.facts.below(hi, bound.hi) else bound.hi)


class Terms(SumsOfSquares):
    """Rewrites logarithms of sums of exponentials, and quotients by them."""

    def shift_terms(self, expr: Expr, around: Around, made: list[Statement]) -> Expr:
        """The expression with every sum of exponentials shifted that divides or stands in a logarithm."""
        inner = around.within(expr)
        if isinstance(expr, Call) and expr.function == "log" and not any(expr.orders):
            rest, exponents, _ = self._drawn_out(factors_of(expr.args[0]), inner, made)
            if exponents:
                return add(*exponents, Call("log", (rest,)))
        if isinstance(expr, (Mul, Pow)):
            spread = _distributed(expr)
            if spread != expr:
                return self.shift_terms(spread, around, made)
            if any(_divides(f) for f in factors_of(expr)):
                rest, exponents, held = self._drawn_out(factors_of(expr), inner, made)
                if exponents:
                    scale = add(*exponents)
                    scale = Call("Min", (ZERO, scale), (0, 0)) if held else scale
                    grown = () if scale == ZERO else (Call("exp", (scale,)),)
                    return mul(*grown, rest)
        children = expr.children
        return expr.rebuild(tuple(self.shift_terms(c, inner, made) for c in children)) if children else expr

    def _drawn_out(
        self, factors: tuple[Expr, ...], around: Around, made: list[Statement]
    ) -> tuple[Expr, list[Expr], bool]:
        """A product, shifted, without its exponentials, their exponents, and whether these are to be held below 0.

        There are none if no sum of exponentials that may be shifted is a factor.
        """
        known = {f: self._shifted(raised(f)[0], around, made) for f in factors if isinstance(raised(f)[0], Add)}
        if not any(known.values()):
            return mul(*factors), [], False
        rest: list[Expr] = []
        own: list[Expr] = []
        shifts: list[Expr] = []
        for factor in factors:
            base, times = raised(factor)
            found = self._shifted(base, around, made) if isinstance(base, Sum) else known.get(factor)
            if found is not None and isinstance(times, Number):
                rest.append(power(found.rest, times))
                shifts.append(mul(times, found.largest))
            elif is_exp(base) and isinstance(times, Number):
                own.append(mul(times, base.children[0]))
            else:
                rest.append(self.shift_terms(factor, around, made))
        below = [found.held for found in known.values() if found is not None]
        return mul(*rest), [*own, *shifts], len(shifts) == 1 and add(*own) in below[0]

    def _shifted(self, expr: Expr, around: Around, made: list[Statement]) -> Shifted | None:
        """A sum of different exponentials, its largest term apart."""
        known = terms_of(expr)
        if not known or not all(self._has_box(t, around) for t in known):
            return None
        name = self._name(known)
        sure = [t for t in known if not self.given(t.weight)] or known
        held = frozenset(t.exponent for t in known if t not in sure and not t.bounds)
        sizes = [self._size(t, f"{name}_max", around, made) for t in sure]
        sizes += [
            Choice(((Relation("==", t.weight, ZERO), sizes[0]),), t.exponent)
            if t.exponent in held
            else self._size(t, f"{name}_max", around, made)
            for t in known
            if t not in sure
        ]
        if not around.always and any(isinstance(size, Functional) for size in sizes):
            return None
        whole = reduce(lambda x, y: Call("Max", (x, y), (0, 0)), dict.fromkeys(sizes))
        largest = whole if isinstance(whole, Access) else self._entry(f"{name}_max", whole, around, made)
        scaled = (_scaled(t, largest, t.exponent in held) for t in known)
        return Shifted(largest, self._entry(f"{name}_total", add(*scaled), around, made), held)

    def _size(self, term: Term, name: str, around: Around, made: list[Statement]) -> Expr:
        """The largest exponent of a term."""
        if not term.bounds:
            return term.exponent
        return self._entry(name, Functional(LARGEST, (term.exponent,), term.bounds), around, made)

    def _entry(self, name: str, value: Expr, around: Around, made: list[Statement]) -> Expr:
        """A variable for a value, if its letters have ranges that do not move; under a condition only a known one."""
        own = tuple(b for b in around.bounds if b.index in value.letters)
        if not around.always:
            return self.recalled(value, own, around.facts) or value
        if any((*indices(b.lo), *indices(b.hi)) for b in own):
            return value
        return self.named(name, value, own, made)

    def _has_box(self, term: Term, around: Around) -> bool:
        """Can the largest exponent be found as the right side of an equation?"""
        if not term.bounds:
            return True
        letters = set(Functional(LARGEST, (term.exponent,), term.bounds).letters)
        ends = (x for b in (*term.bounds, *(b for b in around.bounds if b.index in letters)) for x in (b.lo, b.hi))
        return len(term.bounds) == 1 and not any(indices(end) for end in ends)

    def _name(self, terms: list[Term]) -> str:
        """The names of the entries in the exponents."""
        entries = [n for t in terms for n in walk(t.exponent) if isinstance(n, Access)]
        name = "_".join(dict.fromkeys(self.spoken(n.tensor) for n in entries if n.at))
        return name if 0 < len(name) <= LONGEST else "row"


def terms_of(expr: Expr) -> list[Term]:
    """The terms of a sum of different exponentials, or the only one; none for anything else."""
    if not isinstance(expr, Add):
        only = term_of(expr)
        return [only] if only is not None else []
    terms = [term_of(t) for t in expr.terms]
    known = [t for t in terms if t is not None]
    several = len({t.exponent for t in known}) > 1 and core_of(expr) is None
    return known if len(known) == len(terms) and several else []


def term_of(term: Expr) -> Term | None:
    """A term of a sum of exponentials; None for anything else."""
    factors = factors_of(term)
    sums = [f for f in factors if isinstance(f, Sum)]
    if len(sums) == 1:
        body = term_of(sums[0].body)
        letters = {b.index for b in sums[0].bounds}
        beside = [f for f in factors if f is not sums[0]]
        if body is None or body.bounds or not letters & set(body.exponent.letters):
            return None
        return Term(mul(*beside, body.weight), body.exponent, sums[0].bounds)
    exponents = [mul(times, base.children[0]) for base, times in map(raised, factors) if is_exp(base)]
    weights = [f for f in factors if not is_exp(raised(f)[0])]
    if not exponents and not all(isinstance(raised(w)[0], (Number, Constant)) for w in weights):
        return None
    return Term(mul(*weights), add(*exponents))


def _scaled(term: Term, largest: Expr, held: bool) -> Expr:
    """weight * exp(exponent - largest), where the weight may be 0 with an exponent of at most 0"""
    exponent = add(term.exponent, mul(MINUS_ONE, largest))
    exponent = Call("Min", (ZERO, exponent), (0, 0)) if held else exponent
    return summed(mul(term.weight, Call("exp", (exponent,))), term.bounds)


def _distributed(expr: Expr) -> Expr:
    """exp(u) (x/s + y) = exp(u) x/s + exp(u) y, where s is a sum, and likewise exp(u) Sum_q x/s."""
    factors = factors_of(expr)
    exponentials = [f for f in factors if is_exp(raised(f)[0])]
    letters = {x for f in exponentials for x in f.letters}
    wide = next((f for f in factors if _has_quotients(f) and not letters & set(_bound_letters(f))), None)
    if not exponentials or wide is None:
        return expr
    rest = [f for f in factors if f not in exponentials and f is not wide]
    if isinstance(wide, Sum):
        return mul(*rest, summed(mul(*exponentials, wide.body), wide.bounds))
    assert isinstance(wide, Add)
    return mul(*rest, add(*(mul(*exponentials, t) for t in wide.terms)))


def _has_quotients(expr: Expr) -> bool:
    """Is it a sum with a term that is divided by a sum of exponentials?"""
    terms = expr.terms if isinstance(expr, Add) else (expr.body,) if isinstance(expr, Sum) else ()
    return any(_divides(f) or _has_quotients(f) for t in terms for f in factors_of(t))


def _bound_letters(expr: Expr) -> tuple[Index, ...]:
    return tuple(b.index for b in expr.bounds) if isinstance(expr, Sum) else ()


def _divides(factor: Expr) -> bool:
    base, times = raised(factor)
    known = isinstance(base, Add) and isinstance(times, Number) and times.value < 0
    return known and bool(terms_of(base))
