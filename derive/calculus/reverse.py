"""Adjoint equations as equations of a model: the gradient of a scalar becomes a variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from derive.derivation import Derivation
from derive.errors import ModelError, Source
from derive.regions.shapes import Draft
from derive.system import accesses
from derive.values.nodes import ZERO, Access, Expr
from derive.values.walks import transform


def adjoint_drafts(made: Derivation, name_of: Callable[[str], str], source: Source) -> tuple[Draft, ...]:
    """The adjoint equations of a derivation as equations; `name_of` names the adjoint of a tensor."""
    names = {f"d.{of}": name_of(of) for of in dict.fromkeys(a.of for a in made.computed)}
    drafts = []
    for adjoint in made.computed:
        target = Access(names[adjoint.target.tensor], adjoint.target.at)
        ranges = {b.index: (b.lo, b.hi) for b in adjoint.bounds}
        drafts.append(Draft(target, renamed(adjoint.value, names), ranges, source))
    return tuple(drafts)


def is_flat(made: Derivation, name: str) -> bool:
    """Is the derivative by this tensor 0 everywhere, as far as its equations show?"""
    return all(a.value == ZERO for a in made.adjoints_of(name))


def check_slope(made: Derivation, name: str) -> None:
    """ModelError where the derivative by this tensor is 0 everywhere: nothing could be meant by it."""
    system = made.system
    if is_flat(made, name):
        read = any(a.tensor == name for e in (*system.equations, system.objective) for a in accesses(e.value))
        raise ModelError(
            f"the derivative by {name} is 0 everywhere",
            fix="a kink has the slope 0 at every order above the first: that of Max(0, z) is constant on each side"
            if read
            else f"differentiate by something on which the scalar rests; {name} does not stand in it",
        )


def renamed(expr: Expr, names: Mapping[str, str]) -> Expr:
    """The expression with other names for some tensors."""

    def rewrite(node: Expr) -> Expr:
        if isinstance(node, Access) and node.tensor in names:
            return Access(names[node.tensor], node.at)
        return node

    return transform(expr, rewrite)
