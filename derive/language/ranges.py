"""Checking a model: every index gets its range from where it stands, and every entry that is read exists."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace as with_changes

from derive.errors import ModelError, Source
from derive.language.axes import UNKNOWN, range_of
from derive.language.axis_letters import check_whole
from derive.language.functions import Function
from derive.language.statements import check_bound, check_names
from derive.order.schedule import check_order
from derive.regions.letters import relettered, renaming
from derive.regions.regions import check_regions
from derive.regions.shapes import Asked, Draft, Ranges, Shapes, learn, lettered, named
from derive.system import Alias, Equation, Prediction, Slot, Stated, System, Tensor, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Binder, Bound, MatrixFunction, Sum
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.scopes import scoped, unscoped
from derive.values.text import render_affine, render_expr, render_range
from derive.values.walks import free_indices, walk


def resolve(
    *,
    name: str,
    title: str,
    file: str,
    sizes: tuple[str, ...],
    widths: tuple[str, ...],
    letters: tuple[str, ...],
    tensors: tuple[Tensor, ...],
    variables: tuple[str, ...],
    latex: dict[str, str],
    functions: tuple[Function, ...],
    functionals: tuple[str, ...],
    drafts: tuple[Draft, ...],
    objective: Draft,
    facts: Facts,
    sums: tuple[tuple[Expr, Expr], ...],
    aliases: tuple[Alias, ...],
    errors: tuple[tuple[str, str], ...],
    prediction: Asked | None,
    stated: tuple[Stated, ...] = (),
) -> System:
    """The checked system of a model's declarations and drafts. ModelError for anything that cannot be meant."""
    facts = facts.with_bounds(s.hi - s.lo for t in tensors for s in t.slots if s.index.name[0] != "_")
    known = {t.name: t for t in tensors}
    check_names(drafts, objective, known, variables)
    shapes = Shapes(known, facts)
    for draft in (*drafts, objective):
        check_bound(draft, any(d.target.tensor == draft.target.tensor for d in drafts if d is not draft))
    solved = _solve(drafts, shapes, variables, latex)
    whole = _finish(objective, shapes)
    for draft in (*solved, whole):
        check_whole(draft, shapes)
    equations = tuple(named(d, solved, shapes) for d in solved)
    goal = Equation("J", objective.target, (), whole.value, objective.source)
    closed = tuple(
        (
            _finish(
                Draft(Access("?", tuple(map(Affine.of, free_indices(left)))), left, {}, objective.source), shapes
            ).value,
            right,
        )
        for left, right in sums
    )
    system = System(
        name,
        title,
        file,
        sizes,
        widths,
        letters,
        lettered(shapes.tensors, (*solved, whole), frozenset((*letters, *sizes, *widths, *shapes.tensors))),
        functions,
        functionals,
        equations,
        goal,
        shapes.facts,
        closed,
        aliases,
        errors,
        _prediction(prediction, shapes) if prediction else None,
        stated,
    )
    system = with_changes(
        system, equations=tuple(_relettered(e, system) for e in equations), objective=_relettered(goal, system)
    )
    check_regions(system)
    check_order(system)
    return system


def _relettered(equation: Equation, system: System) -> Equation:
    """The equation with the model's own letters for sums that an abbreviation wrote."""
    names = dict(renaming(equation.value, equation.target, system))
    return with_changes(equation, value=relettered(equation.value, names))


def _solve(drafts: tuple[Draft, ...], shapes: Shapes, variables: tuple[str, ...], latex: dict[str, str]) -> list[Draft]:
    """Finish all drafts. ModelError, with its line, for one in which nothing gives some letter a range."""
    done = dict[int, Draft]()
    _advance(drafts, shapes, latex, done)
    for q, draft in enumerate(drafts):
        if q not in done:
            stuck = with_changes(draft, value=scoped(draft.value, {}))
            letter = next(
                x for x in _letters(stuck) if x not in _candidates(stuck, shapes, True) and x not in stuck.over
            )
            raise ModelError(
                f"nothing gives index {letter.name} a range",
                source=stuck.source,
                fix=f"let it stand alone in a slot, or state it: with model.over({letter.name}, 1, ...)",
            )
    return [_finish(draft, shapes, earlier=done[q].over) for q, draft in enumerate(drafts)]


def _advance(drafts: tuple[Draft, ...], shapes: Shapes, latex: dict[str, str], done: dict[int, Draft]) -> None:
    """Finish the drafts one after another, first from full shapes, then from partial ones where nothing else helps."""
    weak = False
    while len(done) < len(drafts):
        progress = False
        for q, draft in enumerate(drafts):
            if q in done or not _ready(draft, shapes, weak):
                continue
            done[q] = _finish(draft, shapes, weak)
            learn(draft.target.tensor, drafts, done, shapes, latex)
            progress = True
            if weak:
                break
        if not progress and weak:
            break
        weak = not progress


def seen_so_far(drafts: tuple[Draft, ...], tensors: dict[str, Tensor], facts: Facts) -> tuple[Shapes, list[Draft]]:
    """The shapes that the equations stated so far give, and those equations, up to the first one that cannot be meant.

    An error in them is not raised here: it is the business of `resolve`, which sees the whole model.
    """
    shapes, done = Shapes(tensors, facts), dict[int, Draft]()
    sound = tuple(d for d in drafts if all(_has_rank(a, drafts, tensors) for a in (d.target, *accesses(d.value))))
    with suppress(ModelError):
        _advance(sound, shapes, {}, done)
    return shapes, list(done.values())


def _has_rank(access: Access, drafts: tuple[Draft, ...], tensors: dict[str, Tensor]) -> bool:
    own = tensors.get(access.tensor)
    ranks = {len(own.slots)} if own else {len(d.target.at) for d in drafts if d.target.tensor == access.tensor}
    return ranks <= {len(access.at)}


def _letters(draft: Draft) -> tuple[Index, ...]:
    """Every index of a draft: those of the target, free ones, and bound ones without stated bounds."""
    found = dict.fromkeys(x for p in draft.target.at for x in indices(p))
    found.update(dict.fromkeys(free_indices(draft.value)))
    for node in walk(draft.value):
        if isinstance(node, Binder):
            found.update(dict.fromkeys(b.index for b in node.bounds if b.hi == UNKNOWN))
    return tuple(found)


def _ready(draft: Draft, shapes: Shapes, weak: bool) -> bool:
    draft = with_changes(draft, value=scoped(draft.value, {}))
    found = _candidates(draft, shapes, weak)
    return all(x in found or x in draft.over for x in _letters(draft))


Ends = tuple[Affine, Affine]
NOTHING: Mapping[Index, Ends] = {}
Candidates = dict[Index, list[tuple[tuple[Affine, Affine], Access]]]


def _candidates(draft: Draft, shapes: Shapes, weak: bool) -> Candidates:
    """For every index, the ranges of the slots in which it stands alone, and the entry that shows it."""
    strong: Candidates = {}
    feeble: Candidates = {}
    for access in accesses(draft.value):
        full = shapes.tensors.get(access.tensor)
        tensor = full or (shapes.partial.get(access.tensor) if weak else None)
        for slot, position in enumerate(access.at if tensor else ()):
            letter = position.letter
            into = strong if full and (access.tensor, slot) not in shapes.regional else feeble
            if letter and tensor and not _is_one_place(tensor.slots[slot]):
                into.setdefault(letter, []).append((tensor.range_of(slot, access.at), access))
    own = shapes.tensors.get(draft.target.tensor) or (shapes.partial.get(draft.target.tensor) if weak else None)
    for slot, position in enumerate(draft.target.at if own else ()):
        letter = position.letter
        known = own is None or _is_one_place(own.slots[slot]) or (own.name, slot) in shapes.regional
        if letter and own and not known and letter not in {**feeble, **strong}:
            feeble[letter] = [(own.range_of(slot, draft.target.at), draft.target)]
    return _with_places(draft, {**feeble, **strong})


def _with_places(draft: Draft, found: Candidates) -> Candidates:
    """A letter at which a function of a matrix is read runs over the row or the column that it stands for."""
    for node in reversed(list(walk(draft.value))):
        if isinstance(node, MatrixFunction):
            for place, bound in zip(node.at, node.bounds[-len(node.at) :], strict=False):
                known = found.get(bound.index, [])
                if place.letter and known:
                    found = {**found, place.letter: [*found.get(place.letter, []), *known]}
    return found


def _is_one_place(slot: Slot) -> bool:
    """Was an equation for a single place all that was seen along the slot?"""
    return slot.index.name.startswith("@") and slot.lo == slot.hi


def _finish(draft: Draft, shapes: Shapes, weak: bool = False, earlier: Mapping[Index, Ends] = NOTHING) -> Draft:
    """The draft with the range of every index filled in and every sum's bounds known.

    `earlier` are ranges that were found while another equation alone showed the shape of the left side.
    """
    draft = with_changes(draft, value=scoped(draft.value, {}))
    ranges: Ranges = {}
    found = _candidates(draft, shapes, weak)
    stated = {b.index for node in walk(draft.value) if isinstance(node, Binder) for b in node.bounds if b.hi != UNKNOWN}
    for letter in _letters(draft):
        if letter in draft.over:
            ranges[letter] = draft.over[letter]
        elif letter in found:
            ranges[letter] = found[letter][0][0]
            if letter not in stated:
                _agree(letter, found[letter], shapes.facts, draft.source)
        elif letter in earlier:
            ranges[letter] = earlier[letter]
        else:
            defines = any(letter in indices(p) for p in draft.target.at)
            raise ModelError(
                f"nothing gives index {letter.name} a range",
                source=draft.source,
                fix=f"state it: with model.over({letter.name}, 1, ...)"
                if defines
                else f"state it: Sum(..., ({letter.name}, 1, m))",
            )
    value = unscoped(_close(draft.value, ranges, draft.source))
    targets = {x for p in draft.target.at for x in indices(p)}
    return with_changes(draft, value=value, over={x: r for x, r in ranges.items() if x in targets})


def _agree(letter: Index, found: list[tuple[tuple[Affine, Affine], Access]], facts: Facts, source: Source) -> None:
    (lo, hi), first = found[0]
    for (other_lo, other_hi), access in found[1:]:
        if not (facts.same(lo, other_lo) and facts.same(hi, other_hi)):
            fix = f"if the two are equal, declare model.assume(Eq({render_affine(hi)}, {render_affine(other_hi)}))"
            raise ModelError(
                f"index {letter.name} has two ranges: {render_range(lo, hi)} from {render_expr(first)}, "
                f"{render_range(other_lo, other_hi)} from {render_expr(access)}",
                source=source,
                fix=fix if facts.same(lo, other_lo) else "use another letter, or state the range",
            )


def _close(expr: Expr, ranges: Ranges, source: Source) -> Expr:
    """Fill in the bounds of every sum, outermost first: a range that depends on another index comes after it."""
    if not expr.children:
        return expr
    if not isinstance(expr, Binder):
        return expr.rebuild(tuple(_close(child, ranges, source) for child in expr.children))
    bounds = [Bound(b.index, *_known(b, ranges)) for b in expr.bounds]
    inside = {**ranges, **{b.index: (b.lo, b.hi) for b in bounds}}
    children = tuple(_close(child, inside, source) for child in expr.children)
    return expr.bind(_ordered(bounds, source) if isinstance(expr, Sum) else tuple(bounds), children)


def _known(bound: Bound, ranges: Ranges) -> tuple[Affine, Affine]:
    """The range of a bound letter: as it is stated, that of its index, or that of the letter whose range it shares."""
    if bound.hi == UNKNOWN:
        return ranges[bound.index]
    return next((ranges[x] for x in indices(bound.hi) if bound.hi == range_of(x)), (bound.lo, bound.hi))


def _ordered(bounds: list[Bound], source: Source) -> tuple[Bound, ...]:
    left, done = list(bounds), list[Bound]()
    while left:
        waiting = {b.index for b in left}
        ready = [b for b in left if not waiting & {*indices(b.lo), *indices(b.hi)}]
        if not ready:
            raise ModelError("the ranges of the summed indices depend on each other", source=source)
        done.append(ready[0])
        left.remove(ready[0])
    return tuple(done)


def _prediction(asked: Asked, shapes: Shapes) -> Prediction:
    axes = [x for p in asked.draft.target.at for x in indices(p)]
    free = (*(x for x in free_indices(asked.draft.value) if x not in axes), *axes)
    draft = _finish(with_changes(asked.draft, target=Access("?", tuple(map(Affine.of, free)))), shapes)
    check_whole(draft, shapes)
    bounds = tuple(Bound(x, *draft.over[x]) for x in free)
    if asked.over and asked.over not in free:
        raise ModelError(f"index {asked.over.name} does not stand in the prediction", source=draft.source)
    return Prediction(
        draft.value,
        tuple(b for b in bounds if b.index != asked.over),
        asked.cut,
        next((b for b in bounds if b.index == asked.over), None),
    )
