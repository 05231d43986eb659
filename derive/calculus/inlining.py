"""Which adjoint equations are written out where they are read: those with one reader, computed once."""

from __future__ import annotations

from derive.calculus.flow import Flow
from derive.calculus.instances import Context, defining
from derive.calculus.places import free_slots
from derive.derivation import Adjoint
from derive.errors import RuleDidNotApply
from derive.regions.regions import region_of
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound, MatrixFunction, Product, Sum
from derive.values.nodes import Access, Expr
from derive.values.walks import walk, walk_inside

SMALL = 60  # nodes: an adjoint without sums up to this size may be written out where it is read


def insertable(name: str, expr: Expr, flow: Flow, context: Context, bounds: tuple[Bound, ...]) -> tuple[str, ...]:
    """Variables whose adjoints are read here only, have no letter of their own, and so may be written out."""
    named = {v for v, _ in context.system.errors} | {x.target.tensor for x in context.system.aliases}
    letters = {b.index for b in bounds}
    chosen = []
    for variable in dict.fromkeys(flow.feeds(name)):
        known = list(context.known.get(f"d.{variable}", ()))
        slots = free_slots(context.system.tensor(variable))
        uses = [n for n in walk(expr) if isinstance(n, Access) and n.tensor == f"d.{variable}"]
        reachable = len(known) == 1 or all(_on_letters(use, known, letters, slots) for use in uses)
        if flow.single(variable) == name and variable not in named and known and reachable:
            chosen.append(variable)
    return tuple(chosen)


def written_out(variable: str, expr: Expr, context: Context, bounds: tuple[Bound, ...]) -> tuple[bool, set[str]]:
    """Can the adjoint of `variable` be written out here without computing anything twice; which equations it means."""
    places = [
        (n, around) for n, around in walk_inside(expr, bounds) if isinstance(n, Access) and n.tensor == f"d.{variable}"
    ]
    uses = [use for use, _ in places]
    try:
        meant = [defining(use, context, around)[0] for use, around in places]
    except RuleDidNotApply:  # under a condition that stays, entries are read that do not exist elsewhere
        return False, {a.id for a in context.known.get(f"d.{variable}", ())}
    letters = {Affine.of(b.index) for b in bounds}
    plain = len(uses) == 1 and set(uses[0].at) >= letters and not _under_sum(expr, uses[0])
    cheap = not any(isinstance(n, (Sum, Product, MatrixFunction)) for a in meant for n in walk(a.value)) and all(
        sum(1 for _ in walk(a.value)) <= SMALL for a in meant
    )
    return bool(uses) and (plain or cheap), {a.id for a in meant}


def _under_sum(expr: Expr, use: Access) -> bool:
    return any(isinstance(n, Sum) and any(m is use for m in walk(n)) for n in walk(expr))


def _on_letters(use: Access, known: list[Adjoint], letters: set[Index], slots: list[int]) -> bool:
    """Along slots in which the regions differ, does the use stand at a letter of the target or at a region's place?"""
    for slot, position in ((q, use.at[q]) for q in slots):
        if len({region_of(a, slot) for a in known}) > 1:
            own = set(indices(position))
            fixed = not own and any(position == a.target.at[slot] for a in known)
            if not fixed and not (own and own <= letters):
                return False
    return True
