"""Products and sums of typed values: alignment of axes, and which products become contractions."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.program.array import Axes, Contract, Literal, Map, Reduce, Turn, Value, letters
from derive.errors import Refused
from derive.values.affine import Index
from derive.values.binders import Bound

Order = tuple[Index, ...]


def merged(axes: Sequence[Axes], order: Order) -> Axes:
    """The union of some axes: wanted letters in wanted order, the others where the longest value has them."""
    found = {a.index: a for some in axes for a in some}
    placed = [x for x in order if x in found]
    for some in sorted(axes, key=len, reverse=True):
        before = -1
        for axis in some:
            if axis.index in placed:
                before = placed.index(axis.index)
            else:
                before += 1
                placed.insert(before, axis.index)
    return tuple(found[x] for x in placed)


def turned(value: Value, order: Order) -> Value:
    """The value with its axes in the given order of letters."""
    own = {a.index: a for a in value.axes}
    wanted = tuple(own[x] for x in order if x in own)
    return value if letters(wanted) == letters(value.axes) else Turn(value, wanted)


def elementwise(op: str, args: Sequence[Value], order: Order) -> Map:
    """Apply an operation element by element, over the union of the axes."""
    axes = merged([a.axes for a in args], order)
    return Map(op, tuple(turned(a, letters(axes)) for a in args), axes)


def times(factors: Sequence[Value], order: Order) -> Value:
    """Product from left to right."""
    result = factors[0]
    for factor in factors[1:]:
        result = elementwise("*", (result, factor), order)
    return result


def spread(value: Value, axes: Axes) -> Value:
    """The value with exactly these axes: turned, and repeated along those that it lacks."""
    value = turned(value, letters(axes))
    return value if letters(value.axes) == letters(axes) else Map("spread", (value,), axes)


def contraction(factors: Sequence[Value], over: Sequence[Bound], order: Order) -> Value:
    """Sum of a product whose factors all have a letter of `over`: one is reduced, two contracted, more pairwise."""
    groups = list(factors)
    left = {b.index for b in over}
    while True:
        groups, left = _reduce_alone(groups, left)
        groups = _join(groups, order, lambda a, b: set(letters(a.axes)) == set(letters(b.axes)))
        groups, left = _reduce_alone(groups, left)
        if not left:
            return times(groups, order)
        pair = _best_pair(groups, left)
        if pair is None:
            groups = _join_smallest(groups, left, order)
            continue
        one, two = pair
        value = _contract(groups[one], groups[two], _common(groups[one], groups[two], left), order)
        left -= set(_common(groups[one], groups[two], left))
        groups = [g for q, g in enumerate(groups) if q != two]
        groups[one] = value


def _reduce_alone(groups: list[Value], left: set[Index]) -> tuple[list[Value], set[Index]]:
    """A letter that stands in one group only is summed there."""
    done: set[Index] = set()
    result: list[Value] = []
    for q, group in enumerate(groups):
        others = {x for p, g in enumerate(groups) if p != q for x in letters(g.axes)}
        alone = tuple(x for x in letters(group.axes) if x in left and x not in others)
        done |= set(alone)
        result.append(Reduce("+", group, alone) if alone else group)
    return result, left - done


def _join(groups: list[Value], order: Order, alike: object) -> list[Value]:
    """Multiply groups that are alike."""
    assert callable(alike)
    result: list[Value] = []
    for group in groups:
        for q, other in enumerate(result):
            if alike(other, group):
                result[q] = elementwise("*", (other, group), order)
                break
        else:
            result.append(group)
    return result


def _common(one: Value, two: Value, left: set[Index]) -> tuple[Index, ...]:
    return tuple(x for x in letters(one.axes) if x in left and x in letters(two.axes))


def _best_pair(groups: list[Value], left: set[Index]) -> tuple[int, int] | None:
    """Two groups to contract: what they share of summed letters stands nowhere else, and the result is smallest.

    A group that merely scales another one is none; None if there is no pair.
    """
    best: tuple[int, int, int] | None = None
    for p, one in enumerate(groups):
        for q in range(p + 1, len(groups)):
            two = groups[q]
            common = _common(one, two, left)
            others = {x for r, g in enumerate(groups) if r not in (p, q) for x in letters(g.axes)}
            shared = set(letters(one.axes)) & set(letters(two.axes))
            batch = shared - set(common)
            nested = shared in (set(letters(one.axes)), set(letters(two.axes)))
            if not common or others & set(common) or (batch and nested):
                continue
            rank = len(set(letters(one.axes)) | set(letters(two.axes))) - len(common)
            if best is None or rank < best[0]:
                best = (rank, p, q)
    return (best[1], best[2]) if best else None


def _join_smallest(groups: list[Value], left: set[Index], order: Order) -> list[Value]:
    """Multiply the two groups with a common summed letter whose product has the fewest axes, smaller group last."""
    pairs = [
        (len(set(letters(a.axes)) | set(letters(b.axes))), p, p + 1 + q)
        for p, a in enumerate(groups)
        for q, b in enumerate(groups[p + 1 :])
        if _common(a, b, left)
    ]
    if not pairs:
        raise Refused(f"no way to sum over {', '.join(sorted(x.name for x in left))}")
    _, p, q = min(pairs)
    joined = elementwise("*", (groups[p], groups[q]), order)
    return [joined if r == p else g for r, g in enumerate(groups) if r != q]


def _contract(one: Value, two: Value, over: tuple[Index, ...], order: Order) -> Value:
    """The group whose own letters are wanted first stands on the left."""

    def rank(value: Value, other: Value) -> int:
        own = [x for x in letters(value.axes) if x not in letters(other.axes)]
        return min((order.index(x) for x in own if x in order), default=len(order))

    return Contract(two, one, over) if rank(two, one) < rank(one, two) else Contract(one, two, over)


def is_number(value: Value, number: int) -> bool:
    """Is the value this literal?"""
    return isinstance(value, Literal) and value.value == number
