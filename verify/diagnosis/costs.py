"""A wrong cost: which edit of the equations of the model gives it, and whether the gradient belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from derive.system import Equation, System, Tensor
from derive.values.affine import Affine, Index
from derive.values.binders import Bound, summed
from derive.values.nodes import MINUS_ONE, ONE, ZERO, Access, Call, Count, Expr, add, mul, number, power
from derive.values.text import render_expr as text
from derive.values.walks import transform, walk
from verify.diagnosis.evidence import Witness
from verify.diagnosis.factors import name_of
from verify.diagnosis.matching import IMPOSSIBLE, Match
from verify.diagnosis.rules import RULES
from verify.diagnosis.spots import UNKNOWN, spots
from verify.diagnosis.work import Spent, Work
from verify.unroll import OBJECTIVE, Unrolled

COST_READS = 3_000_000  # entries that all other systems may read; without derivatives that is quick
ABSENT = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Other:
    """A system with one equation edited, and how."""

    system: System
    equation: str
    kind: str
    says: str
    open: bool

    @cached_property
    def name(self) -> str:
        """The equation in words."""
        names = {"J": "the cost J", "": "the whole model"}
        return names.get(self.equation, f"the equation of {self.equation}")

    def at(self, witness: Witness, unknown: Any = None) -> Unrolled:
        """The edited system unrolled at an instance."""
        return self.given(Unrolled(replace(witness.case.instance, system=self.system), witness.case.field), unknown)

    def cost(self, witness: Witness, work: Work, unknown: Any = None) -> Any:
        """The cost of the edited system at an instance."""
        values = Values(replace(witness.case.instance, system=self.system), witness.case.field)
        values.work = work
        return self.given(values, unknown).value("J")

    def given(self, unrolled: Unrolled, unknown: Any) -> Unrolled:
        """With the number that the edit holds."""
        if unknown is not None:
            unrolled.given[UNKNOWN.tensor, ()] = unknown
        return unrolled


class Values(Unrolled):
    """The entries of a system without their derivatives; each that is read counts as work."""

    work: Work

    def leaf(self, tensor: str, at: tuple[int, ...]) -> Any:
        self.work.spend()
        return self.value(tensor, at)


def everything(system: System) -> Iterator[Other]:
    """All other systems that are tried: the cost first, then the equations from the output on."""
    yield from scaled(system)
    yield from others(system, (system.objective,))
    yield from penalised(system)
    yield from centred(system)
    yield from others(system, tuple(reversed(system.equations)))


def others(system: System, equations: tuple[Equation, ...]) -> Iterator[Other]:
    """The system with every edit of one of these equations."""
    known = Tensor(UNKNOWN.tensor, "hyper", ())
    for equation in equations:
        done = {equation.value}
        for rule in RULES:
            for spot in spots(system, equation.target.tensor, equation.value, equation.bounds):
                for rewrite in rule(spot):
                    value = spot.put(rewrite.after)
                    if value not in done:
                        done.add(value)
                        new = edited(system, equation, value)
                        new = replace(new, tensors=(*system.tensors, known))
                        yield Other(new, equation.id, rewrite.kind, rewrite.says, is_open(value))


def scaled(system: System) -> Iterator[Other]:
    """The system with another number for a hyper-parameter, wherever it stands."""
    known = Tensor(UNKNOWN.tensor, "hyper", ())
    for tensor in system.role("hyper"):
        own = Access(tensor.name)
        for new in (*(mul(number(n), own) for n in (2, Fraction(1, 2))), mul(own, own), ZERO, ONE):
            if tensor.slots:
                continue
            equations = tuple(replace(e, value=everywhere(e.value, own, new)) for e in system.equations)
            objective = replace(system.objective, value=everywhere(system.objective.value, own, new))
            other = replace(system, equations=equations, objective=objective, tensors=(*system.tensors, known))
            yield Other(other, "J", "hyper", f"{text(new)} stands for {tensor.name} everywhere", open=False)


def everywhere(expr: Expr, old: Expr, new: Expr) -> Expr:
    """One expression for another."""
    return transform(expr, lambda node: new if node == old else node)


def penalised(system: System) -> Iterator[Other]:
    """J -> J + c Sum w^2, J + c Sum |w| for a parameter w"""
    known = Tensor(UNKNOWN.tensor, "hyper", ())
    for tensor in system.role("parameter"):
        own = Access(tensor.name, tuple(Affine.of(slot.index) for slot in tensor.slots))
        bounds = tuple(Bound(slot.index, slot.lo, slot.hi) for slot in tensor.slots)
        for size in (power(own, number(2)), Call("Abs", (own,))):
            term = summed(size, bounds)
            new = edited(system, system.objective, add(system.objective.value, mul(UNKNOWN, term)))
            says = f"a penalty {text(term)} is added {{c}} that does not belong"
            yield Other(replace(new, tensors=(*system.tensors, known)), "J", "penalty", says, open=True)


def centred(system: System) -> Iterator[Other]:
    """x[i, k] -> x[i, k] - 1/m Sum_i x[i, k], wherever x is read"""
    for tensor in system.role("data"):
        if len(tensor.slots) > 1 and tensor.values is None:
            equations = tuple(replace(e, value=without_mean(e.value, tensor)) for e in system.equations)
            objective = replace(system.objective, value=without_mean(system.objective.value, tensor))
            other = replace(system, equations=equations, objective=objective)
            says = f"from {tensor.name} its mean over the first index is taken off"
            yield Other(other, "", "centred", says, open=False)


def without_mean(value: Expr, tensor: Tensor) -> Expr:
    """An expression that reads a tensor less its mean."""
    slot = tensor.slots[0]
    bound = Bound(Index(slot.index.name + "'"), slot.lo, slot.hi)
    share = power(Count(slot.hi - slot.lo + 1), MINUS_ONE)

    def less(node: Expr) -> Expr:
        if not isinstance(node, Access) or node.tensor != tensor.name:
            return node
        entries = Access(node.tensor, (Affine.of(bound.index), *node.at[1:]))
        return add(node, mul(MINUS_ONE, share, summed(entries, (bound,))))

    return transform(value, less)


def is_open(value: Expr) -> bool:
    """Is there a number to be found?"""
    return any(node == UNKNOWN for node in walk(value))


def edited(system: System, equation: Equation, value: Expr) -> System:
    """The system with another right side of one equation."""
    new = replace(equation, value=value)
    if equation is system.objective:
        return replace(system, objective=new)
    return replace(system, equations=tuple(new if e is equation else e for e in system.equations))


def other_costs(system: System, seen: Sequence[Witness]) -> list[Match]:
    """The edits that give the foreign cost; of the gradient it is said whether it belongs to that cost."""
    seen = [w for w in seen if OBJECTIVE in w.found]
    right = not any(w.wrong_blocks - {OBJECTIVE} for w in seen)
    found: list[Match] = []
    work = Work(COST_READS)
    with suppress(Spent):
        for other in everything(system):
            match = fitting(system, seen, other, work, right=right)
            if match is not None:
                found.append(match)
                if match.kind != "wrong cost":
                    break
    return found[:1] if all(match.kind == "wrong cost" for match in found) else found[-1:]


def fitting(system: System, seen: Sequence[Witness], other: Other, work: Work, *, right: bool) -> Match | None:
    """What is said of an edit that gives the cost; `right`: the gradient is that of the model."""
    numbers = costs_agree(other, seen, work)
    if numbers is None:
        return None
    words = ""
    if other.open:
        name = name_of(system, numbers) if numbers else None
        if name is None:
            return None
        words = name[1]
    says = f"{other.name}: {other.says.replace('{c}', words)}"
    if right:
        return Match("wrong cost only", "", f"the gradient is right, the cost is another one; {says}")
    if gradients_agree(other, seen, {id(w): n for w, n in numbers}):
        return Match("wrong cost, matching gradient", "", f"cost and gradient are those of another model; {says}")
    return Match("wrong cost", "", f"{says}, and the gradient is not that of this cost either")


def costs_agree(other: Other, seen: Sequence[Witness], work: Work) -> list[tuple[Witness, Any]] | None:
    """The numbers with which an edit gives every cost; None if it does not."""
    numbers: list[tuple[Witness, Any]] = []
    for witness in seen:
        with witness.case.field.context():
            try:
                number = unknown_of(other, witness, work) if other.open else None
                if other.open and number is None:
                    if OBJECTIVE in witness.wrong:
                        return None
                    continue
                if not witness.same(OBJECTIVE, other.cost(witness, work, number)):
                    return None
            except IMPOSSIBLE:
                return None
            if number is not None:
                numbers.append((witness, number))
    return numbers


def unknown_of(other: Other, witness: Witness, work: Work) -> Any:
    """The number that makes the cost right, if it depends on it."""
    field = witness.case.field
    here, there = (other.cost(witness, work, field.rational(n)) for n in ABSENT)
    slope = there - here
    return None if slope.contains(0) else (witness.found[OBJECTIVE] - here) / slope


def gradients_agree(other: Other, seen: Sequence[Witness], numbers: dict[int, Any]) -> bool:
    """Is the foreign gradient the true one of the edited system?"""
    for witness in seen:
        with witness.case.field.context():
            try:
                unrolled = other.at(witness, numbers.get(id(witness), witness.case.field.rational(Fraction(1))))
                if not all(witness.same(e, unrolled.adjoint(*e)) for e in witness.found if e != OBJECTIVE):
                    return False
            except IMPOSSIBLE:
                return False
    return True
