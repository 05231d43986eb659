"""Tangent equations as equations of a model: zdot = Sum over the occurrences u[e] in z of factor udot[e].

A Jacobian is a tangent with one direction for every entry of the input: the direction is a Kronecker delta, and its
place is one more index, the seed, of every tangent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from derive.adjoint import Chain
from derive.calculus.instances import Context
from derive.calculus.occurrences import occurrences
from derive.calculus.reverse import renamed
from derive.calculus.scalars import scalars_of
from derive.errors import ModelError, Refused, Source
from derive.regions.letters import spare_letters
from derive.regions.shapes import Draft
from derive.system import Equation, Slot, System, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Binder, Bound, summed
from derive.values.nodes import ONE, Access, Bracket, Expr, add, mul
from derive.values.walks import walk

At = tuple[Affine, ...]
Start = Callable[[At, At], Expr]  # the direction of an entry at a place, for the seeds at a place


@dataclass(frozen=True)
class Tangents:
    """What is moved: `starts` give the direction of every input, `names` those of the tangents, `seeds` their slots."""

    system: System
    starts: Mapping[str, Start]
    names: Mapping[str, str]
    seeds: tuple[Slot, ...] = ()

    def equations(self, outputs: tuple[str, ...]) -> tuple[Equation, ...]:
        """The equations of the variables between inputs and outputs. ModelError for an output that does not move."""
        moving = moved_by(self.system, tuple(self.starts))
        for name in outputs:
            if name not in moving:
                raise ModelError(
                    f"{name} does not depend on {' or '.join(self.starts)}, so its derivative is 0 everywhere",
                    fix="differentiate by something that it depends on",
                )
        needed = _needed(self.system, outputs)
        return tuple(e for e in self.system.equations if e.target.tensor in moving and e.target.tensor in needed)

    def drafts(self, outputs: tuple[str, ...], source: Source) -> tuple[Draft, ...]:
        """The tangent equations that the outputs need."""
        context = Context(self.system, scalars_of(self.system))
        found = self.equations(outputs)
        moving = {e.target.tensor for e in found}
        return tuple(self._draft(e, moving, context, source) for e in found)

    def _draft(self, equation: Equation, moving: set[str], context: Context, source: Source) -> Draft:
        letters = self._seed_letters(equation)
        seeds = tuple(map(Affine.of, letters))
        bounds = (*equation.bounds, *(Bound(x, s.lo, s.hi) for x, s in zip(letters, self.seeds, strict=True)))
        target = Access(self.names[equation.target.tensor], (*equation.target.at, *seeds))
        chain = Chain(self._linear(equation, moving, seeds), context)
        unsifted = chain.expr
        if self.seeds and chain.step("sift", bounds=bounds) and _conditional(chain.expr):
            chain.expr = unsifted
        chain.tidy(target, bounds)
        value = renamed(chain.expr, {f"d.{name}": self.names[name] for name in moving})
        return Draft(target, value, {b.index: (b.lo, b.hi) for b in bounds}, source)

    def _linear(self, equation: Equation, moving: set[str], seeds: At) -> Expr:
        """Sum over the occurrences u[e] of factor udot[e]."""
        taken = frozenset(x for p in (*equation.target.at, *seeds) for x in indices(p))
        terms = []
        for name in dict.fromkeys(a.tensor for a in accesses(equation.value)):
            if name in self.starts or name in moving:
                for found in occurrences(equation.value, name, taken):
                    terms.append(summed(mul(found.factor, self._direction(name, found.at, seeds)), found.bounds))
        return add(*terms)

    def _direction(self, name: str, at: At, seeds: At) -> Expr:
        if name in self.starts:
            return self.starts[name](at, seeds)
        return Access(f"d.{name}", (*at, *seeds))

    def _seed_letters(self, equation: Equation) -> tuple[Index, ...]:
        """Letters for the seeds that stand nowhere in the equation: their own, else the model's over the same range."""
        used = {x.name for p in equation.target.at for x in indices(p)} | {x.name for x in equation.value.letters}
        used |= {b.index.name for node in walk(equation.value) if isinstance(node, Binder) for b in node.bounds}
        chosen: list[Index] = []
        for slot in self.seeds:
            names = (slot.index.name, *self.system.letters, *spare_letters(self.system))
            chosen.append(Index(next(n for n in names if n not in used)))
            used.add(chosen[-1].name)
        return tuple(chosen)


def _conditional(expr: Expr) -> bool:
    """Does a read rest on a condition? As an equation, a delta that is summed reads what exists only."""
    return any(isinstance(node, Bracket) and node.op != "=" for node in walk(expr))


def moved_by(system: System, inputs: tuple[str, ...]) -> set[str]:
    """The variables that depend on the inputs."""
    found = set(inputs)
    grown = True
    while grown:
        new = {e.target.tensor for e in system.equations if found & {a.tensor for a in accesses(e.value)}} - found
        found |= new
        grown = bool(new)
    moved = {e.target.tensor for e in system.equations if found & {a.tensor for a in accesses(e.value)}}
    again = moved & set(inputs)
    if again:
        raise Refused(
            f"{min(again)} depends on itself, so a Jacobian by it has no directions",
            fix="differentiate by data or a parameter",
        )
    return found - set(inputs)


def _needed(system: System, outputs: tuple[str, ...]) -> set[str]:
    """The variables on which the outputs depend, the outputs included."""
    found, left = set(outputs), list(outputs)
    while left:
        for equation in system.equations_of(left.pop()):
            new = {a.tensor for a in accesses(equation.value)} - found
            found |= new
            left.extend(sorted(new))
    return found


def directional(
    system: System,
    outputs: tuple[str, ...],
    along: tuple[tuple[str, str], ...],
    name_of: Callable[[str], str],
    source: Source,
) -> tuple[Draft, ...]:
    """The tangents of the outputs along pairs of an input and its direction. ModelError where their shapes differ."""
    for given, direction in along:
        _check_shapes(system, given, direction)
    starts = {given: _array(direction) for given, direction in along}
    moved = Tangents(system, starts, {}).equations(outputs)
    names = {name: name_of(name) for name in dict.fromkeys(e.target.tensor for e in moved)}
    return Tangents(system, starts, names).drafts(outputs, source)


def _check_shapes(system: System, given: str, direction: str) -> None:
    first, second = system.tensor(given), system.tensor(direction)
    at = tuple(Affine.of(s.index) for s in first.slots)
    if len(at) != len(second.slots) or not all(
        system.facts.same(a, b)
        for q in range(len(at))
        for a, b in zip(first.range_of(q, at), second.range_of(q, at), strict=True)
    ):
        raise ModelError(
            f"{direction} has not the shape of {given}", fix=f"a direction has an entry for each of {given}"
        )


def _array(direction: str) -> Start:
    """The direction of an input is an array of its shape."""
    return lambda at, seeds: Access(direction, at)


def unit(slots: tuple[int, ...]) -> Start:
    """The direction of an input is 1 at the place of the seeds, which stand for some of its slots, and 0 elsewhere."""
    return lambda at, seeds: mul(*(Bracket("=", at[q], p) for q, p in zip(slots, seeds, strict=True)), ONE)


@dataclass(frozen=True)
class Jacobian:
    """`target` = the derivative of entry `of` by entry `by`. A letter that stands in both is one place in both."""

    target: Access
    of: Access
    by: Access

    def drafts(self, system: System, name_of: Callable[[str], str], source: Source) -> tuple[Draft, ...]:
        """Tangent equations with seeds and, unless they are what is asked for, the entries of `target` read from them.

        Raises Refused where the shape of the input depends on a position.
        """
        tensor, output = system.tensor(self.by.tensor), self.of.tensor
        shared = {q for q, p in enumerate(self.by.at) if p in self.of.at and _carried(system, self.by, q, self.of)}
        slots = tuple(q for q in range(len(tensor.slots)) if q not in shared)
        seeds = tuple(tensor.slots[q] for q in slots)
        if any(indices(s.lo) or indices(s.hi) for s in seeds):
            raise Refused(
                f"the shape of {tensor.name} depends on a position, so its entries cannot be seeds of a Jacobian",
                fix="differentiate by a tensor with fixed sizes",
            )
        starts = {tensor.name: unit(slots)}
        entry = (*self.of.at, *(self.by.at[q] for q in slots))
        direct = self.target.at == entry
        made = dict.fromkeys(e.target.tensor for e in Tangents(system, starts, {}, seeds).equations((output,)))
        names = {name: self.target.tensor if direct and name == output else name_of(name) for name in made}
        drafts = Tangents(system, starts, names, seeds).drafts((output,), source)
        return drafts if direct else (*drafts, Draft(self.target, Access(names[output], entry), {}, source))


def _carried(system: System, by: Access, slot: int, of: Access) -> bool:
    """Do entries at one place along a slot reach only entries at the same place? Then one direction moves them all."""
    slots = {by.tensor: slot}
    needed = _needed(system, (of.tensor,))
    equations = [e for e in system.equations if e.target.tensor in needed]
    grown = True
    while grown:
        before = dict(slots)
        for equation in equations:
            for access in accesses(equation.value):
                if access.tensor in slots:
                    position = access.at[slots[access.tensor]]
                    if not position.letter or position not in equation.target.at:
                        return False
                    own = equation.target.at.index(position)
                    if slots.setdefault(equation.target.tensor, own) != own:
                        return False
        grown = slots != before
    return of.tensor in slots and of.at[slots[of.tensor]] == by.at[slot]
