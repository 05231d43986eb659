"""Backpropagation: the chain rule over all uses of a quantity, sifted and divided into regions.

For every quantity on a path from a parameter to the objective, last one first:

    ubar[p] = Sum over the equations v that read u of Sum_d vbar[d] ∂v[d]/∂u[p]

is taken through the rules of `derive.rules` until it is the textbook equation. Nothing here knows a model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace as with_changes
from itertools import product
from typing import Any

from derive.affine import Affine, Index, Node, indices, replace
from derive.derivation import Adjoint, Derivation, Step
from derive.errors import ModelError, Refused, RuleDidNotApply
from derive.expression import (
    ZERO,
    Access,
    Bound,
    Bracket,
    Expr,
    Partial,
    Sum,
    add,
    fresh,
    mul,
    rebind,
    substitute,
    summed,
    walk,
)
from derive.letters import renaming
from derive.regions import Interval, UnknownOrder, cut, region_of
from derive.rules import Context, apply, condition, defining
from derive.scalars import scalars_of
from derive.system import Equation, System, Tensor, accesses
from derive.text import render_affine

SMALL = 60  # nodes: an adjoint without sums up to this size may be written out where it is read


def derive(model: Any) -> Derivation:
    """All adjoint equations of a model (a `Model` or its `System`), with the steps that lead to them.

    Raises Refused for a construct that the calculus does not cover, ModelError for an alias that names nothing.
    """
    system: System = getattr(model, "system", model)
    scalars = scalars_of(system)
    context = Context(system, scalars)
    flow = Flow.of(system)
    for name in flow.order():
        made = _adjoints_of(name, flow, context)
        kept = tuple(with_changes(a, inlined=True) if a.id in made.inlined else a for a in context.adjoints)
        context = with_changes(context, adjoints=(*kept, *made.adjoints))
    return Derivation(system, _aliased(system, context.adjoints), scalars.laws)


@dataclass(frozen=True)
class Flow:
    """Which quantities carry derivatives: `readers` maps a quantity to the equations that read it on a path to J."""

    system: System
    active: tuple[str, ...]
    readers: dict[str, tuple[Equation, ...]]

    @staticmethod
    def of(system: System) -> Flow:
        equations = (*system.equations, system.objective)
        reads = {e.id: tuple(dict.fromkeys(a.tensor for a in accesses(e.value))) for e in equations}
        active = {t.name for t in system.role("parameter")}
        grown = True
        while grown:
            new = {e.target.tensor for e in equations if e.target.tensor not in active and active & set(reads[e.id])}
            active |= new
            grown = bool(new)
        useful = {"J"}
        grown = True
        while grown:
            new = {t for e in equations if e.target.tensor in useful for t in reads[e.id] if t not in useful}
            useful |= new
            grown = bool(new)
        ordered = [t.name for t in (*system.role("parameter"), *system.role("variable"))]
        names = tuple(
            n for n in ordered if n in active and (n in useful or n in {t.name for t in system.role("parameter")})
        )
        readers = {n: tuple(e for e in equations if n in reads[e.id] and e.target.tensor in useful) for n in names}
        return Flow(system, names, readers)

    def order(self) -> list[str]:
        """Last written quantity first, but a quantity after all those whose only reader it feeds."""
        written = [e.target.tensor for e in self.system.equations]
        waiting = sorted(self.active, key=lambda n: -max((q for q, t in enumerate(written) if t == n), default=-1))
        done: list[str] = []
        while waiting:
            ready = [n for n in waiting if not any(self.single(v) == n and v not in done for v in self.feeds(n))]
            chosen = (ready or waiting)[0]
            done.append(chosen)
            waiting.remove(chosen)
        return done

    def feeds(self, name: str) -> list[str]:
        """The variables whose equations read this quantity."""
        return [
            e.target.tensor for e in self.readers[name] if e.target.tensor in self.active and e.target.tensor != name
        ]

    def single(self, name: str) -> str | None:
        """The only quantity that a variable's equations read, if there is one: its adjoint is used nowhere else."""
        read = [n for n in self.active for e in self.readers[n] if e.target.tensor == name]
        return read[0] if len(set(read)) == 1 and read[0] != name else None


@dataclass(frozen=True)
class Made:
    """The adjoint equations of one quantity, and the ids of those that were written out in them."""

    adjoints: tuple[Adjoint, ...]
    inlined: tuple[str, ...]


class Chain:
    """A right side under transformation, with the steps so far."""

    def __init__(self, expr: Expr, context: Context, steps: tuple[Step, ...] = ()) -> None:
        self.expr, self.context, self.steps = expr, context, steps

    def step(self, rule: str, **arguments: Any) -> bool:
        """Use a rule; False, and nothing recorded, if it finds nothing to act on."""
        given = tuple(sorted(arguments.items()))
        try:
            after = apply(rule, self.expr, self.context, given)
        except RuleDidNotApply:
            return False
        self.steps = (*self.steps, Step(rule, self.expr, after, given))
        self.expr = after
        return True


def _adjoints_of(name: str, flow: Flow, context: Context) -> Made:
    system = flow.system
    target, bounds = _target(system, name, flow)
    chain = Chain(_chain_rule(target, bounds, flow), context)
    if chain.expr != ZERO:
        chain.step("differentiate")
        chain.step("sift", bounds=bounds)
    candidates = _candidates(name, chain.expr, flow, context, bounds)
    made, kept = [], set[str]()
    for places in _regions(name, chain.expr, bounds, candidates, context):
        adjoint, read = _on_region(name, target, bounds, places, chain, candidates)
        made.append(adjoint)
        kept |= read
    inlined = tuple(a.id for a in context.adjoints if a.of in candidates and a.id not in kept)
    return Made(tuple(made), inlined)


def _target(system: System, name: str, flow: Flow) -> tuple[Access, tuple[Bound, ...]]:
    """The entry whose adjoint is derived, and the ranges of its letters: all places that depend on a parameter."""
    tensor = system.tensor(name)
    if tensor.role == "parameter":
        return Access(name, tuple(Affine.of(s.index) for s in tensor.slots)), _by_dependence(
            [Bound(s.index, s.lo, s.hi) for s in tensor.slots]
        )
    live = [e for e in system.equations_of(name) if any(a.tensor in flow.active for a in accesses(e.value))]
    main = max(live, key=lambda e: len(e.bounds))
    bounds = list(main.bounds)
    for slot, position in enumerate(main.target.at):
        letter = position.letter
        if letter:
            place = next(q for q, b in enumerate(bounds) if b.index == letter)
            bounds[place] = _hull(bounds[place], [region_of(e, slot) for e in live if e is not main], system)
        elif any(e.target.at[slot] != position for e in live):
            letter = tensor.slots[slot].index
            raise Refused(
                f"the regions of {name} are single places only along {letter.name}",
                source=main.source,
                fix="give one of its equations a range",
            )
    return main.target, tuple(bounds)


def _by_dependence(bounds: list[Bound]) -> tuple[Bound, ...]:
    """Ranges after those that they depend on."""
    done: list[Bound] = []
    while bounds:
        waiting = {b.index for b in bounds}
        ready = next((b for b in bounds if not waiting & {*indices(b.lo), *indices(b.hi)}), bounds[0])
        done.append(ready)
        bounds.remove(ready)
    return tuple(done)


def _hull(bound: Bound, others: list[Interval], system: System) -> Bound:
    lo, hi = bound.lo, bound.hi
    for other in others:
        if indices(other.lo) or indices(other.hi):
            continue
        lo = other.lo if system.facts.below(other.lo, lo) else lo
        hi = other.hi if system.facts.below(hi, other.hi) else hi
    return Bound(bound.index, lo, hi)


def _chain_rule(target: Access, bounds: tuple[Bound, ...], flow: Flow) -> Expr:
    """Sum over the equations v that read u of Sum_d vbar[d] ∂v[d]/∂u[p]."""
    taken = {x for p in target.at for x in indices(p)}
    terms: list[Expr] = []
    for equation in flow.readers[target.tensor]:
        if equation.target.tensor == "J":
            terms.append(Partial("J", equation.target, target))
            continue
        letters = {b.index: fresh(b.index, taken) for b in equation.bounds}
        of = substitute(equation.target, {old: Affine.of(new) for old, new in letters.items()})
        assert isinstance(of, Access)
        outer = rebind(equation.bounds, letters)
        terms.append(summed(mul(Access(f"d.{of.tensor}", of.at), Partial(equation.id, of, target)), outer))
    return add(*terms)


def _candidates(name: str, expr: Expr, flow: Flow, context: Context, bounds: tuple[Bound, ...]) -> tuple[str, ...]:
    """Variables whose adjoints are read here only, have no letter of their own, and so may be written out."""
    named = {v for v, _ in context.system.errors} | {x.target.tensor for x in context.system.aliases}
    letters = {b.index for b in bounds}
    chosen = []
    for variable in dict.fromkeys(flow.feeds(name)):
        known = [a for a in context.adjoints if a.of == variable]
        slots = _free_slots(context.system.tensor(variable))
        uses = [n for n in walk(expr) if isinstance(n, Access) and n.tensor == f"d.{variable}"]
        reachable = len(known) == 1 or all(_on_letters(use, known, letters, slots) for use in uses)
        if flow.single(variable) == name and variable not in named and known and reachable:
            chosen.append(variable)
    return tuple(chosen)


def _written_out(variable: str, chain: Chain, bounds: tuple[Bound, ...]) -> tuple[bool, set[str]]:
    """Can the adjoint of `variable` be written out here without computing anything twice; which equations it means."""
    uses = [n for n in walk(chain.expr) if isinstance(n, Access) and n.tensor == f"d.{variable}"]
    meant = [defining(use, chain.context, bounds)[0] for use in uses]
    letters = {Affine.of(b.index) for b in bounds}
    plain = len(uses) == 1 and set(uses[0].at) >= letters and not _under_sum(chain.expr, uses[0])
    cheap = not any(isinstance(n, Sum) for a in meant for n in walk(a.value)) and all(
        sum(1 for _ in walk(a.value)) <= SMALL for a in meant
    )
    return bool(uses) and (plain or cheap), {a.id for a in meant}


def _under_sum(expr: Expr, use: Access) -> bool:
    return any(isinstance(n, Sum) and any(m is use for m in walk(n)) for n in walk(expr))


def _on_letters(use: Access, known: list[Adjoint], letters: set[Index], slots: list[int]) -> bool:
    """Along slots in which the regions differ, does the use stand at a letter of the target or at a region's place?"""
    for slot, position in ((q, use.at[q]) for q in slots):
        if len({region_of_adjoint(a, slot) for a in known}) > 1:
            fixed = any(position == a.target.at[slot] for a in known)
            if not fixed and not set(indices(position)) <= letters:
                return False
    return True


def region_of_adjoint(adjoint: Adjoint, slot: int) -> Interval:
    """Where an adjoint equation holds along one slot of its target."""
    position = adjoint.target.at[slot]
    for bound in adjoint.bounds:
        if position.letter == bound.index:
            return Interval(bound.lo, bound.hi)
    return Interval(position, position)


def _regions(
    name: str, expr: Expr, bounds: tuple[Bound, ...], candidates: tuple[str, ...], context: Context
) -> list[tuple[tuple[Index, Interval], ...]]:
    """The regions of the target: for each letter with conditions, the intervals between its cut points."""
    choices = []
    for bound in bounds:
        intervals = _intervals(expr, bound, candidates, context)
        if not intervals:
            continue
        try:
            parts = cut(Interval(bound.lo, bound.hi), intervals, context.system.facts)
        except UnknownOrder as error:
            raise Refused(
                f"the regions of the adjoint of {name} depend on the sizes: {error}",
                fix=f"declare model.assume({render_affine(error.left)} <= {render_affine(error.right)}), "
                "or its opposite",
            ) from None
        choices.append([(bound.index, part) for part in parts])
    return list(product(*choices))


def _intervals(expr: Expr, bound: Bound, candidates: tuple[str, ...], context: Context) -> list[Interval]:
    found = []
    for node in walk(expr):
        if isinstance(node, Bracket):
            limits = condition(node, bound.index)
            if limits is not None:
                lo, hi = limits
                found.append(Interval(lo if lo is not None else bound.lo, hi if hi is not None else bound.hi))
        if isinstance(node, Access) and node.tensor in {f"d.{v}" for v in candidates}:
            known = [a for a in context.adjoints if a.target.tensor == node.tensor]
            for adjoint in known if len(known) > 1 else ():
                found.extend(_shifted(node, adjoint, bound, context.system))
    return [i for i in found if not (i.lo == bound.lo and i.hi == bound.hi)]


def _shifted(use: Access, adjoint: Adjoint, bound: Bound, system: System) -> list[Interval]:
    """The places of the target's letter at which a use falls into the region of an adjoint equation."""
    found = []
    for slot in _free_slots(system.tensor(adjoint.of)):
        shift = use.at[slot] - Affine.of(bound.index)
        region = region_of_adjoint(adjoint, slot)
        if shift.number is not None:
            found.append(Interval(region.lo - shift, region.hi - shift))
    return found


def _free_slots(tensor: Tensor) -> list[int]:
    """Slots whose range depends on no other slot: only along these can regions differ."""
    return [q for q, s in enumerate(tensor.slots) if not (indices(s.lo) or indices(s.hi))]


def _on_region(
    name: str,
    target: Access,
    bounds: tuple[Bound, ...],
    places: tuple[tuple[Index, Interval], ...],
    start: Chain,
    candidates: tuple[str, ...],
) -> tuple[Adjoint, set[str]]:
    """The adjoint equation on one region, and the equations that it reads instead of writing them out."""
    chain = Chain(start.expr, start.context, start.steps)
    for index, region in places:
        chain.step("restrict", letter=index.name, lo=region.lo, hi=region.hi)
        target, bounds = _placed(target, bounds, index, region)
    _check_conditions(name, chain.expr)
    kept = set[str]()
    for variable in candidates:
        writable, meant = _written_out(variable, chain, bounds)
        if writable:
            chain.step("insert", names=(f"d.{variable}",), bounds=bounds)
        else:
            kept |= meant
    chain.step("law", bounds=bounds)
    chain.step("formula")
    chain.step("fold", bounds=bounds)
    chain.step("simplify")
    while any([chain.step("hoist"), chain.step("declared"), chain.step("simplify")]):
        pass
    names_of = renaming(chain.expr, target, chain.context.system)
    if names_of:
        chain.step("rename", names=names_of)
    entry = Access(f"d.{name}", target.at)
    facts = chain.context.system.facts
    empty = any(facts.below(region.lo, region.hi) is not True for _, region in places)
    where = ",".join(f"{index.name}={region}" for index, region in places)
    uses = tuple(dict.fromkeys(a.tensor for a in accesses(chain.expr)))
    ident = f"d.{name}@{where}" if where else f"d.{name}"
    return Adjoint(ident, name, entry, bounds, chain.expr, chain.steps, uses=uses, may_be_empty=empty), kept


def _placed(
    target: Access, bounds: tuple[Bound, ...], index: Index, region: Interval
) -> tuple[Access, tuple[Bound, ...]]:
    """Target and ranges on a region; a region of one place puts the place for the letter."""
    if region.point is None:
        return target, tuple(Bound(index, region.lo, region.hi) if b.index == index else b for b in bounds)
    values: dict[Node, Affine] = {index: region.point}
    placed = substitute(target, values)
    assert isinstance(placed, Access)
    return placed, tuple(
        Bound(b.index, replace(b.lo, values), replace(b.hi, values)) for b in bounds if b.index != index
    )


def _check_conditions(name: str, expr: Expr) -> None:
    """Conditions that limit no letter alone are not supported yet."""
    for node in walk(expr):
        if isinstance(node, Bracket):
            raise Refused(
                f"the adjoint of {name} keeps the condition {node.key}",
                fix="use each index with a single shift, or declare the order of the sizes",
            )


def _aliased(system: System, adjoints: tuple[Adjoint, ...]) -> tuple[Adjoint, ...]:
    """Give textbook names to the equations that they mean. ModelError for a name that means none, or several."""
    names: dict[str, str] = {}
    for alias in system.aliases:
        meant = [a for a in adjoints if _means(alias.target, a)]
        if len(meant) != 1:
            known = ", ".join(a.id for a in adjoints if a.of == alias.target.tensor) or "none"
            raise ModelError(
                f"{alias.name} names {len(meant)} derived equations",
                source=alias.source,
                fix=f"the equations of d.{alias.target.tensor} are: {known}",
            )
        names[meant[0].id] = alias.name
    return tuple(with_changes(a, name=names.get(a.id, "")) for a in adjoints)


def _means(entry: Access, adjoint: Adjoint) -> bool:
    if entry.tensor != adjoint.of or len(entry.at) != len(adjoint.target.at):
        return False
    for asked, place in zip(entry.at, adjoint.target.at, strict=True):
        if bool(asked.letter) != bool(place.letter):
            return False
        if not asked.letter and asked != place:
            return False
    return True
