"""Whole arrays: a value with free axes, and what `@`, `.T`, sums over axes and brackets make of it.

The axes of a value are the letters `:2`, `:1`, counted from the last one, so that values which are combined entry by
entry, a row of a bias under a matrix too, already share their letters. Everything here becomes index notation at
once; `derive.language.axis_letters` gives the letters readable names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from derive.errors import ModelError
from derive.regions.suggested import equal_sizes
from derive.regions.unknown import UNKNOWN
from derive.values.affine import Affine, Index, Node, indices, replace
from derive.values.binders import Binder, Bound, summed
from derive.values.facts import Facts
from derive.values.nodes import Expr, mul
from derive.values.text import render_affine, render_expr, render_range
from derive.values.walks import walk

AXIS, BOUND = ":", "~"  # how the letters of axes and of sums over axes begin until they have names


@dataclass(frozen=True)
class Axis:
    """The range of an axis, UNKNOWN where later equations will show it, and the letter of its declaration."""

    lo: Affine = UNKNOWN
    hi: Affine = UNKNOWN
    name: str = ""

    @property
    def known(self) -> bool:
        return self.hi != UNKNOWN

    def put(self, values: dict[Index, Affine]) -> Axis:
        return Axis(replace(self.lo, values), replace(self.hi, values), self.name)

    def __str__(self) -> str:
        return render_affine(self.hi) if self.lo.number == 1 or not self.known else render_range(self.lo, self.hi)


@dataclass(frozen=True)
class Array:
    """The entry of a value at its axes; `text` is what its author wrote, if an array stands in it."""

    node: Expr
    axes: tuple[Axis, ...] = ()
    text: str = ""

    @property
    def letters(self) -> tuple[Index, ...]:
        return axis_letters(len(self.axes))

    def __str__(self) -> str:
        text = self.text or render_expr(self.node)
        return text if len(text) <= 40 and BOUND not in text else "the value"

    @property
    def tight(self) -> str:
        """The text as an operand."""
        text, depth = str(self), 0
        for sign in text:
            depth += (sign in "([") - (sign in ")]")
            if sign == " " and not depth:
                return f"({text})"
        return text


def axis_letters(rank: int) -> tuple[Index, ...]:
    """The letters of `rank` axes, first to last."""
    return tuple(Index(f"{AXIS}{q}") for q in range(rank, 0, -1))


def nameless(letter: Index) -> bool:
    """Is this the letter of an axis, or of a sum over one, that has no readable name yet?"""
    return letter.name.startswith((AXIS, BOUND))


def shape(axes: Sequence[Axis]) -> str:
    """`(m, n)`, `(m,)`; an axis that does not begin at 1 shows both ends."""
    names = {x: Affine.of(Index(a.name)) for x, a in zip(axis_letters(len(axes)), axes, strict=True) if a.name}
    return f"({', '.join(str(a.put(names)) for a in axes)}{',' if len(axes) == 1 else ''})"


def shapes(*arrays: Array) -> str:
    """`W has shape (n, p), a has shape (m, n)`."""
    return ", ".join(f"{a} has shape {shape(a.axes)}" for a in arrays)


def same(left: Axis, right: Axis, facts: Facts) -> bool:
    """Are the two equal, as far as can be known now? An unknown range is compared once it is known."""
    if not (left.known and right.known):
        return True
    return facts.same(left.lo, right.lo) and facts.same(left.hi, right.hi)


def spread(arrays: Sequence[Array], facts: Facts) -> tuple[Axis, ...]:
    """The axes of values combined entry by entry: equal shapes, scalars, and vectors along the last axis.

    Raises ModelError, with both shapes, for everything else: nothing is broadcast by accident.
    """
    return reduce(lambda one, two: _spread(one, two, facts), arrays, Array(mul())).axes


def _spread(one: Array, two: Array, facts: Facts) -> Array:
    low, high = sorted((one, two), key=lambda a: len(a.axes))
    if not low.axes:
        return high
    equal = len(low.axes) == len(high.axes)
    if (equal or len(low.axes) == 1) and all(
        same(a, b, facts) for a, b in zip(reversed(low.axes), reversed(high.axes), strict=False)
    ):
        found = tuple(a if a.known else b for a, b in zip(high.axes[-len(low.axes) :], low.axes, strict=True))
        return Array(high.node, (*high.axes[: -len(low.axes)], *found), high.text)
    raise ModelError(f"the shapes differ: {shapes(one, two)}", fix=_fix_of_spread(one, two, low, high, facts))


def _fix_of_spread(one: Array, two: Array, low: Array, high: Array, facts: Facts) -> str:
    turned = len(low.axes) == len(high.axes) == 2 and all(
        same(a, b, facts) for a, b in zip(one.axes, reversed(two.axes), strict=True)
    )
    if turned:
        return f"transpose one of them: {two.tight}.T"
    if len(low.axes) == len(high.axes):
        a, b = next((a, b) for a, b in zip(one.axes, two.axes, strict=True) if not same(a, b, facts))
        return fix_of_sizes(a, b, facts)
    return "only a scalar, or a vector along the last axis, goes with every row; write the entries: x[i, j] + v[i]"


def fix_of_sizes(one: Axis, two: Axis, facts: Facts) -> str:
    """What to do about two sizes that are not known to be equal."""
    if 1 in (one.hi.number, two.hi.number):
        return "write the entries, with the place 1: x[i, j] + c[i, 1]"
    if one.lo == two.lo and (fact := equal_sizes(one.hi, two.hi, facts)):
        return f"{fact} above"
    return "write the entries, with the places that you mean"


def closed(node: Expr, axes: Sequence[tuple[Index, Axis]], text: str) -> Array:
    """The value whose axes are these letters, in this order."""
    values = {old: Affine.of(new) for (old, _), new in zip(axes, axis_letters(len(axes)), strict=True)}
    return Array(node.replaced(values), tuple(axis.put(values) for _, axis in axes), text)


def bound_letter(*nodes: Expr) -> Index:
    """A letter for a sum over an axis that nothing inside uses."""
    used = {b.index.name for node in nodes for part in walk(node) if isinstance(part, Binder) for b in part.bounds}
    used |= {x.name for node in nodes for x in node.letters}
    return next(Index(f"{BOUND}{q}") for q in range(1, len(used) + 2) if f"{BOUND}{q}" not in used)


def transposed(array: Array) -> Array:
    """A.T of a matrix."""
    if len(array.axes) == 1:
        fix = f"{array.tight} @ ... is the inner product; outer(u, v) is the matrix of all products"
    else:
        fix = f"slice it: {array.tight}[l, :, :].T; .mT turns the last two axes" if array.axes else "leave .T out"
    if len(array.axes) != 2:
        raise ModelError(f".T turns a matrix, but {shapes(array)}", fix=fix)
    return turned(array)


def turned(array: Array) -> Array:
    """The last two axes change places."""
    if len(array.axes) < 2:
        raise ModelError(f".mT turns the last two axes, but {shapes(array)}", fix="leave .mT out")
    *lead, row, column = zip(array.letters, array.axes, strict=True)
    return closed(array.node, (*lead, column, row), f"{array.tight}.{'mT' if lead else 'T'}")


def product(left: Array, right: Array, facts: Facts) -> Array:
    """Sum_k a[i, k] b[k, j], and the same with vectors, a stack times a matrix, and equal stacks of matrices."""
    if not left.axes or not right.axes:
        raise ModelError(f"@ multiplies arrays: {shapes(left, right)}", fix="write * for a scalar")
    if len(right.axes) > 2 and len(left.axes) != len(right.axes):
        raise ModelError(
            f"@ of stacks of matrices needs the same leading axes: {shapes(left, right)}", fix="slice them: A[l, :, :]"
        )
    k = bound_letter(left.node, right.node)
    batch = len(left.axes) - 2 if len(left.axes) == len(right.axes) else 0
    lead = [Index(f"{BOUND}lead{q}") for q in range(len(left.axes) - 1)]
    column = [*lead[:batch], k, Index(f"{BOUND}last")] if len(right.axes) > 1 else [k]
    one, two = _lettered(left, [*lead, k]), _lettered(right, column)
    fits = all(same(one.axes[q], two.axes[q], facts) for q in range(max(batch, 0)))
    inner = one.axes[-1], two.axes[-2 if len(right.axes) > 1 else -1]
    if not fits or not same(*inner, facts):
        raise ModelError(
            f"{left.tight} @ {right.tight} does not fit: {shapes(left, right)}", fix=_fix_of_product(left, right, facts)
        )
    known = inner[0] if inner[0].known else inner[1]
    new = [pair for pair in zip(column, two.axes, strict=True) if pair[0] not in (*lead, k)]
    kept = [*zip(lead, one.axes[:-1], strict=True), *new]
    node = summed(mul(one.node, two.node), (Bound(k, known.lo, known.hi),))
    return closed(node, kept, f"{left.tight} @ {right.tight}")


def _lettered(array: Array, letters: Sequence[Index]) -> Array:
    values = {old: Affine.of(new) for old, new in zip(array.letters, letters, strict=True)}
    return Array(array.node.replaced(values), tuple(axis.put(values) for axis in array.axes), array.text)


def _fix_of_product(left: Array, right: Array, facts: Facts) -> str:
    one, two = left.axes, right.axes
    if len(one) > 2 or len(two) > 2:
        turn = len(one) == len(two) and same(one[-1], two[-1], facts)
        return f"{left.tight} @ {right.tight}.mT" if turn else "all axes but the last two must be the same"
    ways = (
        (two[-1], one[0], True, f"{right.tight} @ {left.tight}"),
        (one[0], two[0], len(one) == 2, f"{left.tight}.T @ {right.tight}"),
        (one[-1], two[-1], len(two) == 2, f"{left.tight} @ {right.tight}.T"),
    )
    found = next((text for a, b, allowed, text in ways if allowed and same(a, b, facts)), "")
    return found or fix_of_sizes(one[-1], two[0], facts)


def opened(array: Array, axis: object, what: str) -> tuple[Expr, tuple[Bound, ...], list[tuple[Index, Axis]]]:
    """The entry with bound letters for `axis` (None for all), their ranges, and the axes that stay."""
    chosen = _chosen(array, axis, what)
    node, bounds, values = array.node, list[Bound](), dict[Index, Affine]()
    for q in chosen:
        letter = bound_letter(node)
        node = node.replaced({array.letters[q]: Affine.of(letter)})
        values[array.letters[q]] = Affine.of(letter)
        bounds.append(Bound(letter, array.axes[q].lo, array.axes[q].hi))
    bounds = [Bound(b.index, replace(b.lo, values), replace(b.hi, values)) for b in bounds]
    rest = [(array.letters[q], array.axes[q]) for q in range(len(array.axes)) if q not in chosen]
    gone = {array.letters[q] for q in chosen}
    if any(gone & {*indices(a.lo), *indices(a.hi)} for _, a in rest):
        raise ModelError(
            f"the other axes of {array} are as long as the one of {what} says", fix=f"{what}(...) over all axes"
        )
    return node, tuple(bounds), rest


def _chosen(array: Array, axis: object, what: str) -> tuple[int, ...]:
    rank = len(array.axes)
    if not rank:
        raise ModelError(
            f"{what} goes over the axes of an array, and {array} has none that is known here",
            fix=f"leave {what} out, or state the equations that give it axes above",
        )
    asked = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    numbers = [q % rank for q in asked if type(q) is int and -rank <= q < rank]
    if len(set(numbers)) < len(asked) or not numbers:
        fix = f"axis=0 is the first, axis={rank - 1} the last"
        raise ModelError(f"there is no axis {axis}, or it is named twice: {shapes(array)}", fix=fix)
    return tuple(sorted(numbers))


def total(array: Array, axis: object = None, what: str = "Sum") -> Array:
    """The sum over all entries, or over one axis."""
    node, bounds, rest = opened(array, axis, what)
    return closed(summed(node, bounds), rest, f"{what}({array})")


def read(array: Array, at: Sequence[Affine | None]) -> Array:
    """The value at these places; None keeps an axis."""
    if len(at) != len(array.axes):
        raise ModelError(f"{array} has {len(array.axes)} axes, not {len(at)}", fix=f"its shape is {shape(array.axes)}")
    places: dict[Node, Affine] = {x: p for x, p in zip(array.letters, at, strict=True) if p is not None}
    own = [Index(f"{BOUND}kept{q}") for q in range(len(at))]
    hidden = {x: Affine.of(y) for x, y in zip(array.letters, own, strict=True) if x not in places}
    values: dict[Index, Affine] = {**hidden, **{x: p for x, p in places.items() if isinstance(x, Index)}}
    kept = [(own[q], axis.put(values)) for q, axis in enumerate(array.axes) if at[q] is None]
    inside = ", ".join(":" if p is None else render_affine(p) for p in at)
    return closed(array.node.replaced(values), kept, f"{array.tight}[{inside}]")


def entrywise(combine: Callable[[Expr, Expr], Expr], one: Array, two: Array, facts: Facts, sign: str) -> Array:
    """a[i, j] op b[i, j] for two values whose shapes go together."""
    left = str(one) if sign.startswith(" ") else one.tight
    text = f"{left}{sign}{two.tight if sign != ' + ' else two}" if one.text or two.text else ""
    return Array(combine(one.node, two.node), spread((one, two), facts), text)
