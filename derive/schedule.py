"""The order of computation: statements that need each other form loops, the others stand alone.

Allen and Kennedy's algorithm ("Automatic translation of Fortran programs to vector form", 1987) on index
equations: strongly connected components of the dependence graph, the loop index and its direction from the sign of
the constant shifts, then once more inside the loop without the dependences that it carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.affine import Affine, Index, Node, indices, replace
from derive.errors import ModelError, Source
from derive.expression import Access, Binder, Bound, Expr, rebind, substitute
from derive.facts import Facts
from derive.regions import Interval, UnknownOrder, cut, extent
from derive.system import System
from derive.text import render_expr


@dataclass(frozen=True)
class Statement:
    """`target = value` for all letters in `bounds`; `id` is the equation that it comes from."""

    id: str
    target: Access
    bounds: tuple[Bound, ...]
    value: Expr


@dataclass(frozen=True)
class Loop:
    """Run `body` for `letter` = lo..hi, upwards, or downwards if `down`."""

    letter: Index
    lo: Affine
    hi: Affine
    down: bool
    body: tuple[Loop | Statement, ...]


@dataclass(frozen=True)
class _Edge:
    """The `reader` reads at `access` what the `writer` defines; both are numbers of statements."""

    reader: int
    writer: int
    access: Access


def schedule(statements: Sequence[Statement], facts: Facts) -> tuple[Loop | Statement, ...]:
    """The statements in an order in which every entry is defined before it is read.

    Raises ModelError naming the cycle if there is no such order.
    """
    return _schedule(tuple(statements), facts, frozenset())


def _schedule(
    statements: tuple[Statement, ...], facts: Facts, carried: frozenset[Index]
) -> tuple[Loop | Statement, ...]:
    edges = _edges(statements, facts, carried)
    plan: list[Loop | Statement] = []
    for component in _components(len(statements), edges):
        members = tuple(statements[q] for q in component)
        if len(component) == 1 and not any(e.reader == e.writer == component[0] for e in edges):
            plan.extend(members)
        else:
            plan.extend(_loop(members, facts, carried))
    return tuple(plan)


def _edges(statements: tuple[Statement, ...], facts: Facts, carried: frozenset[Index]) -> list[_Edge]:
    writers: dict[str, list[int]] = {}
    for q, statement in enumerate(statements):
        writers.setdefault(statement.target.tensor, []).append(q)
    written = [tuple(extent(p, s.bounds) for p in s.target.at) for s in statements]
    found: list[_Edge] = []
    for q, statement in enumerate(statements):
        for access, bounds in reads(statement.value, statement.bounds):
            if access.tensor in writers:
                read = tuple(extent(p, bounds) for p in access.at)
                for writer in writers[access.tensor]:
                    target = statements[writer].target
                    if _same_place(access, target, carried) and _overlap(read, written[writer], facts):
                        found.append(_Edge(q, writer, access))
    return found


def reads(expr: Expr, bounds: tuple[Bound, ...]) -> list[tuple[Access, tuple[Bound, ...]]]:
    """Every entry that an expression reads, with the bounds of the letters around it."""
    inner = (*bounds, *expr.bounds) if isinstance(expr, Binder) else bounds
    found = [(expr, bounds)] if isinstance(expr, Access) else []
    for child in expr.children:
        found.extend(reads(child, inner))
    return found


def _same_place(access: Access, target: Access, carried: frozenset[Index]) -> bool:
    """May the two be one entry at one and the same place of every carried loop?"""
    pairs = zip(access.at, target.at, strict=True)
    return not any(w.letter in carried and r.terms == w.terms and r != w for r, w in pairs)


def _overlap(read: tuple[Interval, ...], written: tuple[Interval, ...], facts: Facts) -> bool:
    """May the two boxes have a place in common?"""
    return not any(
        facts.below(r.hi + 1, w.lo) or facts.below(w.hi + 1, r.lo) for r, w in zip(read, written, strict=True) if r != w
    )


def _components(count: int, edges: list[_Edge]) -> list[list[int]]:
    """Strongly connected components, writers before readers, statement order where that leaves a choice (Tarjan)."""
    after = {q: sorted({e.writer for e in edges if e.reader == q}) for q in range(count)}
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    found: list[list[int]] = []

    def visit(node: int) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in after[node]:
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            cutoff = stack.index(node)
            found.append(sorted(stack[cutoff:]))
            del stack[cutoff:]

    for node in range(count):
        if node not in number:
            visit(node)
    return found


def _loop(members: tuple[Statement, ...], facts: Facts, carried: frozenset[Index]) -> tuple[Loop | Statement, ...]:
    edges = _edges(members, facts, frozenset())
    for letter in (b.index for b in members[0].bounds if b.index not in carried):
        aligned = _align(members, letter, edges)
        if aligned is None:
            continue
        pieces = _same_range(aligned, letter, facts)
        if len(pieces) > len(aligned):
            return _schedule(pieces, facts, carried)
        shifts = _shifts(aligned, letter, facts, carried)
        if shifts is None or not any(shifts) or (min(shifts) < 0 < max(shifts)):
            continue
        bound = next(b for b in aligned[0].bounds if b.index == letter)
        body = _schedule(aligned, facts, carried | {letter})
        return (Loop(letter, bound.lo, bound.hi, max(shifts) > 0, body),)
    pieces = _peeled(members, edges, facts)
    if len(pieces) > len(members):
        return _schedule(pieces, facts, carried)
    names = ", ".join(f"{m.id} ({render_expr(m.target)})" for m in members)
    raise ModelError(
        f"these equations need each other at the same place: {names}",
        fix="one of them must read an earlier (or only later) position of a recurrence index",
    )


def _align(members: tuple[Statement, ...], letter: Index, edges: list[_Edge]) -> tuple[Statement, ...] | None:
    """Rename the loop letter of every member to `letter`, following the reads from the first member."""
    names = {0: letter}
    changed = True
    while changed:
        changed = False
        for edge in edges:
            if edge.reader in names and edge.writer not in names:
                for position, place in zip(edge.access.at, members[edge.writer].target.at, strict=True):
                    if position.coefficient(names[edge.reader]) == 1 and place.letter:
                        names[edge.writer] = place.letter
                        changed = True
                        break
    if len(names) < len(members):
        return None
    return tuple(rename(m, names[q], letter) for q, m in enumerate(members))


def rename(statement: Statement, old: Index, new: Index) -> Statement:
    """The same statement with another letter, exchanged with the one it takes."""
    if old == new:
        return statement
    values = {old: Affine.of(new), new: Affine.of(old)}
    target = substitute(statement.target, values)
    assert isinstance(target, Access)
    bounds = rebind(statement.bounds, {old: new, new: old})
    return Statement(statement.id, target, bounds, substitute(statement.value, values))


def _peeled(members: tuple[Statement, ...], edges: list[_Edge], facts: Facts) -> tuple[Statement, ...]:
    """Divide every member at the places where it reads what a statement for one single place defines."""
    pieces = list(members)
    for edge in edges:
        for position, place in zip(edge.access.at, members[edge.writer].target.at, strict=True):
            for bound in members[edge.reader].bounds if not indices(place) else ():
                shift = position - Affine.of(bound.index)
                if shift.number is not None:
                    point = Interval(place - shift, place - shift)
                    pieces = [
                        part
                        for piece in pieces
                        for part in _divided(piece, members[edge.reader], bound.index, point, facts)
                    ]
    return tuple(pieces)


def _divided(piece: Statement, reader: Statement, letter: Index, point: Interval, facts: Facts) -> list[Statement]:
    own = next((Interval(b.lo, b.hi) for b in piece.bounds if b.index == letter), None)
    if piece.id != reader.id or own is None:
        return [piece]
    try:
        return [restrict(piece, letter, part) for part in cut(own, [point], facts)]
    except UnknownOrder as error:
        raise ModelError(
            f"the order of computation needs a fact: {error}", fix="declare it with model.assume(...)"
        ) from None


def _same_range(members: tuple[Statement, ...], letter: Index, facts: Facts) -> tuple[Statement, ...]:
    """Divide the members so that within a loop all have one range."""
    ranges = [Interval(b.lo, b.hi) for m in members for b in m.bounds if b.index == letter]
    pieces: list[Statement] = []
    for member in members:
        own = next(Interval(b.lo, b.hi) for b in member.bounds if b.index == letter)
        try:
            parts = cut(own, [r for r in ranges if not (facts.same(r.lo, own.lo) and facts.same(r.hi, own.hi))], facts)
        except UnknownOrder as error:
            raise ModelError(
                f"the order of the loop over {letter.name} needs a fact: {error}",
                fix="declare it with model.assume(...)",
            ) from None
        pieces.extend(restrict(member, letter, part) for part in parts)
    return tuple(pieces)


def restrict(statement: Statement, letter: Index, region: Interval) -> Statement:
    """The statement on a part of its range; a single place is put in for the letter."""
    if region.point is not None:
        values: dict[Node, Affine] = {letter: region.point}
        target = substitute(statement.target, values)
        assert isinstance(target, Access)
        rest = tuple(
            Bound(b.index, replace(b.lo, values), replace(b.hi, values)) for b in statement.bounds if b.index != letter
        )
        return Statement(statement.id, target, rest, substitute(statement.value, values))
    bounds = tuple(Bound(letter, region.lo, region.hi) if b.index == letter else b for b in statement.bounds)
    return Statement(statement.id, statement.target, bounds, statement.value)


def _shifts(members: tuple[Statement, ...], letter: Index, facts: Facts, carried: frozenset[Index]) -> list[int] | None:
    """Read position minus written position along the loop letter, for every dependence inside; None if not constant."""
    shifts = []
    for edge in _edges(members, facts, carried):
        for position, place in zip(edge.access.at, members[edge.writer].target.at, strict=True):
            if place.letter == letter:
                gap = position - place
                if gap.number is None:
                    return None
                shifts.append(gap.number)
    return shifts


def check_order(system: System) -> None:
    """The equations of a model can be computed in some order. ModelError, with the source line, if not."""
    sources: dict[str, Source] = {e.id: e.source for e in system.equations}
    try:
        schedule(
            [Statement(e.id, e.target, e.bounds, e.value) for e in (*system.equations, system.objective)], system.facts
        )
    except ModelError as error:
        culprit = next((i for i in sources if f"{i} (" in error.what), None)
        raise (error.at(sources[culprit]) if culprit else error) from None
