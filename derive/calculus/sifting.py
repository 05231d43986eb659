"""Sifting: a Kronecker delta with a summed index removes the sum, and leaves the index's range as a condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from derive.regions.regions import extent
from derive.values.affine import Affine, Node, indices, replace
from derive.values.binders import Bound, Place, Sum, summed
from derive.values.facts import Facts
from derive.values.nodes import ONE, ZERO, Access, Bracket, Expr, Mul, mul

Values = Mapping[str, tuple[Affine, Affine]]  # of integer data: the lowest and the highest place that they mean


def sift_term(term: Expr, outer: tuple[Bound, ...], facts: Facts, values: Values) -> Expr:
    """One term with its deltas used. What stays as a bracket is a condition on a letter of the target, or a guard.

    A condition on a letter that is still summed becomes an end of its range. Where the facts do not say which of
    two ends is the nearer one, or the condition rests on data, the delta that left it is kept: its code scatters.
    `outer` are the ranges of the letters of the target; a condition that they imply is dropped.
    """
    bounds = list(term.bounds) if isinstance(term, Sum) else []
    body = term.body if isinstance(term, Sum) else term
    factors = list(body.factors) if isinstance(body, Mul) else [body]
    kept = frozenset[int]()
    while True:
        sifted = _Sifting(factors, bounds, kept, values).run(facts)
        conditions = sifted.conditions_not_implied((*outer, *sifted.bounds), outer, facts)
        conditions = sifted.narrow(conditions, outer, facts)
        blocked = next((c.delta for c in conditions if _is_open(c.bracket, sifted.bounds)), None)
        if blocked is None:
            break
        kept |= {blocked}
    known = (*outer, *sifted.bounds)
    if any(isinstance(f, Bracket) and f.op == "=" and _never(f, known, facts) for f in sifted.factors):
        return ZERO
    return _assembled(sifted.factors, [c.bracket for c in conditions], sifted.bounds)


@dataclass(frozen=True)
class _Condition:
    """What is left of the range of a summed index, and the number of the delta that removed the index."""

    bracket: Bracket
    delta: int


class _Sifting:
    """The factors and ranges of one term while deltas are used; those numbered in `kept` stay as guards."""

    def __init__(self, factors: list[Expr], bounds: list[Bound], kept: frozenset[int], values: Values) -> None:
        self.numbered, self.bounds, self.kept, self.values = list(enumerate(factors)), bounds, kept, values
        self.conditions: list[_Condition] = []

    @property
    def factors(self) -> list[Expr]:
        return [f for _, f in self.numbered]

    def run(self, facts: Facts) -> _Sifting:
        while (solved := self._solvable()) is not None:
            number, bound, value = solved
            values: dict[Node, Affine] = {bound.index: value}
            changed = [(q, f.replaced(values)) for q, f in self.numbered]
            self.numbered = [(q, f) for q, f in changed if not _trivial(f, facts)]
            rest = (b for b in self.bounds if b != bound)
            self.bounds = [Bound(b.index, replace(b.lo, values), replace(b.hi, values)) for b in rest]
            self.conditions = [_Condition(_substituted(c.bracket, values), c.delta) for c in self.conditions]
            ends = (Bracket("<=", bound.lo, value), Bracket("<=", value, bound.hi))
            self.conditions += [_Condition(end, number) for end in ends]
        return self

    def _solvable(self) -> tuple[int, Bound, Affine] | None:
        """The first summed index that a delta determines, the number of the delta, and the index's value."""
        for number, factor in self.numbered:
            if isinstance(factor, Bracket) and factor.op == "=" and number not in self.kept:
                gap = factor.left - factor.right
                for bound in self.bounds:
                    count = gap.coefficient(bound.index)
                    rest = gap - Affine.of(bound.index) * count
                    if abs(count) == 1 and bound.index not in indices(rest):
                        return number, bound, rest * -count
        return None

    def conditions_not_implied(
        self, known: tuple[Bound, ...], outer: tuple[Bound, ...], facts: Facts
    ) -> list[_Condition]:
        """The conditions that do not hold by themselves, at the places to which deltas hold the target's letters."""
        places = _places(self.factors, outer)
        there = tuple(
            Bound(b.index, replace(b.lo, places), replace(b.hi, places)) for b in known if b.index not in places
        )
        return [c for c in self.conditions if not implied(_substituted(c.bracket, places), there, facts, self.values)]

    def narrow(self, conditions: list[_Condition], outer: tuple[Bound, ...], facts: Facts) -> list[_Condition]:
        """Use conditions as ends of the ranges of summed letters; those that are left."""
        left: list[_Condition] = []
        for condition in conditions:
            known = (*outer, *self.bounds)
            if _given(condition.bracket) or implied(condition.bracket, known, facts, self.values):
                left += [condition] if _given(condition.bracket) else []
                continue
            part = narrowed(condition.bracket, known, facts)
            choices = (_with(self.bounds, found) for bound in self.bounds if (found := part(bound)))
            bounds = next((b for b in choices if b is not None), None)
            if bounds is None:
                left.append(condition)
            else:
                self.bounds = bounds
        return left


def narrowed(bracket: Bracket, known: tuple[Bound, ...], facts: Facts) -> Callable[[Bound], Bound | None]:
    """For a range: the part of it on which the condition holds, if that is a range for all other letters."""
    gap = bracket.right - bracket.left

    def part(bound: Bound) -> Bound | None:
        count = gap.coefficient(bound.index)
        end = (gap - Affine.of(bound.index) * count) * -count
        others = tuple(b for b in known if b.index != bound.index)
        if abs(count) != 1 or bound.index in indices(end):
            return None
        lo, hi = (end, bound.hi) if count > 0 else (bound.lo, end)
        inside, length = (lo - bound.lo if count > 0 else bound.hi - hi), hi - lo + 1
        within = all(facts.below(Affine.of(0), extent(gap, others).lo) for gap in (inside, length))
        return Bound(bound.index, lo, hi) if within else None

    return part


def _with(bounds: list[Bound], changed: Bound) -> list[Bound] | None:
    """The ranges with a changed one, each after those on whose letters it depends; None if there is no such order."""
    left, done = [changed if b.index == changed.index else b for b in bounds], list[Bound]()
    while left:
        waiting = {b.index for b in left}
        ready = next((b for b in left if not waiting & {*indices(b.lo), *indices(b.hi)}), None)
        if ready is None:
            return None
        done.append(ready)
        left.remove(ready)
    return done


def _trivial(factor: Expr, facts: Facts) -> bool:
    return isinstance(factor, Bracket) and factor.op == "=" and facts.same(factor.left, factor.right)


def _is_open(bracket: Bracket, bounds: list[Bound]) -> bool:
    """Does a summed letter, or an entry of data, stand in the condition?"""
    return _given(bracket) or bool({b.index for b in bounds} & set(bracket.letters))


def _given(bracket: Bracket) -> bool:
    return any(isinstance(atom, Expr) for side in (bracket.left, bracket.right) for atom, _ in side.terms)


def _substituted(bracket: Bracket, values: dict[Node, Affine]) -> Bracket:
    return Bracket(bracket.op, replace(bracket.left, values), replace(bracket.right, values))


def _places(factors: list[Expr], outer: tuple[Bound, ...]) -> dict[Node, Affine]:
    """Where a delta holds a letter of the target to one place."""
    letters = [b.index for b in outer]
    found: dict[Node, Affine] = {}
    for factor in factors:
        if isinstance(factor, Bracket) and factor.op == "=":
            for letter in letters:
                count = (factor.left - factor.right).coefficient(letter)
                rest = factor.left - factor.right - Affine.of(letter) * count
                if abs(count) == 1 and not indices(rest):
                    found[letter] = rest * -count
    return found


def implied(bracket: Bracket, bounds: tuple[Bound, ...], facts: Facts, values: Values) -> bool:
    """Does `left <= right` hold for all letters in their ranges, and for all places that data or maxima may give?"""
    for bound in bounds:
        if bracket.right.letter == bound.index and facts.same(bracket.left, bound.lo):
            return True
        if bracket.left.letter == bound.index and facts.same(bracket.right, bound.hi):
            return True
    gap = _least(bracket.right - bracket.left, values)
    return facts.below(Affine.of(0), extent(gap, bounds).lo) is True


def _least(gap: Affine, values: Values) -> Affine:
    """The gap with every place that data or maxima give at the end of its range that makes the gap smallest."""
    ends: dict[Node, Affine] = {}
    for atom, count in gap.terms:
        if isinstance(atom, Place):
            ends[atom] = atom.bounds[0].lo if count > 0 else atom.bounds[0].hi
        elif isinstance(atom, Access) and atom.tensor in values:
            ends[atom] = values[atom.tensor][count < 0]
    return replace(gap, ends)


def _never(bracket: Bracket, bounds: tuple[Bound, ...], facts: Facts) -> bool:
    """Are the two sides different for all letters in their ranges?"""
    reach = extent(bracket.left - bracket.right, bounds)
    zero = Affine.of(0)
    return facts.below(reach.hi, zero - 1) is True or facts.below(zero + 1, reach.lo) is True


def _assembled(factors: list[Expr], conditions: list[Bracket], bounds: list[Bound]) -> Expr:
    """Conditions on free letters stand before the sum, those on summed letters inside it."""
    letters = {b.index for b in bounds}
    kept = [f for f in factors if not isinstance(f, Bracket)]
    brackets = [*(f for f in factors if isinstance(f, Bracket)), *conditions]
    outside = [c for c in brackets if not letters & set(c.letters)]
    inside = [c for c in brackets if letters & set(c.letters)]
    return mul(*outside, summed(mul(*kept, *inside, ONE), tuple(bounds)))
