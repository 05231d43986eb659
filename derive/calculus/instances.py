"""Finding the equation of which an entry or a value is an instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from derive.calculus.scalars import Scalars
from derive.derivation import Adjoint
from derive.errors import RuleDidNotApply
from derive.regions.regions import extent
from derive.system import System
from derive.values.affine import Affine, Node, indices, replace
from derive.values.binders import Bound, MatrixFunction
from derive.values.match import Binding, class_of, match
from derive.values.nodes import Access, Call, Count, Expr, Number
from derive.values.text import render_expr


@dataclass(frozen=True)
class Context:
    """What a rule may consult: the model, its functions' laws, and the adjoint equations known so far, by `d.z`."""

    system: System
    scalars: Scalars
    known: Mapping[str, tuple[Adjoint, ...]] = field(default_factory=dict)

    def rank(self, expr: Expr) -> int:
        """Textbook order of factors: numbers, hyper-parameters, adjoints, parameters, variables, data, functions."""
        roles = ("hyper", "adjoint", "parameter", "variable", "data")
        if not isinstance(expr, Access):
            return 1 if isinstance(expr, (Number, Count)) else len(roles) + 3
        return 2 + (1 if expr.tensor.startswith("d.") else roles.index(self.system.tensor(expr.tensor).role))


def definition_at(access: Access, context: Context, bounds: tuple[Bound, ...]) -> Expr:
    """The right side, at this entry, of the adjoint equation whose region holds it. RuleDidNotApply if none does."""
    adjoint, found = defining(access, context, bounds)
    return adjoint.value.replaced(found)


def defining(access: Access, context: Context, bounds: tuple[Bound, ...]) -> tuple[Adjoint, Binding]:
    """The adjoint equation whose region holds the entry, and its letters there. RuleDidNotApply if none does."""
    for adjoint in context.known.get(access.tensor, ()):
        letters = frozenset(b.index for b in adjoint.bounds)
        found = match(adjoint.target, access, letters)
        if found is not None and within(found, adjoint.bounds, bounds, context):
            return adjoint, found
    raise RuleDidNotApply(f"no region of {access.tensor} is known to hold {render_expr(access)}")


def within(found: dict[Node, Affine], own: tuple[Bound, ...], bounds: tuple[Bound, ...], context: Context) -> bool:
    """Do the positions that were found lie in the ranges of the equation's letters?"""
    facts = context.system.facts
    for bound in own:
        value = found.get(bound.index)
        if value is None:
            return False
        if any(value.letter == b.index for b in bounds) and _ordinary(bound):
            continue
        reach = extent(value, bounds)
        lo, hi = replace(bound.lo, found), replace(bound.hi, found)
        lo, hi = extent(lo, bounds).hi, extent(hi, bounds).lo
        if not (facts.below(lo, reach.lo) and facts.below(reach.hi, hi)):
            return False
    return True


def _ordinary(bound: Bound) -> bool:
    """A range that depends on another letter cannot be a recurrence: it is the same by shape."""
    return bool(indices(bound.hi))


def value_of(call: Call | MatrixFunction, context: Context, bounds: tuple[Bound, ...]) -> Expr | None:
    """The entry that an equation defines to be exactly this value, if there is one."""
    for equation in context.system.applied.get(class_of(call), ()):
        found = match(equation.value, call, frozenset(b.index for b in equation.bounds))
        if found is not None and within(found, equation.bounds, bounds, context):
            return equation.target.replaced(found)
    return None
