"""Which statement reads what another one defines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from functools import partial

from derive.derivation import Derivation
from derive.errors import Source
from derive.regions.conditions import condition
from derive.regions.regions import Interval, extent
from derive.system import System
from derive.values.affine import Affine, Index, Node, replace
from derive.values.binders import Bound, inside, rebind
from derive.values.facts import Facts
from derive.values.nodes import Access, Bracket, Expr, Mul
from derive.values.walks import transform


@dataclass(frozen=True)
class Statement:
    """`target = value` for all letters in `bounds`; `id` and `source` are those of the equation that it comes from."""

    id: str
    target: Access
    bounds: tuple[Bound, ...]
    value: Expr
    source: Source | None = None


def statements_of(system: System) -> list[Statement]:
    """The equations of a model, the objective last."""
    return [Statement(e.id, e.target, e.bounds, e.value, e.source) for e in (*system.equations, system.objective)]


def adjoint_statements(derivation: Derivation) -> list[Statement]:
    """The adjoint equations that are computed."""
    return [Statement(a.id, a.target, a.bounds, at_letters(a.value, a.target), a.source) for a in derivation.computed]


def at_letters(value: Expr, target: Access) -> Expr:
    """[l = p] f(p) = [l = p] f(l) for the adjoints in f: where the order of places matters, l says which they are."""

    def rewrite(node: Expr) -> Expr:
        places = {
            (slot, edge): Affine.of(letter)
            for slot, position in enumerate(target.at)
            for f in (node.factors if isinstance(node, Mul) else ())
            if isinstance(f, Bracket) and f.op == "=" and (letter := position.letter)
            for limits in [condition(f, letter)]
            for edge in [limits[0] if limits else None]
            if edge is not None
        }
        return transform(node, partial(_moved, places)) if places else node

    return transform(value, rewrite)


def _moved(places: Mapping[tuple[int, Affine], Affine], node: Expr) -> Expr:
    if not isinstance(node, Access) or not node.tensor.startswith("d."):
        return node
    return Access(node.tensor, tuple(places.get((slot, p), p) for slot, p in enumerate(node.at)))


@dataclass(frozen=True)
class Edge:
    """The `reader` reads at `access` what the `writer` defines; both are numbers of statements.

    `bounds` are the ranges of all letters around the access.
    """

    reader: int
    writer: int
    access: Access
    bounds: tuple[Bound, ...]


def edges_of(statements: Sequence[Statement], facts: Facts, carried: frozenset[Index]) -> list[Edge]:
    """All dependences within one pass of the `carried` loops."""
    writers: dict[str, list[int]] = {}
    for q, statement in enumerate(statements):
        writers.setdefault(statement.target.tensor, []).append(q)
    written = [tuple(extent(p, s.bounds) for p in s.target.at) for s in statements]
    found: list[Edge] = []
    for q, statement in enumerate(statements):
        for access, bounds in reads(statement.value, statement.bounds):
            if access.tensor in writers:
                read = tuple(extent(p, bounds) for p in access.at)
                for writer in writers[access.tensor]:
                    edge = Edge(q, writer, access, bounds)
                    if _same_pass(edge, statements[writer].target, facts, carried) and _overlap(
                        read, written[writer], facts
                    ):
                        found.append(edge)
    return found


def reads(expr: Expr, bounds: tuple[Bound, ...]) -> list[tuple[Access, tuple[Bound, ...]]]:
    """Every entry that an expression reads, with the bounds of the letters around it."""
    inner = inside(expr, bounds)
    found = [(expr, bounds)] if isinstance(expr, Access) else []
    for child in expr.children:
        found.extend(reads(child, inner))
    return found


def distance(position: Affine, place: Affine, bounds: tuple[Bound, ...]) -> Interval | None:
    """How far `position` lies beyond `place`, at least and at most; None if data say how far."""
    gap = position - place
    return None if any(isinstance(atom, Expr) for atom, _ in gap.terms) else extent(gap, bounds)


def is_after(gap: Interval, facts: Facts, least: int) -> bool:
    """Is a distance always `least` or more?"""
    return facts.below(Affine.of(least), gap.lo) is True


def is_before(gap: Interval, facts: Facts, least: int) -> bool:
    """Is a distance always `-least` or less?"""
    return facts.below(gap.hi, Affine.of(-least)) is True


def _same_pass(edge: Edge, target: Access, facts: Facts, carried: frozenset[Index]) -> bool:
    """May the entry be written in the pass of the carried loops in which it is read?"""
    for position, place in zip(edge.access.at, target.at, strict=True):
        gap = distance(position, place, edge.bounds) if place.letter in carried else None
        if gap and (is_after(gap, facts, 1) or is_before(gap, facts, 1)):
            return False
    return True


def _overlap(read: tuple[Interval, ...], written: tuple[Interval, ...], facts: Facts) -> bool:
    """May the two boxes have a place in common?"""
    return not any(
        facts.below(r.hi + 1, w.lo) or facts.below(w.hi + 1, r.lo) for r, w in zip(read, written, strict=True) if r != w
    )


def rename(statement: Statement, old: Index, new: Index) -> Statement:
    """The same statement with another letter, exchanged with the one it takes."""
    if old == new:
        return statement
    values = {old: Affine.of(new), new: Affine.of(old)}
    target = statement.target.replaced(values)
    assert isinstance(target, Access)
    bounds = rebind(statement.bounds, {old: new, new: old})
    return with_changes(statement, target=target, bounds=bounds, value=statement.value.replaced(values))


def restrict(statement: Statement, letter: Index, region: Interval) -> Statement:
    """The statement on a part of its range; a single place is put in for the letter."""
    if region.point is not None:
        values: dict[Node, Affine] = {letter: region.point}
        target = statement.target.replaced(values)
        assert isinstance(target, Access)
        rest = tuple(
            Bound(b.index, replace(b.lo, values), replace(b.hi, values)) for b in statement.bounds if b.index != letter
        )
        return with_changes(statement, target=target, bounds=rest, value=statement.value.replaced(values))
    bounds = tuple(Bound(letter, region.lo, region.hi) if b.index == letter else b for b in statement.bounds)
    return with_changes(statement, bounds=bounds)
