"""Systems made from a model by deriving again: derived equations are equations, so the calculus applies to them.

Each is a model like any other: it is derived, generated and verified, and has the name of the model with an ending.
"""

from __future__ import annotations

from dataclasses import replace as with_changes
from typing import Any

from derive.adjoint import derive
from derive.calculus.flow import by_dependence
from derive.calculus.forward import Jacobian, directional, moved_by
from derive.calculus.reverse import adjoint_drafts, is_flat
from derive.errors import ModelError, Refused
from derive.language.ranges import resolve
from derive.language.unresolved import Unresolved
from derive.regions.shapes import Draft
from derive.system import Prediction, Stated, System, Tensor
from derive.values.affine import Affine, indices
from derive.values.binders import Bound, summed
from derive.values.nodes import STOP, Access, Call, Expr, add, mul


def hessian_vector(model: Any) -> System:
    """A model whose gradient is the Hessian of the given model times a direction.

    For every parameter `w` the result has data `direction_w` of the same shape. Its equations are those of the model
    and its derived adjoint equations; its objective is Sum_w Sum dJ/dw direction_w, so its gradient by w is the
    Hessian-vector product. Raises ModelError if a name is taken.
    """
    system, slopes = _with_gradient(_system(model))
    directions = tuple(_like(system.tensor(name), "direction") for name in slopes)
    goal = add(*(_total(system.tensor(n), s.target.tensor, f"direction_{n}") for n, s in slopes.items()))
    return _called(_extended(system, given=directions, goal=goal), "hessian_vector", "Hessian of {} times a direction.")


def hessian_diagonal(model: Any) -> System:
    """A model whose gradient is the diagonal of the Hessian of the given model.

    The diagonal is that of the Jacobian of the gradient, which costs a forward pass for every entry of a parameter.
    The objective is Sum_w Sum stop(H[w, w]) w, so its gradient by w is the diagonal. Raises ModelError if the Hessian
    is 0 or a name is taken, Refused for parameters whose shape depends on a position.
    """
    system, slopes = _with_gradient(_system(model))
    source, terms = system.objective.source, []
    drafts: list[Draft] = []
    stated: list[Stated] = []
    for name, slope in slopes.items():
        entry = Access(name, slope.target.at)
        if slope.target.tensor in moved_by(system, (name,)):
            diagonal = Access(f"diagonal_{name}", entry.at)
            drafts += Jacobian(diagonal, slope.target, entry).drafts(system, f"diagonal_{name}_{{}}".format, source)
            stated.append(Stated(diagonal, slope.target, entry))
            terms.append(_total(system.tensor(name), diagonal.tensor, name, held=True))
    if not terms:
        raise ModelError(f"the diagonal of the Hessian of {system.name} is 0", fix="no parameter meets itself")
    found = _extended(system, drafts=tuple(drafts), goal=add(*terms), stated=tuple(stated))
    return _called(found, "hessian_diagonal", "Diagonal of the Hessian of {}.")


def data_gradient(model: Any, *names: str) -> System:
    """The model with data as parameters: its gradient is by the named data, else by all real data, as well.

    Raises ModelError for integer data, and for data of which something is declared.
    """
    system = _system(model)
    facts = {a for left, right in system.sums for a in (left.key, right.key)}
    chosen = names or tuple(t.name for t in system.role("data") if t.values is None)
    for name in chosen:
        tensor = system.tensor(name)
        if tensor.role != "data" or tensor.values is not None:
            raise ModelError(f"{name} is no real data of {system.name}", fix="name data that is not integer")
        if any(f"{name}[" in fact for fact in facts):
            raise ModelError(
                f"a sum of {name} is declared, so its entries cannot be moved one by one",
                fix="name the data to differentiate by: data_gradient(model, 'x')",
            )
    tensors = tuple(with_changes(t, role="parameter") if t.name in chosen else t for t in system.tensors)
    title = f"Gradient of {{}}, also by {', '.join(chosen)}."
    return _called(with_changes(system, tensors=tensors, aliases=()), "data_gradient", title)


def jacobian_vector(model: Any, variable: str) -> System:
    """A model that predicts the directional derivative of a variable; cost and gradient stay as they are.

    For every parameter `w` on which the variable rests there is data `direction_w` of the same shape. ModelError if
    there is no such parameter or a name is taken, Refused for a variable whose shape depends on a position.
    """
    system = _system(model)
    output = _variable(system, variable)
    if any(indices(end) for slot in output.slots for end in (slot.lo, slot.hi)):
        raise Refused(
            f"the shape of {variable} depends on a position, so it is no prediction",
            fix="name a variable with fixed sizes, or state model.tangent(...) in the model",
        )
    moving = [t for t in system.role("parameter") if variable in moved_by(system, (t.name,))]
    directions = tuple(_like(t, "direction") for t in moving)
    pairs = tuple((t.name, f"direction_{t.name}") for t in moving)
    if not pairs:
        raise ModelError(f"{variable} rests on no parameter", fix="name another variable")
    wider = with_changes(system, tensors=(*system.tensors, *directions))
    tangents = directional(wider, (variable,), pairs, lambda tensor: f"{tensor}_dot", system.objective.source)
    tangent = Access(f"{variable}_dot", _letters(output))
    stated = Stated(tangent, Access(variable, tangent.at), None, pairs)
    found = _extended(system, given=directions, drafts=tangents, stated=(stated,))
    found = with_changes(found, prediction=Prediction(tangent, _bounds(output)))
    return _called(found, "jacobian_vector", f"Derivative of {variable} of {{}} along a direction.")


def vector_jacobian(model: Any, variable: str) -> System:
    """A model whose gradient is the transposed Jacobian of a variable times data `cotangent_` of the same shape."""
    system = _system(model)
    cotangent = _like(_variable(system, variable), "cotangent")
    goal = _total(cotangent, variable, cotangent.name)
    title = f"Transposed Jacobian of {variable} of {{}} times a cotangent."
    return _called(_extended(system, given=(cotangent,), goal=goal), "vector_jacobian", title)


def _system(model: Any) -> System:
    system: System = getattr(model, "system", model)
    return system


def _variable(system: System, name: str) -> Tensor:
    tensor = system.tensor(name)
    if tensor.role != "variable":
        raise ModelError(f"{name} is no variable of {system.name}", fix="name what an equation defines")
    return tensor


def _with_gradient(system: System) -> tuple[System, dict[str, Stated]]:
    """The model with its adjoint equations as equations, and for every parameter w that J depends on J_w = dJ/dw."""
    made = derive(system)
    stated: dict[str, Stated] = {}
    for tensor in system.role("parameter"):
        if not is_flat(made, tensor.name):
            entry = Access(tensor.name, _letters(tensor))
            stated[tensor.name] = Stated(Access(f"J_{tensor.name}", entry.at), system.objective.value, entry)
    drafts = adjoint_drafts(made, lambda tensor: f"J_{tensor}", system.objective.source)
    return _extended(system, drafts=drafts, stated=tuple(stated.values())), stated


def _extended(
    system: System,
    *,
    given: tuple[Tensor, ...] = (),
    drafts: tuple[Draft, ...] = (),
    goal: Expr | None = None,
    stated: tuple[Stated, ...] = (),
) -> System:
    """The model with more data, equations and derivatives, or with another objective. ModelError if a name is taken."""
    made = dict.fromkeys(d.target.tensor for d in drafts)
    for name in (*(t.name for t in given), *made):
        if name in {*system.by_name, *system.sizes, *system.widths, *system.letters}:
            raise ModelError(f"the name {name} is taken", fix=f"rename {name} in {system.name}")
    old = tuple(Draft(e.target, e.value, {b.index: (b.lo, b.hi) for b in e.bounds}, e.source) for e in system.equations)
    variables = system.role("variable")
    unresolved = Unresolved(
        name=system.name,
        title=system.title,
        file=system.file,
        sizes=system.sizes,
        widths=system.widths,
        letters=system.letters,
        tensors=(*(t for t in system.tensors if t.role != "variable"), *given),
        variables=(*(t.name for t in variables), *made),
        latex={t.name: t.latex for t in variables},
        functions=system.functions,
        functionals=system.functionals,
        drafts=(*old, *drafts),
        objective=Draft(Access("J"), system.objective.value if goal is None else goal, {}, system.objective.source),
        facts=system.facts,
        sums=system.sums,
        aliases=(),
        errors=system.errors,
        prediction=None,
        stated=(*system.stated, *stated),
    )
    return with_changes(resolve(unresolved), prediction=system.prediction)


def _called(system: System, ending: str, title: str) -> System:
    """The system under a name of its own, the model's with an ending."""
    return with_changes(system, name=f"{system.name}_{ending}", title=title.format(system.name), claims=())


def _like(tensor: Tensor, prefix: str) -> Tensor:
    """Data of the same shape."""
    return Tensor(f"{prefix}_{tensor.name}", "data", tensor.slots)


def _letters(tensor: Tensor) -> tuple[Affine, ...]:
    return tuple(Affine.of(s.index) for s in tensor.slots)


def _bounds(tensor: Tensor) -> tuple[Bound, ...]:
    """The ranges of a tensor's slots, each after those on which it depends."""
    return by_dependence([Bound(s.index, s.lo, s.hi) for s in tensor.slots])


def _total(tensor: Tensor, left: str, right: str, *, held: bool = False) -> Expr:
    """Sum left right over all entries of a tensor, the left one without a derivative if it is `held`."""
    entry: Expr = Access(left, _letters(tensor))
    product = mul(Call(STOP, (entry,)) if held else entry, Access(right, _letters(tensor)))
    return summed(product, _bounds(tensor))
