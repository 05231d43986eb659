"""Every entry that is read exists."""

from __future__ import annotations

from derive.errors import ModelError
from derive.regions.gaps import gap_error, gaps, is_corner, is_unread
from derive.regions.regions import Interval, extent
from derive.regions.suggested import equal_sizes
from derive.system import Equation, System, Tensor, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound, MatrixFunction, inside
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.text import render_affine, render_expr


def check_regions(system: System) -> None:
    """Every variable has exactly one equation at each place, and every entry that is read exists."""
    for tensor in system.role("variable"):
        for gap in gaps(system, tensor):
            if not (is_corner(tensor, gap) and is_unread(system, tensor, gap)):
                raise gap_error(system, tensor, gap)
    for equation in (*system.equations, system.objective):
        try:
            check_reads(system, equation, equation.value, equation.bounds)
        except ModelError as error:
            raise error.at(equation.source) from None


def check_reads(system: System, equation: Equation, expr: Expr, bounds: tuple[Bound, ...]) -> None:
    """ModelError if an expression in an equation reads an entry that does not exist."""
    if isinstance(expr, MatrixFunction):
        _check_matrix(expr, bounds, system.facts)
    inner = inside(expr, bounds)
    for child in expr.children:
        check_reads(system, equation, child, inner)
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
            fix=(equal_sizes(rows.hi, columns.hi, facts) if facts.same(rows.lo, columns.lo) else "")
            or "give the row and the column the same range",
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


def _cut_off(position: Affine, bounds: tuple[Bound, ...], allowed: Interval, facts: Facts) -> str:
    """The fix for a range that moves over the ends of an array, such as a window: a sum of what lies inside."""
    bound = next((b for b in reversed(bounds) if b.index == position.letter), None)
    if bound is None or not (indices(bound.lo) or indices(bound.hi)):
        return ""
    lo, hi, name, tests = bound.lo, bound.hi, bound.index.name, list[str]()
    if not facts.below(allowed.lo, extent(lo, bounds).lo):
        tests, lo = [f"{name} >= {render_affine(lo)}"], allowed.lo
    if not facts.below(extent(hi, bounds).hi, allowed.hi):
        tests, hi = [*tests, f"{name} <= {render_affine(hi)}"], allowed.hi
    test = tests[0] if len(tests) == 1 else f"And({', '.join(tests)})"
    ends = f"{name}, {render_affine(lo)}, {render_affine(hi)}"
    return f"if only the places that exist are meant: Sum(Piecewise((..., {test}), (0, True)), ({ends}))"


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
            fix = _cut_off(position, bounds, allowed, facts) or (
                "change the position or the range"
                if known is False or left.terms == right.terms
                else f"if this never happens, declare model.assume({render_affine(left)} <= {render_affine(right)})"
            )
            raise ModelError(where, fix=fix)
