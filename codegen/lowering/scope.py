"""Where tensors live, and how an entry `w[l, j, k]` becomes a read of storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import replace as with_changes

from codegen.lowering.boxes import box, conditions, moving, not_boxed
from codegen.program.array import Pick, Read, Span, Store
from derive.errors import Refused
from derive.regions.regions import extent
from derive.system import Tensor
from derive.system import accesses as every_access
from derive.values.affine import Affine, Index, Node, indices, replace
from derive.values.binders import Bound
from derive.values.facts import Facts
from derive.values.nodes import Access, Bracket, Expr
from derive.values.text import render_affine, render_expr
from derive.values.walks import walk


@dataclass(frozen=True)
class Scope:
    """What is known at one place of the program.

    `axes` are letters that are array axes here, `loops` letters that are integers, `ranges` the values of
    loop letters, `order` the wanted order of axes.
    """

    facts: Facts
    tensors: Mapping[str, Tensor]
    stores: Mapping[str, Store]
    axes: Mapping[Index, Bound]
    loops: frozenset[Index] = frozenset()
    ranges: tuple[Bound, ...] = ()
    order: tuple[Index, ...] = ()

    def with_axes(self, bounds: tuple[Bound, ...]) -> Scope:
        """The same scope inside a sum over `bounds`."""
        return with_changes(self, axes={**self.axes, **{b.index: b for b in bounds}})

    def with_loop(self, bound: Bound) -> Scope:
        """The same scope inside a loop."""
        letter = bound.index
        return with_changes(
            self,
            loops=self.loops | {letter},
            ranges=(*(b for b in self.ranges if b.index != letter), bound),
            axes={x: b for x, b in self.axes.items() if x != letter},
        )

    def never_negative(self, affine: Affine) -> bool:
        """Is an integer at least 0 in every pass of the loops?"""
        return bool(self.facts.below(Affine.of(0), extent(affine, self.ranges).lo))


def layout(tensor: Tensor) -> tuple[bool, ...]:
    """For each slot: is it a key? It is if the range of another slot depends on it; else it is an array axis."""
    return tuple(
        any(slot.index in (*indices(other.lo), *indices(other.hi)) for other in tensor.slots if other is not slot)
        for slot in tensor.slots
    )


def make_store(name: str, tensor: Tensor, role: str) -> Store:
    """The storage of a tensor under a name in code."""
    keyed = layout(tensor)
    slots = [(Bound(s.index, s.lo, s.hi), key) for s, key in zip(tensor.slots, keyed, strict=True)]
    return Store(
        name,
        tensor.name,
        role,
        tuple(b for b, key in slots if key),
        tuple(b for b, key in slots if not key),
        keyed,
        integer=tensor.values is not None,
    )


def read(access: Access, scope: Scope) -> Read:
    """`a[l - 1, i, k]` is the array at key l - 1, with axes i and k."""
    store, tensor = scope.stores[access.tensor], scope.tensors[access.tensor]
    keys: list[Affine] = []
    picks: list[Pick] = []
    for slot, (position, key) in enumerate(zip(access.at, store.layout, strict=True)):
        if key:
            keys.append(position)
        else:
            lo, hi = tensor.range_of(slot, access.at)
            picks.append(pick_of(position, lo, hi, scope, access))
    return Read(store.name, tuple(keys), tuple(picks))


def pick_of(position: Affine, lo: Affine, hi: Affine, scope: Scope, access: Access) -> Pick:
    """One place, or a stretch of an axis."""
    letters = axis_letters(position, scope)
    if not letters:
        check_there(position, position, lo, hi, scope, access)
        return position - lo
    axis = scope.axes[letters[0]]
    step = position.coefficient(letters[0])
    if len(letters) > 1 or step < 1:
        raise Refused(f"the position {render_affine(position)} in {render_expr(access)} is no stretch of an axis")
    start = replace(position, {axis.index: axis.lo}) - lo
    stop = replace(position, {axis.index: axis.hi}) - lo + 1
    same = scope.facts.same
    check_there(start + lo, stop + lo - 1, lo, hi, scope, access)
    if step == 1 and same(start, Affine.of(0)) and same(stop, hi - lo + 1):
        return Span(axis, start, stop, whole=True)
    return Span(axis, start, stop, step)


def check_there(first: Affine, last: Affine, lo: Affine, hi: Affine, scope: Scope, access: Access) -> None:
    """Refused if a stretch, unless it is empty, does not surely lie in lo..hi."""
    for left, right in ((lo, first), (last, hi)):
        if not scope.never_negative(right - left):
            raise Refused(
                f"{render_expr(access)} may be read outside of {render_affine(lo)}..{render_affine(hi)} "
                "where a condition on two indices keeps it out",
                fix="let indices stand alone in their positions"
                if indices(right - left)
                else f"declare model.assume({render_affine(left)} <= {render_affine(right)})",
            )


def axis_letters(position: Affine, scope: Scope) -> tuple[Index, ...]:
    """The letters of a position that are array axes here."""
    return tuple(x for x in direct(position) if x in scope.axes)


def direct(position: Affine) -> tuple[Index, ...]:
    """The letters of a position, those inside integer data excepted."""
    return tuple(dict.fromkeys(x for atom, _ in position.terms if not isinstance(atom, Expr) for x in atom.letters))


def must_loop(expr: Expr, bounds: tuple[Bound, ...], scope: Scope) -> frozenset[Index]:
    """The letters of `bounds` that cannot be array axes.

    They are keys, letters on which a length depends, and those that stand with another one in a position, or backwards.
    """
    found: set[Index] = set()
    mine = {b.index for b in bounds}
    accesses = every_access(expr)
    for bound in not_boxed(expr, bounds, (*scope.ranges, *scope.axes.values()), scope):
        found.update(x for x in moving(bound) if x in mine)
    for access in accesses:
        for position, key in zip(access.at, scope.stores[access.tensor].layout, strict=True):
            if key:
                found.update(x for x in indices(position) if x in mine)
    every: set[Node] = {*mine, *scope.axes}
    known = {**scope.axes, **{b.index: b for b in bounds}}
    for access in accesses:
        for position in access.at:
            here = [x for x in direct(position) if x in every and x not in found]
            backwards = [x for x in here if position.coefficient(x) < 1]
            found.update(x for x in (*here[1:], *backwards) if x in mine)
            if len(here) > 1 and here[0] in mine and not any(x in found for x in here):
                found.add(here[0])
    for node in nodes(expr):
        if isinstance(node, Bracket):
            for side in (node.left, node.right):
                here = [x for x in direct(side) if x in every and x not in found]
                here.sort(key=lambda x: len((known[x].hi - known[x].lo).terms), reverse=True)
                found.update(x for x in here[1:] if x in mine)
    return frozenset(found)


def nodes(expr: Expr) -> Iterator[Expr]:
    """Every node, those inside positions included."""
    for node in walk(expr):
        yield node
        for position in node.places:
            for atom, _ in position.terms:
                if isinstance(atom, Expr):
                    yield from nodes(atom)


def boxed(bounds: tuple[Bound, ...], scope: Scope) -> tuple[tuple[Bound, ...], tuple[Bracket, ...]]:
    """Ranges that do not move with an axis, and the conditions that they leave.

    A range that moves with a loop is left as it is, unless it may have a negative length.
    """
    found: list[Bound] = []
    tests: list[Bracket] = []
    for bound in bounds:
        around = (*scope.axes.values(), *found)
        turning = {*scope.axes, *(b.index for b in found)} & set(moving(bound))
        if not turning and moving(bound) and not scope.never_negative(bound.hi - bound.lo + 1):
            around = (*scope.ranges, *around)
        tests.extend(conditions(bound, around))
        found.append(box(bound, around))
    return tuple(found), tuple(tests)


def outermost(bounds: tuple[Bound, ...], looped: frozenset[Index]) -> Bound | None:
    """The first letter to loop over: one whose range depends on no other letter that is still to be looped."""
    waiting = [b for b in bounds if b.index in looped]
    return next(
        (b for b in waiting if not any(x in (w.index for w in waiting) for end in (b.lo, b.hi) for x in indices(end))),
        None,
    )
