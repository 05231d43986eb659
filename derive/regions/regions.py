"""Regions of a recurrence range: cut points in affine order, one region between neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from derive.errors import ModelError
from derive.system import Equation, System, Tensor, accesses
from derive.values.affine import Affine, Index, indices, replace
from derive.values.binders import Bound, MatrixFunction, inside
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.text import render_affine, render_expr, render_range
from derive.values.walks import walk_inside


@dataclass(frozen=True)
class Interval:
    """The integers lo..hi; empty if hi = lo - 1."""

    lo: Affine
    hi: Affine

    @property
    def point(self) -> Affine | None:
        """The only place in it, if the two ends are the same expression."""
        return self.lo if self.lo == self.hi else None

    def __str__(self) -> str:
        return render_affine(self.lo) if self.point else render_range(self.lo, self.hi)


class UnknownOrder(Exception):
    """Two integer expressions whose order the facts do not decide."""

    def __init__(self, left: Affine, right: Affine) -> None:
        self.left, self.right = left, right
        super().__init__(f"whether {render_affine(left)} <= {render_affine(right)} is not known")

    @property
    def likely(self) -> tuple[Affine, Affine]:
        """The order that is meant, smaller one first: sizes are not small."""
        return (self.right, self.left) if self.right.number is not None else (self.left, self.right)


def cut(domain: Interval, intervals: list[Interval], facts: Facts) -> list[Interval]:
    """Disjoint regions that cover `domain` and on each of which every interval holds everywhere or nowhere.

    Raises UnknownOrder where the facts do not order two ends.
    """
    points = [domain.lo]
    for interval in intervals:
        for point in (interval.lo, interval.hi + 1):
            if _inside(point, domain, facts):
                insert(points, point, facts)
    return _between(points, domain)


def _between(points: list[Affine], domain: Interval) -> list[Interval]:
    ends = [p - 1 for p in points[1:]] + [domain.hi]
    return [Interval(lo, hi) for lo, hi in zip(points, ends, strict=True)]


def cut_where_known(
    domain: Interval, intervals: list[Interval], facts: Facts
) -> tuple[list[Interval], list[UnknownOrder]]:
    """Disjoint regions that cover `domain`, cut at all ends of intervals whose order is known, numbers first.

    The orders that the facts do not decide are given as well: at such ends nothing is cut.
    """
    points, unknown = [domain.lo], list[UnknownOrder]()
    ends = [point for interval in intervals for point in (interval.lo, interval.hi + 1)]
    for point in sorted(ends, key=lambda p: p.number is None):
        try:
            if _inside(point, domain, facts):
                insert(points, point, facts)
        except UnknownOrder as error:
            unknown.append(error)
    return _between(points, domain), unknown


def _inside(point: Affine, domain: Interval, facts: Facts) -> bool:
    """Does a cut before `point` divide the domain? The region before it may be empty for small sizes."""
    if facts.below(point, domain.lo) or facts.below(domain.hi + 1, point):
        return False
    above, within = facts.below(domain.lo, point), facts.below(point, domain.hi + 1)
    if above and within:
        return True
    raise UnknownOrder(*((domain.lo, point) if not above else (point, domain.hi + 1)))


def insert(points: list[Affine], point: Affine, facts: Facts) -> None:
    """Put a point where it belongs in the order. Raises UnknownOrder if the facts do not say where."""
    for q, other in enumerate(points):
        if facts.same(point, other):
            return
        if facts.below(point, other):
            points.insert(q, point)
            return
        if not facts.below(other, point):
            raise UnknownOrder(point, other)
    points.append(point)


def covers(interval: Interval, region: Interval, facts: Facts) -> bool:
    """Does the interval hold on all of the region (it holds on all or on nothing of it)?"""
    return bool(facts.below(interval.lo, region.lo) and facts.below(region.hi, interval.hi))


def extent(position: Affine, bounds: tuple[Bound, ...]) -> Interval:
    """Smallest and largest value of a position when the letters run over their bounds."""
    lo = hi = position
    for bound in reversed(bounds):
        lo, hi = end_of(lo, bound, 1), end_of(hi, bound, -1)
    return Interval(lo, hi)


def end_of(value: Affine, bound: Bound, sign: int) -> Affine:
    """The smallest value over the range of one letter, or the largest if `sign` is -1."""
    if not value.terms:
        return value
    end = bound.lo if value.coefficient(bound.index) * sign > 0 else bound.hi
    return replace(value, {bound.index: end})


def check_regions(system: System) -> None:
    """Every variable has exactly one equation at each place, and every entry that is read exists."""
    for tensor in system.role("variable"):
        for gap in gaps(system, tensor):
            if not (_is_corner(tensor, gap) and _unread(system, tensor, gap)):
                raise _gap(system, tensor, gap)
    for equation in (*system.equations, system.objective):
        try:
            _check_reads(system, equation, equation.value, equation.bounds)
        except ModelError as error:
            raise error.at(equation.source) from None


def region_of(equation: Equation, slot: int) -> Interval:
    """Where an equation holds along one slot of its target."""
    position = equation.target.at[slot]
    for bound in equation.bounds:
        if position.letter == bound.index:
            return Interval(bound.lo, bound.hi)
    return Interval(position, position)


def gaps(system: System, tensor: Tensor) -> Iterator[dict[int, Interval]]:
    """Where a variable has no equation: the part along every slot that bounds the place. ModelError for an overlap."""
    slots = [q for q, s in enumerate(tensor.slots) if not (indices(s.lo) or indices(s.hi))]
    yield from _gaps(system, tensor, slots, system.equations_of(tensor.name), {})


def _gaps(
    system: System, tensor: Tensor, slots: list[int], equations: tuple[Equation, ...], box: dict[int, Interval]
) -> Iterator[dict[int, Interval]]:
    """One equation at each place: along the first slot, on every part that the regions cut, then along the others."""
    if not slots:
        if len(equations) > 1:
            first, second = equations[:2]
            raise ModelError(
                f"the equations of {tensor.name} overlap: line {first.source.line} defines it{_place(tensor, box)} "
                "as well",
                source=second.source,
                fix="state regions that touch, one equation each: with model.over(...)",
            )
        return
    slot, *rest = slots
    regions = [region_of(e, slot) for e in equations]
    hull = Interval(tensor.slots[slot].lo, tensor.slots[slot].hi)
    try:
        parts = cut(hull, regions, system.facts)
    except UnknownOrder as error:
        raise ModelError(
            f"the regions of {tensor.name} depend on the sizes: {error}",
            source=equations[-1].source,
            fix=f"declare model.assume({render_affine(error.left)} <= {render_affine(error.right)})",
        ) from None
    for part in parts:
        mine = tuple(e for e, r in zip(equations, regions, strict=True) if covers(r, part, system.facts))
        if not mine:
            yield {**box, slot: part}
        else:
            yield from _gaps(system, tensor, rest, mine, {**box, slot: part} if len(equations) > 1 else box)


def _place(tensor: Tensor, box: dict[int, Interval]) -> str:
    parts = [f"{tensor.slots[slot].index.name.lstrip('@')} = {part}" for slot, part in box.items()]
    return f" at {' and '.join(parts)}" if parts else ""


def _gap(system: System, tensor: Tensor, box: dict[int, Interval]) -> ModelError:
    slot, part = next(reversed(box.items()))
    letter = tensor.slots[slot].index.name.lstrip("@")
    return ModelError(
        f"the equations of {tensor.name} leave a gap{_place(tensor, box)}",
        source=system.equations_of(tensor.name)[-1].source,
        fix=f"state regions that touch, for example: with model.over({letter}, {render_affine(part.lo)}, ...)",
    )


def _is_corner(tensor: Tensor, box: dict[int, Interval]) -> bool:
    """Is it a part of the whole along more than one slot?"""
    return sum(part != Interval(tensor.slots[q].lo, tensor.slots[q].hi) for q, part in box.items()) > 1


def _unread(system: System, tensor: Tensor, box: dict[int, Interval]) -> bool:
    """Does nothing read an entry there? So the corner of a grid needs no equation if no neighbour reads it."""
    stated = [(e.value, e.bounds) for e in (*system.equations, system.objective)]
    if (asked := system.prediction) is not None:
        bounds = (*asked.bounds, *((asked.over,) if asked.over else ()))
        stated += [(value, bounds) for value in (asked.value, asked.cut) if value is not None]
    return all(_avoids(value, bounds, tensor, box, system.facts) for value, bounds in stated)


def _avoids(expr: Expr, bounds: tuple[Bound, ...], tensor: Tensor, box: dict[int, Interval], facts: Facts) -> bool:
    """Does every entry of the tensor in an expression lie beyond the box along one of its slots?"""
    found = [(n, inner) for n, inner in walk_inside(expr, bounds) if isinstance(n, Access) and n.tensor == tensor.name]
    if len(found) < sum(1 for access in accesses(expr) if access.tensor == tensor.name):
        return False  # it stands inside a position
    return all(
        any(_beyond(extent(access.at[slot], inner), part, facts) for slot, part in box.items())
        for access, inner in found
    )


def _beyond(used: Interval, part: Interval, facts: Facts) -> bool:
    return bool(facts.below(used.hi + 1, part.lo) or facts.below(part.hi + 1, used.lo))


def _check_reads(system: System, equation: Equation, expr: Expr, bounds: tuple[Bound, ...]) -> None:
    if isinstance(expr, MatrixFunction):
        _check_matrix(expr, bounds, system.facts)
    inner = inside(expr, bounds)
    for child in expr.children:
        _check_reads(system, equation, child, inner)
    for access in accesses(expr) if not expr.children else ():
        tensor = system.tensor(access.tensor)
        for slot, position in enumerate(access.at):
            if any(isinstance(atom, Expr) for atom, _ in position.terms):
                _check_data(system, access, position, inner, Interval(*tensor.range_of(slot, access.at)))
                continue
            allowed = Interval(*tensor.range_of(slot, access.at))
            if not _equal_range(position, inner, allowed, system.facts):
                _check_inside(access, slot, position, inner, tensor, system.facts)


def _check_matrix(expr: MatrixFunction, bounds: tuple[Bound, ...], facts: Facts) -> None:
    """A matrix that is inverted is square, and a place of the result lies in it."""
    rows, columns = (Interval(b.lo, b.hi) for b in expr.bounds)
    if not (facts.same(rows.lo, columns.lo) and facts.same(rows.hi, columns.hi)):
        raise ModelError(
            f"{expr.op} of a matrix with rows {rows} and columns {columns}, which is not square",
            fix=f"if the two are equal, declare model.assume(Eq({render_affine(rows.hi)}, {render_affine(columns.hi)}))"
            if facts.same(rows.lo, columns.lo)
            else "give the row and the column the same range",
        )
    for place in expr.at:
        used = extent(place, bounds)
        inside = facts.below(rows.lo, used.lo) and facts.below(used.hi, rows.hi)
        if not inside and not _equal_range(place, bounds, rows, facts):
            raise ModelError(f"{render_expr(expr)} is read at {used}, but the matrix has {rows} there")


def _check_data(system: System, access: Access, position: Affine, bounds: tuple[Bound, ...], allowed: Interval) -> None:
    """A place given by data lies in the slot if the declared values of the data do."""
    ends = given_extent(system, position, bounds)
    if ends and not (system.facts.below(allowed.lo, ends.lo) and system.facts.below(ends.hi, allowed.hi)):
        raise ModelError(
            f"{render_expr(access)} is read at {ends}, but {access.tensor} has {allowed} there",
            fix="declare the values of the data with over=(1, ...) as the slot has them",
        )


def given_extent(system: System, position: Affine, bounds: tuple[Bound, ...]) -> Interval | None:
    """Smallest and largest place that data give in a position; None if a place is that of an extreme."""
    lo = hi = position
    for atom, count in position.terms:
        if isinstance(atom, Expr):
            values = system.tensor(atom.tensor).values if isinstance(atom, Access) else None
            if values is None:
                return None
            ends, place = (values if count > 0 else values[::-1]), Affine.of(atom) * count
            lo, hi = lo - place + ends[0] * count, hi - place + ends[1] * count
    return Interval(extent(lo, bounds).lo, extent(hi, bounds).hi)


def _equal_range(position: Affine, bounds: tuple[Bound, ...], allowed: Interval, facts: Facts) -> bool:
    return any(
        position.letter == b.index and facts.same(b.lo, allowed.lo) and facts.same(b.hi, allowed.hi) for b in bounds
    )


def _check_inside(
    access: Access, slot: int, position: Affine, bounds: tuple[Bound, ...], tensor: Tensor, facts: Facts
) -> None:
    used = extent(position, bounds)
    allowed = Interval(*tensor.range_of(slot, access.at))
    if any(isinstance(x, Index) for end in (allowed.lo, allowed.hi) for x in indices(end)):
        allowed = Interval(extent(allowed.lo, bounds).hi, extent(allowed.hi, bounds).lo)
    for left, right in ((allowed.lo, used.lo), (used.hi, allowed.hi)):
        known = facts.below(left, right)
        if not known:
            where = f"{render_expr(access)} is read at {used}, but {tensor.name} has {allowed} there"
            fix = (
                "change the position or the range"
                if known is False or left.terms == right.terms
                else f"if this never happens, declare model.assume({render_affine(left)} <= {render_affine(right)})"
            )
            raise ModelError(where, fix=fix)
