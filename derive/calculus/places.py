"""The regions of an adjoint: along each letter, the places between the cut points of its conditions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from derive.calculus.instances import Context
from derive.derivation import Adjoint
from derive.regions.conditions import condition
from derive.regions.regions import Interval, UnknownOrder, cut_where_known, region_of
from derive.system import System, Tensor
from derive.values.affine import Affine, Index, Node, indices, replace
from derive.values.binders import Bound
from derive.values.nodes import Access, Bracket, Expr
from derive.values.walks import walk

Order = tuple[Affine, Affine]  # the smaller one first


def regions(
    name: str, expr: Expr, bounds: tuple[Bound, ...], candidates: tuple[str, ...], context: Context
) -> tuple[list[tuple[tuple[Index, Interval], ...]], list[Order]]:
    """The regions of the target: for each letter with conditions, the intervals between its cut points.

    Where the sizes do not say in which order cut points stand, the conditions stay in the equation: all of a letter,
    or in a recurrence, which may need its first place apart, those at the later points. Such orders are given as well.
    """
    choices, unknown = [], list[Order]()
    for bound in bounds:
        intervals = _intervals(expr, bound, candidates, context)
        if not intervals:
            continue
        parts, orders = cut_where_known(Interval(bound.lo, bound.hi), intervals, context.system.facts)
        unknown.extend(_all_orders(Interval(bound.lo, bound.hi), intervals, orders, context))
        if not orders or name in context.system.recurrent:
            choices.append([(bound.index, part) for part in parts])
    return list(product(*choices)), unknown


def _intervals(expr: Expr, bound: Bound, candidates: tuple[str, ...], context: Context) -> list[Interval]:
    found = [*_of_conditions(expr, bound), *_of_adjoints(expr, bound, candidates, context)]
    return [i for i in found if not (i.lo == bound.lo and i.hi == bound.hi)]


def _of_conditions(expr: Expr, bound: Bound) -> Iterator[Interval]:
    """Where the conditions on one letter hold."""
    for node in walk(expr):
        limits = condition(node, bound.index) if isinstance(node, Bracket) else None
        if limits is not None:
            lo, hi = limits
            yield Interval(lo if lo is not None else bound.lo, hi if hi is not None else bound.hi)


def _all_orders(
    domain: Interval, intervals: list[Interval], found: list[UnknownOrder], context: Context
) -> list[Order]:
    """The likely orders that were missed, and those that are missed once these are known."""
    facts, orders = context.system.facts, list[Order]()
    while new := [error.likely for error in found if error.likely not in orders]:
        orders += dict.fromkeys(new)
        facts = facts.with_bounds(large - small for small, large in new)
        _, found = cut_where_known(domain, intervals, facts)
    return orders


def _of_adjoints(expr: Expr, bound: Bound, candidates: tuple[str, ...], context: Context) -> list[Interval]:
    """Where the entries of adjoints fall into one of their regions."""
    found = []
    for node in walk(expr):
        if isinstance(node, Access) and node.tensor in {f"d.{v}" for v in candidates}:
            known = context.known.get(node.tensor, ())
            for adjoint in known if len(known) > 1 else ():
                found.extend(_shifted(node, adjoint, bound, context.system))
    return found


def _shifted(use: Access, adjoint: Adjoint, bound: Bound, system: System) -> list[Interval]:
    """The places of the target's letter at which a use falls into the region of an adjoint equation."""
    found = []
    for slot in free_slots(system.tensor(adjoint.of)):
        shift = use.at[slot] - Affine.of(bound.index)
        region = region_of(adjoint, slot)
        if shift.number is not None:
            found.append(Interval(region.lo - shift, region.hi - shift))
    return found


def free_slots(tensor: Tensor) -> list[int]:
    """Slots whose range depends on no other slot: only along these can regions differ."""
    return [q for q, s in enumerate(tensor.slots) if not (indices(s.lo) or indices(s.hi))]


def placed(
    target: Access, bounds: tuple[Bound, ...], index: Index, region: Interval
) -> tuple[Access, tuple[Bound, ...]]:
    """Target and ranges on a region; a region of one place puts the place for the letter."""
    if region.point is None:
        return target, tuple(Bound(index, region.lo, region.hi) if b.index == index else b for b in bounds)
    values: dict[Node, Affine] = {index: region.point}
    placed = target.replaced(values)
    assert isinstance(placed, Access)
    return placed, tuple(
        Bound(b.index, replace(b.lo, values), replace(b.hi, values)) for b in bounds if b.index != index
    )
