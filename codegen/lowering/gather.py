"""Integer data and places of extremes: reads at places that arrays give, guards, and sums by place."""

from __future__ import annotations

from collections.abc import Callable

from codegen.lowering.boxes import extremal, moving
from codegen.lowering.contract import elementwise, merged, spread, turned
from codegen.lowering.scope import Scope, boxed, direct, must_loop, outermost, pick_of, read
from codegen.program.array import (
    Gather,
    Length,
    Map,
    Pick,
    Places,
    Reduce,
    Scatter,
    Shifted,
    Through,
    Total,
    Value,
    letters,
)
from derive.errors import Refused
from derive.values.affine import Affine, Index
from derive.values.binders import Bound, Extreme, Place, Sum
from derive.values.nodes import Access, Bracket, Expr, mul
from derive.values.text import render_affine, render_expr

Lower = Callable[[Expr, Scope], Value]


def is_gather(access: Access, scope: Scope) -> bool:
    """Does an array give one of the positions, or does a letter stand in several of them, as on a diagonal?"""
    return bool(diagonal(access, scope)) or any(
        isinstance(atom, Expr) for position in access.at for atom, _ in position.terms
    )


def diagonal(access: Access, scope: Scope) -> list[Index]:
    """The axis letters that stand in several positions of an entry."""
    found = [x for position in access.at for x in direct(position) if x in scope.axes]
    return [x for x in dict.fromkeys(found) if found.count(x) > 1]


def entry(access: Access, scope: Scope, lower: Lower) -> Value:
    """The entry as its array holds it."""
    return gather(access, scope, lower) if is_gather(access, scope) else read(access, scope)


def gather(access: Access, scope: Scope, lower: Lower) -> Value:
    """`E[word[i], k]`: a letter that stands in a place given by an array, and on its own, becomes an array too."""
    store, tensor = scope.stores[access.tensor], scope.tensors[access.tensor]
    given = [x for p in access.at for atom, _ in p.terms if isinstance(atom, Expr) for x in atom.letters]
    given += diagonal(access, scope)
    keys: list[Affine] = []
    picks: list[Pick] = []
    args: list[Value] = []
    for slot, (position, key) in enumerate(zip(access.at, store.layout, strict=True)):
        arrays = any(isinstance(atom, Expr) for atom, _ in position.terms)
        if key and arrays:
            raise Refused(f"integer data cannot choose between arrays of different shape: {render_expr(access)}")
        if key:
            keys.append(position)
            continue
        lo, hi = tensor.range_of(slot, access.at)
        if arrays or any(x in given and x in scope.axes for x in direct(position)):
            picks.append(Through(len(args)))
            args.append(integers(position - lo, scope, lower))
        else:
            picks.append(pick_of(position, lo, hi, scope, access))
    axes = merged([a.axes for a in args], scope.order)
    index = Map("index", tuple(turned(a, letters(axes)) for a in args), axes)
    found = Gather(store.name, tuple(keys), tuple(picks), index)
    if len(set(letters(found.axes))) < len(found.axes):
        raise Refused(f"{render_expr(access)} has an axis twice")
    return found


def integers(affine: Affine, scope: Scope, lower: Lower) -> Value:
    """The integers of a position, as an array."""
    return _joined(*_split(affine, scope), scope, lower)


def _split(affine: Affine, scope: Scope) -> tuple[list[tuple[Expr, int]], Affine]:
    """What arrays give, and the rest; an array counts its places from 0."""
    given: list[tuple[Expr, int]] = []
    rest = affine
    for atom, count in affine.terms:
        if isinstance(atom, Expr):
            given.append((atom, count))
            rest = rest + (_reach(atom, scope)[0] - Affine.of(atom)) * count
    return given, rest


def _reach(atom: Expr, scope: Scope) -> tuple[Affine, Affine]:
    """The lowest and the highest place that an atom may mean."""
    if isinstance(atom, Place):
        (bound,), _ = boxed(atom.bounds, scope)
        return bound.lo, bound.hi
    assert isinstance(atom, Access), type(atom).__name__
    values = scope.tensors[atom.tensor].values
    assert values is not None, atom.tensor
    return values


def _joined(given: list[tuple[Expr, int]], rest: Affine, scope: Scope, lower: Lower) -> Value:
    terms: list[tuple[int, Value]] = [
        (count, entry(atom, scope, lower) if isinstance(atom, Access) else lower(atom, scope)) for atom, count in given
    ]
    own = [x for x in direct(rest) if x in scope.axes]
    for x in own:
        part = Affine.of(x) * rest.coefficient(x)
        if x == own[-1]:
            part = part + (rest - sum((Affine.of(y) * rest.coefficient(y) for y in own), Affine.of(0)))
        terms.append((1, Places(scope.axes[x], part, True)))
    if not own and (rest != Affine.of(0) or not terms):
        terms.append((1, Length(rest)))
    terms.sort(key=lambda term: term[0] < 0)
    result: Value | None = None
    for count, value in terms:
        if abs(count) != 1:
            value = elementwise("*", (Length(Affine.of(abs(count))), value), scope.order)
        if result is None:
            result = elementwise("neg", (value,), scope.order) if count < 0 else value
        else:
            result = elementwise("-" if count < 0 else "+", (result, value), scope.order)
    assert result is not None
    return result


def guard(expr: Bracket, scope: Scope, lower: Lower) -> Value:
    """1 where the condition holds, else 0, in the type of the arrays."""
    value = test(expr, scope, lower)
    return value if all(isinstance(side, Length) for side in value.args) else Map("typed", (value,), value.axes)


def test(expr: Bracket, scope: Scope, lower: Lower) -> Map:
    """Does the condition hold?"""
    left, right = _split(expr.left, scope), _split(expr.right, scope)
    if left[0]:
        left, right = (left[0], Affine.of(0)), (right[0], right[1] - left[1])
    elif right[0]:
        left, right = ([], left[1] - right[1]), (right[0], Affine.of(0))
    sides = tuple(_joined(*side, scope, lower) for side in (left, right))
    if expr.op == "=":
        return elementwise("==", sides, scope.order)
    return elementwise("<=", sides, (*scope.order, *(x for x in scope.axes if x not in scope.order)))


def extreme(expr: Extreme, scope: Scope, lower: Lower) -> Value:
    """The largest value along an axis, or its first place; a letter that cannot be an axis is a loop."""
    op = f"arg{expr.op}" if isinstance(expr, Place) else expr.op
    bound = expr.bounds[0]
    if not moving(bound) and not scope.never_negative(bound.hi - bound.lo):
        raise Refused(
            f"{render_expr(expr)} has no value where {render_affine(bound.hi)} is less than {render_affine(bound.lo)}",
            fix=f"declare model.assume({render_affine(bound.lo)} <= {render_affine(bound.hi)})",
        )
    if outermost(expr.bounds, must_loop(expr.body, expr.bounds, scope)) is not None:
        return Total(bound, lower(expr.body, scope.with_loop(bound)), op)
    bounds, conditions = boxed(expr.bounds, scope)
    inside = scope.with_axes(bounds)
    value = lower(expr.body, inside)
    for condition in conditions:
        value = extremal(op, test(condition, inside, lower), value, scope.order)
    if bound.index in letters(value.axes):
        return Reduce(op, value, (bound.index,))
    return Length(Affine.of(0)) if isinstance(expr, Place) else value


# sums with a guard


def guarded(factors: tuple[Expr, ...], bounds: tuple[Bound, ...], scope: Scope, lower: Lower) -> Value | None:
    """A sum of a product with a guard [place = q] of a letter q that no other factor has: no terms that are 0."""
    for q, factor in enumerate(factors):
        if isinstance(factor, Bracket) and factor.op == "=":
            others = (*factors[:q], *factors[q + 1 :])
            found = _by_place(factor, others, bounds, scope, lower) or _shift(factor, others, bounds, scope, lower)
            if found is not None:
                return found
    return None


def _by_place(
    factor: Bracket, others: tuple[Expr, ...], bounds: tuple[Bound, ...], scope: Scope, lower: Lower
) -> Value | None:
    """Sum_i v[i] [word[i] = q]: v added up by place."""
    for given, wanted in ((factor.left, factor.right), (factor.right, factor.left)):
        atom, letter = given.alone, wanted.letter
        if not isinstance(atom, Expr) or letter is None or letter not in scope.axes or letter in _letters(others):
            continue
        own = tuple(b for b in bounds if b.index in atom.letters)
        axis, (lo, hi) = scope.axes[letter], _reach(atom, scope)
        below = scope.facts.below
        if not own or len(own) < len(atom.letters) or not (below(axis.lo, lo) and below(hi, axis.hi)):
            continue
        inside = scope.with_axes(own)
        index = integers(given - axis.lo, inside, lower)
        values = _rest(others, bounds, own, inside, lower)
        rest = [a for a in values.axes if a.index not in letters(index.axes)]
        return Scatter(spread(values, (*index.axes, *rest)), index, axis)
    return None


def _shift(
    factor: Bracket, others: tuple[Expr, ...], bounds: tuple[Bound, ...], scope: Scope, lower: Lower
) -> Value | None:
    """Sum_p v[p] [p + s = t]: v put at the places p + s of t, zeros around it."""
    gap = factor.left - factor.right
    if any(isinstance(atom, Expr) for atom, _ in gap.terms):
        return None
    mine = [b for b in bounds if gap.coefficient(b.index)]
    theirs = [x for x in direct(gap) if x in scope.axes and x not in {b.index for b in bounds}]
    if len(mine) != 1 or len(theirs) != 1 or theirs[0] in _letters(others):
        return None
    source, axis = mine[0], scope.axes[theirs[0]]
    step = gap.coefficient(source.index)
    if abs(step) != 1 or gap.coefficient(axis.index) != -step:
        return None
    offset = (gap - Affine.of(source.index) * step + Affine.of(axis.index) * step) * step
    if any(x in scope.axes for x in direct(offset)):
        return None
    before, after = source.lo + offset - axis.lo, axis.hi - source.hi - offset
    if not (scope.never_negative(before) and scope.never_negative(after)):
        return None
    inside = scope.with_axes((source,))
    value = _rest(others, bounds, (source,), inside, lower)
    if source.index not in letters(value.axes):
        value = spread(value, (source, *value.axes))
    return Shifted(value, source.index, axis, before, after)


def _letters(factors: tuple[Expr, ...]) -> set[Index]:
    return {x for f in factors for x in f.letters}


def _rest(
    others: tuple[Expr, ...], bounds: tuple[Bound, ...], own: tuple[Bound, ...], inside: Scope, lower: Lower
) -> Value:
    rest = tuple(b for b in bounds if b not in own)
    return lower(Sum(mul(*others), rest) if rest else mul(*others), inside)
