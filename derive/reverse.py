"""Adjoint equations as equations of a model: the gradient of a scalar becomes a variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from derive.adjoint import derive
from derive.errors import ModelError, Source
from derive.expression import ZERO, Access, Expr, transform
from derive.shapes import Draft
from derive.system import System, accesses


def adjoint_drafts(
    system: System, by: tuple[str, ...], name_of: Callable[[str], str], source: Source
) -> tuple[Draft, ...]:
    """The adjoint equations of the objective by the quantities in `by`; `name_of` names the adjoint of a tensor.

    Raises ModelError if the objective does not depend on one of them.
    """
    made = derive(system, by)
    for name in by:
        if all(a.value == ZERO for a in made.adjoints_of(name)):
            _raise_flat(system, name, source)
    names = {f"d.{of}": name_of(of) for of in dict.fromkeys(a.of for a in made.computed)}
    drafts = []
    for adjoint in made.computed:
        target = Access(names[adjoint.target.tensor], adjoint.target.at)
        ranges = {b.index: (b.lo, b.hi) for b in adjoint.bounds}
        drafts.append(Draft(target, renamed(adjoint.value, names), ranges, source))
    return tuple(drafts)


def _raise_flat(system: System, name: str, source: Source) -> None:
    read = any(a.tensor == name for e in (*system.equations, system.objective) for a in accesses(e.value))
    raise ModelError(
        f"the derivative by {name} is 0 everywhere",
        source=source,
        fix="a kink has slope 0 at every order above the first: Max(0, z) has the second derivative 0"
        if read
        else f"differentiate by something that the scalar depends on; {name} does not stand in it",
    )


def renamed(expr: Expr, names: Mapping[str, str]) -> Expr:
    """The expression with other names for some tensors."""

    def rewrite(node: Expr) -> Expr:
        if isinstance(node, Access) and node.tensor in names:
            return Access(names[node.tensor], node.at)
        return node

    return transform(expr, rewrite)
