"""Sums and extremes over a range that moves with another axis: over the whole box, under a condition.

Sum_{u=1}^{t} f(t, u) = Sum_u [u <= t] f(t, u), where f can be computed on all of the box; else t is a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace as with_changes
from fractions import Fraction
from typing import Protocol

from codegen.lowering.contract import elementwise
from codegen.lowering.signs import is_not_negative, is_positive
from codegen.program.array import CHOICE, Contract, Literal, Map, Named, Reduce, Value, letters
from codegen.program.special import BY_HEAD
from derive.regions.regions import extent
from derive.system import Tensor, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Binder, Bound
from derive.values.facts import Facts
from derive.values.nodes import Access, Bracket, Call, Expr
from derive.values.walks import walk


def moving(bound: Bound) -> tuple[Index, ...]:
    """The letters with which the ends of a range move."""
    return tuple(dict.fromkeys((*indices(bound.lo), *indices(bound.hi))))


def box(bound: Bound, around: tuple[Bound, ...]) -> Bound:
    """The range from the lowest to the highest place that it ever reaches."""
    return Bound(bound.index, extent(bound.lo, around).lo, extent(bound.hi, around).hi)


def conditions(bound: Bound, around: tuple[Bound, ...]) -> tuple[Bracket, ...]:
    """What holds of a place of the box that lies in the range."""
    place, whole = Affine.of(bound.index), box(bound, around)
    low = (Bracket("<=", bound.lo, place),) if bound.lo != whole.lo else ()
    return (*low, *((Bracket("<=", place, bound.hi),) if bound.hi != whole.hi else ()))


def not_boxed(expr: Expr, bounds: tuple[Bound, ...], around: tuple[Bound, ...], known: Known) -> Iterator[Bound]:
    """The ranges, among `bounds` over the expression and inside it, that move with an axis and have no box."""
    for bound in bounds:
        whole = box(bound, around)
        if set(moving(bound)) - known.loops and not _fits(expr, bound, (*around, whole), known):
            yield bound
        around = (*around, whole)
    inner = expr.bounds if isinstance(expr, Binder) else ()
    atoms = (atom for p in expr.places for atom, _ in p.terms if isinstance(atom, Expr))
    for child in (*expr.children, *atoms):
        yield from not_boxed(child, inner, around, known)


class Known(Protocol):
    """What is known of a model: a `codegen.lowering.scope.Scope`."""

    @property
    def facts(self) -> Facts: ...

    @property
    def loops(self) -> frozenset[Index]: ...

    @property
    def tensors(self) -> Mapping[str, Tensor]: ...


def _inside(access: Access, letter: Index, around: tuple[Bound, ...], known: Known) -> bool:
    """Is the entry there for all places of the letters around it?"""
    tensor = known.tensors[access.tensor]
    for slot, position in enumerate(access.at):
        atoms = [atom for atom, _ in position.terms if isinstance(atom, Expr)]
        if letter not in indices(position) or (atoms and position.coefficient(letter) == 0):
            continue
        lo, hi = tensor.range_of(slot, access.at)
        used = extent(position, around)
        if atoms or not (known.facts.below(lo, used.lo) and known.facts.below(used.hi, hi)):
            return False
    return True


def _fits(expr: Expr, bound: Bound, around: tuple[Bound, ...], known: Known) -> bool:
    """Can the expression be computed on the whole box, without a look outside of arrays or a division by 0?"""
    mine, others = bound.index, set(moving(bound))
    if not all(_inside(access, mine, around, known) for access in accesses(expr)):
        return False
    return not any(_is_partial(n) and mine in (x := set(n.letters)) and others & x for n in walk(expr))


def _is_partial(expr: Expr) -> bool:
    """May the value not exist for some values of the parts, and not be guarded by `harmless`?"""
    if not isinstance(expr, Call) or expr.function in FILL:
        return False
    return expr.function == "atanh" or (expr.function in BY_HEAD and BY_HEAD[expr.function].singular)


def protected(tests: Sequence[Value], below: Value, order: tuple[Index, ...]) -> Value:
    """A denominator that is 1 where a test fails."""
    for test in tests:
        below = harmless(test, below)
        if test.axes and covers(below, test) and not is_positive(below):
            below = elementwise(CHOICE, (test, below, Literal(Fraction(1))), order)
    return below


def masked(tests: Sequence[Value], groups: list[Value], order: tuple[Index, ...]) -> list[Value]:
    """Factors whose product is 0 where a test fails: a factor with all axes of it is 0 there, else the test is one."""
    together: dict[frozenset[Index], Value] = {}
    for test in tests:
        axes = frozenset(letters(test.axes))
        together[axes] = elementwise("&", (together[axes], test), order) if axes in together else test
    for test in together.values():
        groups = _masked(test, groups, order)
    return groups


def _masked(test: Value, groups: list[Value], order: tuple[Index, ...]) -> list[Value]:
    groups = [harmless(test, g) for g in groups]
    wide = [q for q, g in enumerate(groups) if covers(g, test)]
    if not test.axes or not wide:
        return [*groups, Map("typed", (test,), test.axes) if test.axes else test]
    if not any(isinstance(g := groups[q], Map) and g.op == "exp" for q in wide):
        groups[wide[0]] = elementwise(CHOICE, (test, groups[wide[0]], Literal(Fraction(0))), order)
    return groups


FILL: dict[str, tuple[int, Value]] = {
    "exp": (0, Map("neg", (Named("oo"),), ())),
    "/": (1, Literal(Fraction(1))),
    "**": (0, Literal(Fraction(1))),
    **{
        name: (0, Literal(Fraction(1)))
        for name in ("log", "sqrt", "log1p", "acosh", "asin", "acos", "gamma", "loggamma")
    },
}


def harmless(test: Value, value: Value, needed: bool = True) -> Value:
    """The value with harmless arguments where the test is not `needed`: exp(-oo) = 0, else 1 for what may not exist."""
    if not covers(value, test) or not test.axes:
        return value
    if isinstance(value, Reduce):
        return with_changes(value, value=harmless(test, value.value, needed))
    if isinstance(value, Contract):
        return with_changes(value, left=harmless(test, value.left, needed), right=harmless(test, value.right, needed))
    if not isinstance(value, Map):
        return value
    args = [harmless(test, a, needed) for a in value.args]
    place, fill = FILL.get(value.op, (-1, None)) if not _is_whole_power(value) else (-1, None)
    computed = fill is not None and (covers(args[place], test) or isinstance(args[place], (Map, Reduce, Contract)))
    if computed and not _exists(value.op, args[place]):
        ends = (args[place], fill) if needed else (fill, args[place])
        args[place] = elementwise(CHOICE, (test, *ends), letters(value.axes))
    return Map(value.op, tuple(args), value.axes)


def _exists(op: str, argument: Value) -> bool:
    """Has the function a value at the argument, by its form?"""
    return is_not_negative(argument) if op == "sqrt" else is_positive(argument)


def _is_whole_power(value: Map) -> bool:
    exponent = value.args[-1]
    return value.op == "**" and isinstance(exponent, Literal) and exponent.value.denominator == 1


def covers(value: Value, test: Value) -> bool:
    """Has the value all axes of the test?"""
    return set(letters(test.axes)) <= set(letters(value.axes))


def extremal(op: str, test: Value, value: Value, order: tuple[Index, ...]) -> Value:
    """A value that is never the largest, or smallest, where the test fails."""
    edge: Value = Named("oo")
    return elementwise(CHOICE, (test, value, edge if op.endswith("min") else Map("neg", (edge,), ())), order)
