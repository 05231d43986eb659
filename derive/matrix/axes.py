"""Which letters of an equation are axes of its matrices, and which number layers."""

from __future__ import annotations

from collections.abc import Iterator

from derive.regions.slots import stacked_slots
from derive.system import System
from derive.values.affine import Affine, Index, indices, replace
from derive.values.binders import Bound, Functional, Sum, fresh
from derive.values.nodes import Access, Expr
from derive.values.walks import walk


class Stuck(Exception):
    """No rule turns this into matrices; the message says what was found."""


def axes_of(system: System, target: Access, bounds: tuple[Bound, ...], value: Expr) -> dict[Index, Bound]:
    """The letters that are axes, with their ranges. Stuck where a letter is an axis here and a layer there."""
    ranges = {b.index: b for b in (*bounds, *(b for n in walk(value) if isinstance(n, Sum) for b in n.bounds))}
    layers = {i for b in ranges.values() for end in (b.lo, b.hi) for i in indices(end)}
    axes: dict[Index, Bound] = {}
    for node in (target, *_entries(value)):
        above = _stacked(system, node)
        for q, position in enumerate(node.at):
            if q in above:
                layers.update(indices(position))
            elif not isinstance(position.alone, Index):
                raise Stuck(f"an entry of {node.tensor} is read at a fixed or shifted place")
            else:
                axes[position.alone] = ranges[position.alone] if position.alone in ranges else _nowhere(node)
    both = [i.name for i in axes if i in layers]
    if both:
        raise Stuck(f"{both[0]} numbers both layers and entries")
    return axes


def _entries(expr: Expr) -> Iterator[Access]:
    """The entries that an expression reads by its own letters; of an opaque functional those it is derived by."""
    if isinstance(expr, Functional):
        for argument, position in expr.by:
            yield from _entries(expr.bodies[argument].replaced({expr.bounds[argument].index: position}))
    elif isinstance(expr, Access):
        yield expr
    else:
        for child in expr.children:
            yield from _entries(child)


def apart(expr: Expr, taken: dict[Index, Bound]) -> Expr:
    """The same value with another letter for each sum that takes one with a different range."""
    if isinstance(expr, Sum):
        for bound in expr.bounds:
            if taken.setdefault(bound.index, bound) != bound:
                new = fresh(bound.index, set(taken))
                moved = {bound.index: Affine.of(new)}
                rest = tuple(
                    Bound(new if b is bound else b.index, replace(b.lo, moved), replace(b.hi, moved))
                    for b in expr.bounds
                )
                return apart(Sum(expr.body.replaced(moved), rest), taken)
    if isinstance(expr, Functional) or not expr.children:
        return expr
    return expr.rebuild(tuple(apart(child, taken) for child in expr.children))


def _nowhere(node: Access) -> Bound:
    raise Stuck(f"a letter of {node.tensor} has no range")


def _stacked(system: System, access: Access) -> tuple[int, ...]:
    name = access.tensor.removeprefix("d.")
    return stacked_slots(system, system.by_name[name]) if name in system.by_name else ()
