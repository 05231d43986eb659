"""Formulas that an author claims for derivatives: read like equations, checked like them, and no part of the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace as with_changes

from derive.errors import ModelError, Source, located
from derive.language.axis_letters import Letters, check_whole
from derive.language.entries import assigned
from derive.language.functions import Function
from derive.language.ranges import finished
from derive.language.stated import stated
from derive.language.statements import check_bound, check_ranks
from derive.language.surface import Formula, lift
from derive.regions.checks import check_reads
from derive.regions.letters import relettered, renaming
from derive.regions.shapes import Draft, Ranges, Shapes
from derive.system import Claim, Equation, System, calls
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound
from derive.values.nodes import DERIVED, ZERO, Access, Add, Expr, Partial, add, derived_by, is_derived
from derive.values.text import render_expr
from derive.values.walks import walk

CLAIM = Access("?")


def claimed(target: Formula, value: object, over: Ranges, source: Source) -> Draft:
    """The two sides as the terms of one sum, so that a letter has one range in both. ModelError if it is no claim."""
    left = target.node
    if not isinstance(left, Partial) and not (isinstance(left, Access) and is_derived(left.tensor)):
        raise ModelError(
            f"{render_expr(left)} is no derivative",
            fix="claim d(w)[l, j, k], by the objective, or d(a[i, j], z[i, k])",
        )
    try:
        right = lift(assigned(target, value))
    except TypeError as error:
        raise error if isinstance(error, ModelError) else ModelError(f"the formula is no value: {error}") from None
    if right == left:
        raise ModelError("the two sides are the same, so nothing is claimed", fix="write the formula on the right")
    if any(isinstance(atom, Expr) for node in walk(left) for place in node.places for atom, _ in place.terms):
        raise ModelError(
            f"{render_expr(left)} stands at a place that data give", fix="claim it at a letter, for all places"
        )
    letters = tuple(dict.fromkeys(Affine.of(x) for x in left.letters))
    # not add(...), which would order the parts of a sum: the left side stays the first term
    return stated(Draft(Access(CLAIM.tensor, letters), Add((left, right)) if right != ZERO else left, over, source))


def same(one: Draft, other: Draft) -> bool:
    """Do two claims say the same of the same places?"""
    return (one.target, one.value, one.over) == (other.target, other.value, other.over)


def with_claims(system: System, drafts: Iterable[Draft], taken: frozenset[str]) -> System:
    """The system with the claims about it, whose functions are no functions of the model unless it uses them too.

    ModelError for a claim about what has no derivative, for a letter without a range, and for an entry that does not
    exist.
    """
    drafts = tuple(drafts)
    if not drafts:
        return system
    shapes = known_shapes(system)
    letters = Letters(system.letters, taken, shapes)
    letters.learn(
        Draft(e.target, e.value, {b.index: (b.lo, b.hi) for b in e.bounds}, e.source) for e in system.equations
    )
    found = []
    for draft in drafts:
        with located(draft.source):
            found.append(_resolved(letters.draft(draft), shapes, system))
    own = {c.function for e in (*system.equations, system.objective) for c in calls(e.value)}
    own |= {c.function for c in calls(system.prediction.value)} if system.prediction else set()
    mentioned = {c.function for claim in found for c in calls(claim.value)}
    extra = tuple(f for f in system.functions if f.name in mentioned - own)
    return with_changes(
        system,
        functions=tuple(f for f in system.functions if f not in extra),
        claims=tuple(with_changes(c, functions=_called(c.value, extra)) for c in found),
    )


def _called(value: Expr, functions: tuple[Function, ...]) -> tuple[Function, ...]:
    names = {c.function for c in calls(value)}
    return tuple(f for f in functions if f.name in names)


def known_shapes(system: System) -> Shapes:
    """The tensors of a checked system, and the derivatives by them."""
    tensors = {t.name: t for t in system.tensors}
    moved = (with_changes(t, name=f"{DERIVED}{t.name}") for t in (*system.role("parameter"), *system.role("variable")))
    shapes = Shapes({**tensors, **{t.name: t for t in moved}}, system.facts)
    for tensor in system.role("variable"):
        for slot in range(len(tensor.slots)):
            ends = {_ends(e, slot) for e in system.equations_of(tensor.name)}
            if len(ends) > 1 and not indices(tensor.slots[slot].hi):
                shapes.regional |= {(tensor.name, slot), (f"{DERIVED}{tensor.name}", slot)}
    return shapes


def _ends(equation: Equation, slot: int) -> tuple[Affine, Affine]:
    position = equation.target.at[slot]
    return next(((b.lo, b.hi) for b in equation.bounds if b.index == position.letter), (position, position))


def _resolved(draft: Draft, shapes: Shapes, system: System) -> Claim:
    _check_moves(draft.value, system)
    check_ranks(draft, {t.name: len(t.slots) for t in shapes.tensors.values()})
    check_bound(draft)
    draft = finished(draft, shapes)
    check_whole(draft, shapes)
    value = relettered(draft.value, dict(renaming(draft.value, draft.target, system)))
    bounds = tuple(Bound(x, *draft.over[x]) for x in _letters(draft))
    wide = with_changes(system, tensors=tuple(shapes.tensors.values()))
    check_reads(wide, Equation("?", draft.target, bounds, value, draft.source), value, bounds)
    left, right = (value.terms[0], add(*value.terms[1:])) if isinstance(value, Add) else (value, ZERO)
    return Claim(left, right, bounds, draft.source)


def _letters(draft: Draft) -> tuple[Index, ...]:
    return tuple(x for p in draft.target.at for x in indices(p))


def _check_moves(value: Expr, system: System) -> None:
    """Derivatives are by parameters and by what equations define, and of the latter."""
    for node in walk(value):
        by = derived_by(node) if isinstance(node, Access) and is_derived(node.tensor) else None
        by = node.by if isinstance(node, Partial) else by
        tensor = system.by_name.get(by.tensor) if by else None
        if tensor and tensor.role not in ("parameter", "variable"):
            kind = "integer data" if tensor.values else {"data": "data", "hyper": "a number that is given"}[tensor.role]
            raise ModelError(
                f"{tensor.name} is {kind}: there is no derivative by it here",
                fix=f'g = model.gradient("g", ..., by={tensor.name}) makes the gradient by data a variable'
                if kind == "data"
                else "claim a derivative by a parameter or a variable",
            )
        of = system.by_name.get(node.of.tensor) if isinstance(node, Partial) else None
        if of and of.role != "variable":
            raise ModelError(f"{of.name} is given, so it does not move", fix="claim what a variable does")
