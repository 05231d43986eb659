"""Backpropagation: the chain rule over all uses of a quantity, sifted and divided into regions.

For every quantity on a path from a parameter to the objective, last one first:

    ubar[p] = Sum over the equations v that read u of Sum_d vbar[d] ∂v[d]/∂u[p]

is taken through the rules of `derive.calculus.rules` until it is the textbook equation. Nothing here knows a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Any

from derive.calculus.aliases import aliased
from derive.calculus.flow import Flow, source_of, target_of
from derive.calculus.inlining import insertable, written_out
from derive.calculus.instances import Context
from derive.calculus.places import placed, regions
from derive.calculus.rules import apply
from derive.calculus.scalars import scalars_of
from derive.derivation import Adjoint, Derivation, Step
from derive.errors import ModelError, RuleDidNotApply, located
from derive.regions.letters import renaming
from derive.regions.regions import Interval
from derive.system import System, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound, fresh, rebind, summed
from derive.values.nodes import ZERO, Access, Expr, Partial, add, mul


def derive(model: Any, by: tuple[str, ...] = ()) -> Derivation:
    """All adjoint equations of a model (a `Model` or its `System`), with the steps that lead to them.

    The objective is differentiated by the parameters, or by the quantities named in `by`. Raises Refused for a
    construct that the calculus does not cover, ModelError for an alias that names nothing, or where no parameter
    stands in the objective.
    """
    system: System = getattr(model, "system", model)
    scalars = scalars_of(system)
    context = Context(system, scalars)
    flow = Flow.of(system, by)
    if not by and not any(flow.readers[name] for name in flow.sources):
        raise ModelError(
            "the objective depends on no parameter, so its gradient is 0 everywhere",
            source=system.objective.source,
            fix="declare what is trained: model.parameters(w=(n,)), and use it in the objective",
        )
    for name in flow.order():
        source = source_of(system, name, flow)
        with located(source):
            made = _adjoints_of(name, flow, context)
        known = {**context.known, f"d.{name}": tuple(with_changes(a, source=source) for a in made.adjoints)}
        for of in made.inlined:
            known[of] = tuple(with_changes(a, inlined=a.id not in made.read) for a in known[of])
        context = with_changes(context, known=known)
    derivation = Derivation(system, tuple(a for of in context.known.values() for a in of), scalars.laws)
    try:
        return with_changes(derivation, adjoints=aliased(system, derivation.adjoints))
    except ModelError as error:
        raise derivation.refused(error) from None


@dataclass(frozen=True)
class Made:
    """The adjoint equations of one quantity.

    The equations of the `inlined` adjoints are written out in them, but for those with the ids in `read`.
    """

    adjoints: tuple[Adjoint, ...]
    inlined: tuple[str, ...]
    read: frozenset[str]


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

    def tidy(self, target: Access, bounds: tuple[Bound, ...]) -> None:
        """Known values, solutions, laws and formulas, then the shortest form, in the model's letters."""
        self.step("recall", bounds=bounds)
        self.step("solve")
        self.step("law", bounds=bounds)
        self.step("formula")
        self.step("fold", bounds=bounds)
        self.step("simplify")
        while any([self.step("hoist"), self.step("declared"), self.step("simplify")]):
            pass
        names_of = renaming(self.expr, target, self.context.system)
        if names_of:
            self.step("rename", names=names_of)


def _adjoints_of(name: str, flow: Flow, context: Context) -> Made:
    system = flow.system
    target, bounds = target_of(system, name, flow)
    chain = Chain(_chain_rule(target, bounds, flow), context)
    if chain.expr != ZERO:
        chain.step("differentiate")
        chain.step("sift", bounds=bounds)
    candidates = insertable(name, chain.expr, flow, context, bounds)
    made, kept = [], set[str]()
    parts, unknown = regions(name, chain.expr, bounds, candidates, context)
    for places in parts:
        adjoint, read = _on_region(name, target, bounds, places, chain, candidates)
        made.append(with_changes(adjoint, unknown=tuple(unknown)))
        kept |= read
    return Made(tuple(made), tuple(f"d.{v}" for v in candidates), frozenset(kept))


def _chain_rule(target: Access, bounds: tuple[Bound, ...], flow: Flow) -> Expr:
    """Sum over the equations v that read u of Sum_d vbar[d] ∂v[d]/∂u[p]."""
    taken = {x for p in target.at for x in indices(p)}
    terms: list[Expr] = []
    for equation in flow.readers[target.tensor]:
        if equation.target.tensor == "J":
            terms.append(Partial("J", equation.target, target))
            continue
        letters = {b.index: fresh(b.index, taken) for b in equation.bounds}
        of = equation.target.replaced({old: Affine.of(new) for old, new in letters.items()})
        assert isinstance(of, Access)
        outer = rebind(equation.bounds, letters)
        terms.append(summed(mul(Access(f"d.{of.tensor}", of.at), Partial(equation.id, of, target)), outer))
    return add(*terms)


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
        target, bounds = placed(target, bounds, index, region)
    kept = set[str]()
    for variable in candidates:
        writable, meant = written_out(variable, chain.expr, chain.context, bounds)
        if writable:
            chain.step("insert", names=(f"d.{variable}",), bounds=bounds)
        else:
            kept |= meant
    chain.tidy(target, bounds)
    entry = Access(f"d.{name}", target.at)
    facts = chain.context.system.facts
    empty = any(facts.below(region.lo, region.hi) is not True for _, region in places)
    where = ",".join(f"{index.name}={region}" for index, region in places)
    uses = tuple(dict.fromkeys(a.tensor for a in accesses(chain.expr)))
    ident = f"d.{name}@{where}" if where else f"d.{name}"
    return Adjoint(ident, name, entry, bounds, chain.expr, chain.steps, uses=uses, may_be_empty=empty), kept
