"""Where derivatives flow: from the objective back along the equations to the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from derive.errors import Source
from derive.graphs import grouped, reached
from derive.regions.regions import Interval, region_of
from derive.system import Equation, System, Tensor
from derive.values.affine import Affine, indices
from derive.values.binders import Bound, fresh
from derive.values.nodes import Access


@dataclass(frozen=True)
class Flow:
    """Which quantities carry derivatives: `readers` maps a quantity to the equations that read it on a path to J.

    `sources` are the quantities by which the objective is differentiated: the parameters, unless others are asked for.
    """

    system: System
    sources: tuple[str, ...]
    active: tuple[str, ...]
    readers: dict[str, tuple[Equation, ...]]

    @staticmethod
    def of(system: System, by: tuple[str, ...] = ()) -> Flow:
        sources = by or tuple(t.name for t in system.role("parameter"))
        equations = (*system.equations, system.objective)
        active = reached(sources, grouped((name, e.target.tensor) for e in equations for name in e.reads))
        useful = reached({"J"}, grouped((e.target.tensor, name) for e in equations for name in e.reads))
        given = [n for n in sources if system.tensor(n).role != "variable"]
        ordered = [*given, *(t.name for t in system.role("variable"))]
        names = tuple(n for n in ordered if n in active and (n in useful or n in sources))
        readers: dict[str, list[Equation]] = {n: [] for n in names}
        for equation in equations:
            for name in equation.reads if equation.target.tensor in useful else ():
                if name in readers:
                    readers[name].append(equation)
        return Flow(system, sources, names, {n: tuple(found) for n, found in readers.items()})

    def order(self) -> list[str]:
        """Last written quantity first, but a quantity after all those whose only reader it feeds."""
        written = {e.target.tensor: q for q, e in enumerate(self.system.equations)}
        waiting = sorted(self.active, key=lambda n: -written.get(n, -1))
        done: dict[str, None] = {}
        while waiting:
            ready = (n for n in waiting if not any(self.single(v) == n and v not in done for v in self.feeds(n)))
            chosen = next(ready, waiting[0])
            done[chosen] = None
            waiting.remove(chosen)
        return list(done)

    def feeds(self, name: str) -> list[str]:
        """The variables whose equations read this quantity."""
        return [
            e.target.tensor for e in self.readers[name] if e.target.tensor in self.readers and e.target.tensor != name
        ]

    def single(self, name: str) -> str | None:
        """The only quantity that a variable's equations read, if there is one: its adjoint is used nowhere else."""
        read = self.reads.get(name, {})
        return next(iter(read)) if len(read) == 1 and name not in read else None

    @cached_property
    def reads(self) -> dict[str, dict[str, None]]:
        """The active quantities that the equations of each variable read."""
        found: dict[str, dict[str, None]] = {}
        for name in self.active:
            for equation in self.readers[name]:
                found.setdefault(equation.target.tensor, {})[name] = None
        return found


def target_of(system: System, name: str, flow: Flow) -> tuple[Access, tuple[Bound, ...]]:
    """The entry whose adjoint is derived, and the ranges of its letters: all places that depend on a source."""
    tensor = system.tensor(name)
    if tensor.role != "variable":
        return Access(name, tuple(Affine.of(s.index) for s in tensor.slots)), by_dependence(
            [Bound(s.index, s.lo, s.hi) for s in tensor.slots]
        )
    whole = name in flow.sources
    live = [e for e in system.equations_of(name) if whole or any(n in flow.readers for n in e.reads)]
    main = max(live, key=lambda e: len(e.bounds))
    bounds, at = list(main.bounds), list(main.target.at)
    for slot, position in enumerate(main.target.at):
        if position.letter:
            letter = position.letter
            place = next(q for q, b in enumerate(bounds) if b.index == letter)
            bounds[place] = _hull(bounds[place], [region_of(e, slot) for e in live if e is not main], system)
        elif any(e.target.at[slot] != position for e in live):
            own = tensor.slots[slot]
            letter = fresh(own.index, {b.index for b in bounds})
            bounds.append(Bound(letter, own.lo, own.hi))
            at[slot] = Affine.of(letter)
    return Access(name, tuple(at)), tuple(_never_empty(b, system.tensor(name), at, system) for b in bounds)


def _never_empty(bound: Bound, tensor: Tensor, at: list[Affine], system: System) -> Bound:
    """The range of a letter of the target; all of its slot if the part that depends on a source may be empty."""
    if system.facts.below(bound.lo, bound.hi) or indices(bound.lo) or indices(bound.hi):
        return bound
    slot = next((s for s, position in zip(tensor.slots, at, strict=True) if position.letter == bound.index), None)
    return Bound(bound.index, slot.lo, slot.hi) if slot and system.facts.below(slot.lo, slot.hi) else bound


def source_of(system: System, name: str, flow: Flow) -> Source:
    """Where the equation of a variable stands, or for a parameter the first one that reads it."""
    found = (*system.equations_of(name), *flow.readers[name], system.objective)
    return max(system.equations_of(name) or found[:1], key=lambda e: len(e.bounds)).source


def by_dependence(bounds: list[Bound]) -> tuple[Bound, ...]:
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
