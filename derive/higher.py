"""Second derivatives: derived equations are equations, so the calculus applies to them again."""

from __future__ import annotations

from dataclasses import replace as with_changes
from typing import Any

from derive.adjoint import derive
from derive.affine import Affine, indices
from derive.derivation import Adjoint, Derivation
from derive.errors import ModelError
from derive.expression import Access, Bound, Expr, Sum, add, mul, transform
from derive.facts import Facts
from derive.system import Equation, Slot, System, Tensor


def hessian_vector(model: Any) -> System:
    """A model whose gradient is the Hessian of the given model times a direction.

    For every parameter `w` the result has data `direction_w` of the same shape. Its equations are those of the model
    and its derived adjoint equations; its objective is Sum_w Sum dJ/dw direction_w, so its gradient by w is the
    Hessian-vector product. Raises ModelError if a name is taken.
    """
    derivation = derive(model)
    system = derivation.system
    names = {f"d.{t.name}": system.adjoint_name(t.name) for t in system.tensors}
    made = _adjoint_tensors(derivation, names)
    directions = tuple(
        Tensor(f"direction_{t.name}", "data", t.slots)
        for t in system.role("parameter")
        if derivation.adjoints_of(t.name)
    )
    _check_names(system, (*made, *directions))
    goal = add(*(_along(t, names) for t in system.role("parameter")))
    return with_changes(
        system,
        name=f"{system.name}_hessian_vector",
        title=f"Hessian of {system.name} times a direction.",
        tensors=(*system.tensors, *made, *directions),
        equations=(*system.equations, *(_equation(a, names, system) for a in derivation.computed)),
        objective=with_changes(system.objective, value=goal),
        aliases=(),
        errors=(),
        prediction=None,
    )


def _adjoint_tensors(derivation: Derivation, names: dict[str, str]) -> tuple[Tensor, ...]:
    """One variable for every adjoint that is computed, with the shape of its primal on the derived domain."""
    made = []
    for name in dict.fromkeys(a.of for a in derivation.computed):
        primal = derivation.system.tensor(name)
        own = [a for a in derivation.computed if a.of == name]
        slots = tuple(_slot(q, slot, own, derivation.system.facts) for q, slot in enumerate(primal.slots))
        made.append(Tensor(names[f"d.{name}"], "variable", slots))
    return tuple(made)


def _slot(place: int, slot: Slot, own: list[Adjoint], facts: Facts) -> Slot:
    """The slot of an adjoint: from the first place of its first region to the last place of its last."""
    if indices(slot.lo) or indices(slot.hi):
        return slot
    ends = [_ends(a, place) for a in own]
    lo, hi = ends[0]
    for first, last in ends[1:]:
        lo = first if facts.below(first, lo) else lo
        hi = last if facts.below(hi, last) else hi
    return Slot(slot.index, lo, hi)


def _ends(adjoint: Adjoint, place: int) -> tuple[Affine, Affine]:
    position = adjoint.target.at[place]
    return next(((b.lo, b.hi) for b in adjoint.bounds if b.index == position.letter), (position, position))


def _equation(adjoint: Adjoint, names: dict[str, str], system: System) -> Equation:
    target = _renamed(adjoint.target, names)
    assert isinstance(target, Access)
    ident = adjoint.id.replace(f"d.{adjoint.of}", target.tensor)
    return Equation(ident, target, adjoint.bounds, _renamed(adjoint.value, names), system.objective.source)


def _renamed(expr: Expr, names: dict[str, str]) -> Expr:
    def rewrite(node: Expr) -> Expr:
        if isinstance(node, Access) and node.tensor in names:
            return Access(names[node.tensor], node.at)
        return node

    return transform(expr, rewrite)


def _along(tensor: Tensor, names: dict[str, str]) -> Expr:
    """Sum dJ/dw direction_w over all entries of a parameter."""
    at = tuple(Affine.of(s.index) for s in tensor.slots)
    bounds = sorted(
        (Bound(s.index, s.lo, s.hi) for s in tensor.slots), key=lambda b: bool(indices(b.lo) or indices(b.hi))
    )
    product = mul(Access(names[f"d.{tensor.name}"], at), Access(f"direction_{tensor.name}", at))
    return Sum(product, tuple(bounds)) if bounds else product


def _check_names(system: System, made: tuple[Tensor, ...]) -> None:
    taken = set(system.by_name)
    for tensor in made:
        if tensor.name in taken:
            raise ModelError(f"the name {tensor.name} is taken", fix=f"rename {tensor.name} in {system.name}")
