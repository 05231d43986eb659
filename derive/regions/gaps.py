"""Places of a variable that no equation defines, or two do."""

from __future__ import annotations

from collections.abc import Iterator

from derive.errors import ModelError
from derive.regions.regions import Interval, UnknownOrder, covers, cut, extent, region_of
from derive.system import Equation, System, Tensor, accesses
from derive.values.affine import indices
from derive.values.binders import Bound
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.text import render_affine, render_expr
from derive.values.walks import walk_inside


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


def gap_error(system: System, tensor: Tensor, box: dict[int, Interval]) -> ModelError:
    """What to do about entries that no equation defines."""
    slot, part = next(reversed(box.items()))
    letter = tensor.slots[slot].index.name.lstrip("@")
    return ModelError(
        f"the equations of {tensor.name} leave a gap{_place(tensor, box)}",
        source=system.equations_of(tensor.name)[-1].source,
        fix=_longer(system, tensor, box)
        or f"state regions that touch, for example: with model.over({letter}, {render_affine(part.lo)}, ...)",
    )


def _longer(system: System, tensor: Tensor, box: dict[int, Interval]) -> str:
    """The equation along whose letter the gap lies, with a range that includes it and others like it."""
    for slot in reversed(box):
        others = {s: part for s, part in box.items() if s != slot}
        alike = [g[slot] for g in gaps(system, tensor) if {s: part for s, part in g.items() if s != slot} == others]
        for equation in system.equations_of(tensor.name) if others else ():
            letter, region = equation.target.at[slot].letter, region_of(equation, slot)
            if letter and all(covers(region_of(equation, s), part, system.facts) for s, part in others.items()):
                before = next((g.lo for g in alike if g.hi + 1 == region.lo), region.lo)
                after = next((g.hi for g in alike if region.hi + 1 == g.lo), region.hi)
                ends = f"{render_affine(before)}, {render_affine(after)}"
                written = f"with model.over({letter.name}, {ends}): {render_expr(equation.target)} = ..."
                return written if Interval(before, after) != region else ""
    return ""


def is_corner(tensor: Tensor, box: dict[int, Interval]) -> bool:
    """Is it a part of the whole along more than one slot?"""
    return sum(part != Interval(tensor.slots[q].lo, tensor.slots[q].hi) for q, part in box.items()) > 1


def is_unread(system: System, tensor: Tensor, box: dict[int, Interval]) -> bool:
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
