"""Checking a model: every index gets its range from where it stands, and every entry that is read exists."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace as with_changes

from derive.errors import ModelError, Source
from derive.inference.candidates import Ends, agree, candidates, letters_of
from derive.inference.inferred import inferred
from derive.language.axis_letters import check_whole
from derive.language.statements import check_bound, check_names
from derive.language.unresolved import Unresolved, with_ranges
from derive.order.schedule import check_order
from derive.regions.checks import check_regions
from derive.regions.letters import relettered, renaming
from derive.regions.shapes import Asked, Draft, Ranges, Shapes, learn, lettered, named
from derive.regions.unknown import UNKNOWN, range_of
from derive.system import Equation, Prediction, System, Tensor, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Binder, Bound, Sum
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.scopes import scoped, unscoped
from derive.values.walks import walk


def resolve(unresolved: Unresolved) -> System:
    """The checked system of a model's declarations and drafts. ModelError for anything that cannot be meant."""
    known = {t.name: t for t in unresolved.tensors}
    drafts, objective = unresolved.drafts, unresolved.objective
    check_names(drafts, objective, known, unresolved.variables)
    shapes = Shapes(known, with_ranges(unresolved.facts, unresolved.tensors))
    for draft in (*drafts, objective):
        check_bound(draft)
    readers = (_predicted(unresolved.prediction),) if unresolved.prediction else ()
    solved, objective = _solve(drafts, objective, readers, shapes, unresolved.latex)
    whole = finished(objective, shapes)
    for draft in (*solved, whole):
        check_whole(draft, shapes)
    system = _system(unresolved, solved, whole, shapes)
    check_regions(system)
    check_order(system)
    return system


def _system(unresolved: Unresolved, solved: list[Draft], objective: Draft, shapes: Shapes) -> System:
    """The system of finished equations."""
    taken = frozenset((*unresolved.letters, *unresolved.sizes, *unresolved.widths, *shapes.tensors))
    system = System(
        name=unresolved.name,
        title=unresolved.title,
        file=unresolved.file,
        sizes=unresolved.sizes,
        widths=unresolved.widths,
        letters=unresolved.letters,
        tensors=lettered(shapes.tensors, (*solved, objective), taken),
        functions=unresolved.functions,
        functionals=unresolved.functionals,
        equations=tuple(named(d, solved, shapes) for d in solved),
        objective=Equation("J", objective.target, (), objective.value, objective.source),
        facts=shapes.facts,
        sums=tuple((_finished_sum(left, objective.source, shapes), right) for left, right in unresolved.sums),
        aliases=unresolved.aliases,
        errors=unresolved.errors,
        prediction=_prediction(unresolved.prediction, shapes) if unresolved.prediction else None,
        stated=unresolved.stated,
    )
    return with_changes(
        system,
        equations=tuple(_relettered(e, system) for e in system.equations),
        objective=_relettered(system.objective, system),
    )


def _finished_sum(left: Expr, source: Source, shapes: Shapes) -> Expr:
    """The left side of a declared sum, for all its free letters."""
    target = Access("?", tuple(map(Affine.of, left.letters)))
    return finished(Draft(target, left, {}, source), shapes).value


def _relettered(equation: Equation, system: System) -> Equation:
    """The equation with the model's own letters for sums that an abbreviation wrote."""
    names = dict(renaming(equation.value, equation.target, system))
    return with_changes(equation, value=relettered(equation.value, names))


def _solve(
    drafts: tuple[Draft, ...], objective: Draft, readers: tuple[Draft, ...], shapes: Shapes, latex: dict[str, str]
) -> tuple[list[Draft], Draft]:
    """All drafts, finished, and the objective. ModelError, with its line, where nothing gives some letter a range.

    `readers` are other statements; how far they read can show the range of a letter too.
    """
    done = dict[int, Draft]()
    while True:
        _advance(drafts, shapes, latex, done)
        *first, last = inferred((*drafts, objective, *readers), done, shapes, len(drafts) + 1)
        if (*first, last) == (*drafts, objective):
            break
        drafts, objective = tuple(first), last
    return [finished(draft, shapes, earlier=done[q].over) for q, draft in enumerate(drafts)], objective


def _advance(drafts: tuple[Draft, ...], shapes: Shapes, latex: dict[str, str], done: dict[int, Draft]) -> None:
    """Finish the drafts one after another, first from full shapes, then from partial ones where nothing else helps."""
    weak = False
    while len(done) < len(drafts):
        progress = False
        for q, draft in enumerate(drafts):
            if q in done or not _ready(draft, shapes, weak):
                continue
            done[q] = finished(draft, shapes, weak)
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


def _ready(draft: Draft, shapes: Shapes, weak: bool) -> bool:
    draft = with_changes(draft, value=scoped(draft.value, {}))
    found = candidates(draft, shapes, weak)
    return all(x in found or x in draft.over for x in letters_of(draft))


NOTHING: Mapping[Index, Ends] = {}


def finished(draft: Draft, shapes: Shapes, weak: bool = False, earlier: Mapping[Index, Ends] = NOTHING) -> Draft:
    """The draft with the range of every index filled in and every sum's bounds known.

    `earlier` are ranges that were found while another equation alone showed the shape of the left side.
    """
    draft = with_changes(draft, value=scoped(draft.value, {}))
    ranges: Ranges = {}
    found = candidates(draft, shapes, weak)
    sure = candidates(draft, shapes, weak, hulls=False) if earlier else found
    stated = {b.index for node in walk(draft.value) if isinstance(node, Binder) for b in node.bounds if b.hi != UNKNOWN}
    for letter in letters_of(draft):
        if letter in draft.over:
            ranges[letter] = draft.over[letter]
        elif letter in earlier and letter not in sure:
            ranges[letter] = earlier[letter]
        elif letter in found:
            ranges[letter] = found[letter][0][0]
            if letter not in stated:
                agree(letter, found[letter], shapes, draft)
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


def _predicted(asked: Asked) -> Draft:
    """The value that is predicted, for all its free letters, those of its axes last."""
    axes = [x for p in asked.draft.target.at for x in indices(p)]
    free = (*(x for x in asked.draft.value.letters if x not in axes), *axes)
    return with_changes(asked.draft, target=Access("?", tuple(map(Affine.of, free))))


def _prediction(asked: Asked, shapes: Shapes) -> Prediction:
    draft = finished(_predicted(asked), shapes)
    check_whole(draft, shapes)
    free = [x for p in draft.target.at for x in indices(p)]
    bounds = tuple(Bound(x, *draft.over[x]) for x in free)
    if asked.over and asked.over not in free:
        raise ModelError(f"index {asked.over.name} does not stand in the prediction", source=draft.source)
    return Prediction(
        draft.value,
        tuple(b for b in bounds if b.index != asked.over),
        asked.cut,
        next((b for b in bounds if b.index == asked.over), None),
    )
