"""The order of computation: statements that need each other form loops, the others stand alone.

Allen and Kennedy's algorithm ("Automatic translation of Fortran programs to vector form", 1987) on index
equations: strongly connected components of the dependence graph, the loop index and its direction from the sign of
the shifts, then once more inside the loop without the dependences that it carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.errors import ModelError
from derive.graphs import components
from derive.order.dependence import Edge, Statement, edges_of, restrict, statements_of
from derive.order.lanes import Lanes, lanes_of
from derive.regions.regions import Interval, UnknownOrder
from derive.system import System
from derive.values.affine import Affine, Index
from derive.values.facts import Facts
from derive.values.text import render_affine, render_expr


@dataclass(frozen=True)
class Loop:
    """Run `body` for `letter` = lo..hi, upwards, or downwards if `down`."""

    letter: Index
    lo: Affine
    hi: Affine
    down: bool
    body: tuple[Loop | Statement, ...]


def schedule(statements: Sequence[Statement], facts: Facts) -> tuple[Loop | Statement, ...]:
    """The statements in an order in which every entry is defined before it is read.

    Raises ModelError naming the cycle if there is no such order.
    """
    return _schedule(tuple(statements), facts, frozenset())


def _schedule(
    statements: tuple[Statement, ...], facts: Facts, carried: frozenset[Index]
) -> tuple[Loop | Statement, ...]:
    read: list[set[int]] = [set() for _ in statements]
    for edge in edges_of(statements, facts, carried):
        read[edge.reader].add(edge.writer)
    plan: list[Loop | Statement] = []
    for component in components([sorted(writers) for writers in read]):
        members = tuple(statements[q] for q in component)
        if len(component) == 1 and component[0] not in read[component[0]]:
            plan.extend(members)
        else:
            plan.extend(_loop(members, edges_of(members, facts, carried), facts, carried))
    return tuple(plan)


def _loop(
    members: tuple[Statement, ...], edges: list[Edge], facts: Facts, carried: frozenset[Index]
) -> tuple[Loop | Statement, ...]:
    """Members that need each other, in a loop over the first letter along which they can run.

    Between the ends of their ranges the members are the same; such regions follow one another.
    """
    unknown: tuple[Index, UnknownOrder] | None = None
    for lanes in lanes_of(members, edges, carried):
        down = lanes.goes_down(facts, carried)
        if down is None:
            continue
        try:
            regions = lanes.regions(facts)
        except UnknownOrder as found:
            unknown = unknown or (lanes.letter, found)
            continue
        if len(regions) == 1 and not regions[0][0].point:
            (whole, _), body = regions[0], _schedule(lanes.members, facts, carried | {lanes.letter})
            return (Loop(lanes.letter, whole.lo, whole.hi, down, body),)
        plan: list[Loop | Statement] = []
        for region, here in reversed(regions) if down else regions:
            plan.extend(_schedule(tuple(_on(m, lanes, region) for m in here), facts, carried))
        return tuple(plan)
    if unknown:
        letter, error = unknown
        raise ModelError(
            f"the order of the loop over {letter.name} needs a fact: {error}",
            source=members[0].source,
            fix=f"declare model.assume({render_affine(error.left)} <= {render_affine(error.right)})",
        )
    names = ", ".join(f"{m.id} ({render_expr(m.target)})" for m in members)
    raise ModelError(
        f"these equations need each other at the same place: {names}",
        source=members[0].source,
        fix="one of them must read an earlier (or only later) position of a recurrence index",
    )


def _on(member: Statement, lanes: Lanes, region: Interval) -> Statement:
    letter = lanes.place(member).letter
    return restrict(member, letter, region) if letter else member


def check_order(system: System) -> None:
    """The equations of a model can be computed in some order. ModelError, with the source line, if not."""
    schedule(statements_of(system), system.facts)
