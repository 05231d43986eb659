"""Checking a model: every index gets its range from where it stands, and every entry that is read exists."""

from __future__ import annotations

from dataclasses import dataclass, replace as with_changes
from typing import Any

from derive.affine import Affine, Index, indices
from derive.errors import ModelError, Refused, Source
from derive.expression import Access, Bound, Expr, Functional, Sum, free_indices, rebind, substitute, walk
from derive.facts import Facts
from derive.functions import Function
from derive.letters import relettered, renaming
from derive.regions import check_regions
from derive.schedule import check_order
from derive.surface import UNKNOWN, lift, lift_relation
from derive.system import Alias, Equation, Prediction, Slot, System, Tensor, accesses
from derive.text import render_affine, render_expr, render_range

Ranges = dict[Index, tuple[Affine, Affine]]


@dataclass(frozen=True)
class Draft:
    """An equation as stated: ranges of its indices are not known yet. `over` holds the stated ones."""

    target: Access
    value: Expr
    over: Ranges
    source: Source


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
    prediction: tuple[Any, Source] | None,
) -> System:
    """The checked system of a model's declarations and drafts. ModelError for anything that cannot be meant."""
    facts = facts.with_bounds(s.hi - s.lo for t in tensors for s in t.slots if s.index.name[0] != "_")
    known = {t.name: t for t in tensors}
    _check_names(drafts, objective, known, variables)
    shapes = _Shapes(known, facts)
    for draft in (*drafts, objective):
        _check_bound(draft)
    solved = _solve(drafts, shapes, variables, latex)
    whole = _finish(objective, shapes)
    equations = tuple(_named(d, solved, shapes) for d in solved)
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
        _lettered(shapes.tensors, (*solved, whole)),
        functions,
        functionals,
        equations,
        goal,
        shapes.facts,
        closed,
        aliases,
        errors,
        _prediction(prediction, shapes) if prediction else None,
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


class _Shapes:
    """The tensors whose shape is known so far; `partial` holds shapes seen at one fixed position only.

    `regional` are the slots along which a variable has several equations: an index there may run over a part.
    """

    def __init__(self, tensors: dict[str, Tensor], facts: Facts) -> None:
        self.tensors, self.facts = dict(tensors), facts
        self.partial: dict[str, Tensor] = {}
        self.regional: set[tuple[str, int]] = set()


def _check_names(
    drafts: tuple[Draft, ...], objective: Draft, known: dict[str, Tensor], variables: tuple[str, ...]
) -> None:
    defined = {draft.target.tensor for draft in drafts}
    for draft in (*drafts, objective):
        for access in accesses(draft.value):
            name = access.tensor
            if name in variables and name not in defined:
                raise ModelError(
                    f"{name} is read but no equation defines it",
                    source=draft.source,
                    fix=f"state an equation {name}[...] = ...",
                )
            rank = len(known[name].slots) if name in known else _rank(drafts, name)
            if len(access.at) != rank:
                raise ModelError(
                    f"{name} has {rank} indices, not {len(access.at)}",
                    source=draft.source,
                    fix=f"write {name} with {rank} indices",
                )
    for draft in drafts:
        if len(draft.target.at) != _rank(drafts, draft.target.tensor):
            raise ModelError(f"{draft.target.tensor} is defined with different numbers of indices", source=draft.source)


def _rank(drafts: tuple[Draft, ...], name: str) -> int:
    return next(len(d.target.at) for d in drafts if d.target.tensor == name)


def _solve(
    drafts: tuple[Draft, ...], shapes: _Shapes, variables: tuple[str, ...], latex: dict[str, str]
) -> list[Draft]:
    """Finish the drafts one after another, first from full shapes, then from partial ones where nothing else helps."""
    done: dict[int, Draft] = {}
    weak = False
    while len(done) < len(drafts):
        progress = False
        for q, draft in enumerate(drafts):
            if q in done or not _ready(draft, shapes, weak):
                continue
            done[q] = _finish(draft, shapes, weak)
            _learn(draft.target.tensor, drafts, done, shapes, latex)
            progress = True
            if weak:
                break
        if not progress and weak:
            stuck = next(draft for q, draft in enumerate(drafts) if q not in done)
            stuck = with_changes(stuck, value=_scoped(stuck.value, {}))
            letter = next(
                x for x in _letters(stuck) if x not in _candidates(stuck, shapes, True) and x not in stuck.over
            )
            raise ModelError(
                f"nothing gives index {letter.name} a range",
                source=stuck.source,
                fix=f"let it stand alone in a slot, or state it: with model.over({letter.name}, 1, ...)",
            )
        weak = not progress
    return [_finish(draft, shapes) for draft in drafts]


def _letters(draft: Draft) -> tuple[Index, ...]:
    """Every index of a draft: those of the target, free ones, and bound ones without stated bounds."""
    found = dict.fromkeys(x for p in draft.target.at for x in indices(p))
    found.update(dict.fromkeys(free_indices(draft.value)))
    for node in walk(draft.value):
        if isinstance(node, (Sum, Functional)):
            found.update(dict.fromkeys(b.index for b in node.bounds if b.hi == UNKNOWN))
    return tuple(found)


def _ready(draft: Draft, shapes: _Shapes, weak: bool) -> bool:
    draft = with_changes(draft, value=_scoped(draft.value, {}))
    found = _candidates(draft, shapes, weak)
    return all(x in found or x in draft.over for x in _letters(draft))


Candidates = dict[Index, list[tuple[tuple[Affine, Affine], Access]]]


def _candidates(draft: Draft, shapes: _Shapes, weak: bool) -> Candidates:
    """For every index, the ranges of the slots in which it stands alone, and the entry that shows it."""
    strong: Candidates = {}
    feeble: Candidates = {}
    for access in accesses(draft.value):
        full = shapes.tensors.get(access.tensor)
        tensor = full or (shapes.partial.get(access.tensor) if weak else None)
        for slot, position in enumerate(access.at if tensor else ()):
            letter = position.letter
            into = strong if full and (access.tensor, slot) not in shapes.regional else feeble
            fixed = tensor is not None and tensor.slots[slot].index.name.startswith("@")
            if letter and tensor and not fixed:
                into.setdefault(letter, []).append((tensor.range_of(slot, access.at), access))
    return {**feeble, **strong}


def _finish(draft: Draft, shapes: _Shapes, weak: bool = False) -> Draft:
    """The draft with the range of every index filled in and every sum's bounds known."""
    draft = with_changes(draft, value=_scoped(draft.value, {}))
    ranges: Ranges = {}
    found = _candidates(draft, shapes, weak)
    stated = {
        b.index
        for node in walk(draft.value)
        if isinstance(node, (Sum, Functional))
        for b in node.bounds
        if b.hi != UNKNOWN
    }
    for letter in _letters(draft):
        if letter in draft.over:
            ranges[letter] = draft.over[letter]
        elif letter in found:
            ranges[letter] = found[letter][0][0]
            if letter not in stated:
                _agree(letter, found[letter], shapes.facts, draft.source)
        else:
            raise ModelError(
                f"nothing gives index {letter.name} a range",
                source=draft.source,
                fix=f"state it: Sum(..., ({letter.name}, 1, m))",
            )
    value = _unscoped(_close(draft.value, ranges, draft.source))
    targets = {x for p in draft.target.at for x in indices(p)}
    return Draft(draft.target, value, {x: r for x, r in ranges.items() if x in targets}, draft.source)


def _scoped(expr: Expr, seen: dict[str, int]) -> Expr:
    """Each sum has its own letters: the second j of an equation may have another range than the first."""
    if isinstance(expr, (Sum, Functional)):
        letters: dict[Index, Index] = {}
        for bound in expr.bounds:
            name = bound.index.name
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                letters[bound.index] = Index(f"{name}#{seen[name]}")
        expr = _relabelled(expr, letters)
    children = expr.children
    return expr.rebuild(tuple(_scoped(child, seen) for child in children)) if children else expr


def _unscoped(expr: Expr) -> Expr:
    """The letters as they were written."""
    children = expr.children
    expr = expr.rebuild(tuple(_unscoped(child) for child in children)) if children else expr
    if isinstance(expr, (Sum, Functional)):
        return _relabelled(
            expr, {b.index: Index(b.index.name.split("#")[0]) for b in expr.bounds if "#" in b.index.name}
        )
    return expr


def _relabelled(expr: Sum | Functional, letters: dict[Index, Index]) -> Sum | Functional:
    bounds = rebind(expr.bounds, letters)
    values = {old: Affine.of(new) for old, new in letters.items()}
    bodies = tuple(substitute(body, values) for body in expr.children)
    return Sum(bodies[0], bounds) if isinstance(expr, Sum) else Functional(expr.name, bodies, bounds, expr.by)


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


def _check_bound(draft: Draft) -> None:
    targets = {x for p in draft.target.at for x in indices(p)}
    free = set(free_indices(draft.value))
    for letter in free_indices(draft.value):
        if letter not in targets:
            raise ModelError(
                f"index {letter.name} is neither on the left side nor summed",
                source=draft.source,
                fix=f"Sum(..., {letter.name}), or put {letter.name} on the left side",
            )
    for position in draft.target.at:
        for letter in indices(position):
            if position.letter != letter:
                raise Refused(
                    f"the left side stands at {render_affine(position)}; it must be a single index or a fixed place",
                    source=draft.source,
                    fix=f"shift the equation so that it defines [{letter.name}]",
                )
            if letter not in free and letter not in draft.over:
                raise ModelError(
                    f"index {letter.name} of the left side does not stand on the right side",
                    source=draft.source,
                    fix=f"use it, or state its range: model.over({letter.name}, ...)",
                )
    for node in walk(draft.value):
        if isinstance(node, Sum):
            used = set(free_indices(node.body))
            for bound in node.bounds:
                if bound.index not in used and bound.hi == UNKNOWN:
                    raise ModelError(
                        f"the sum over {bound.index.name} does not use it",
                        source=draft.source,
                        fix=f"remove {bound.index.name} from the Sum, or state its range",
                    )
                if bound.index in targets:
                    raise ModelError(
                        f"index {bound.index.name} is summed and stands on the left side",
                        source=draft.source,
                        fix="use another letter inside the Sum",
                    )


def _close(expr: Expr, ranges: Ranges, source: Source) -> Expr:
    """Fill in the bounds of every sum, outermost first: a range that depends on another index comes after it."""
    children = expr.children
    if children:
        expr = expr.rebuild(tuple(_close(child, ranges, source) for child in children))
    if isinstance(expr, (Sum, Functional)):
        bounds = [Bound(b.index, *ranges[b.index]) if b.hi == UNKNOWN else b for b in expr.bounds]
        if isinstance(expr, Sum):
            return Sum(expr.body, _ordered(bounds, source))
        return Functional(expr.name, expr.bodies, tuple(bounds), expr.by)
    return expr


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


def _learn(
    name: str, drafts: tuple[Draft, ...], done: dict[int, Draft], shapes: _Shapes, latex: dict[str, str]
) -> None:
    """Combine the equations of a variable finished so far; its shape is known when all are."""
    numbers = [q for q, draft in enumerate(drafts) if draft.target.tensor == name]
    finished = [done[q] for q in numbers if q in done]
    main = max(finished, key=lambda d: len(_target_letters(d)))
    slots = []
    for q, position in enumerate(main.target.at):
        if position.letter:
            slots.append(Slot(position.letter, *main.over[position.letter]))
        else:
            slots.append(Slot(Index(f"@{q}"), position, position))
    tensor = Tensor(name, "variable", tuple(slots), latex.get(name, ""))
    if len(finished) < len(numbers):
        shapes.partial[name] = tensor
        return
    shapes.regional |= {
        (name, q)
        for q in range(len(slots))
        if len({d.target.at[q].letter is None for d in finished}) > 1
        or len({_ends(d, q) for d in finished}) > 1
        and not indices(slots[q].hi)
    }
    for other in finished:
        tensor = _widen(tensor, other, shapes.facts)
    shapes.partial.pop(name, None)
    shapes.tensors[name] = tensor


def _ends(draft: Draft, slot: int) -> tuple[Affine, Affine]:
    position = draft.target.at[slot]
    return draft.over[position.letter] if position.letter else (position, position)


def _target_letters(draft: Draft) -> list[Index]:
    return [x for p in draft.target.at for x in indices(p)]


def _widen(tensor: Tensor, draft: Draft, facts: Facts) -> Tensor:
    """Extend the region slot of a shape by another equation; every other slot must agree."""
    slots = list(tensor.slots)
    for q, (slot, position) in enumerate(zip(tensor.slots, draft.target.at, strict=True)):
        letter = position.letter
        lo, hi = _ends(draft, q)
        expected = tensor.range_of(q, draft.target.at)
        if letter and facts.same(lo, expected[0]) and facts.same(hi, expected[1]):
            continue
        if facts.below(lo, slot.lo):
            slots[q] = with_changes(slots[q], lo=lo)
        if facts.below(slot.hi, hi):
            slots[q] = with_changes(slots[q], hi=hi)
    return Tensor(tensor.name, tensor.role, tuple(slots), tensor.latex)


def _named(draft: Draft, drafts: list[Draft], shapes: _Shapes) -> Equation:
    name = draft.target.tensor
    bounds = tuple(Bound(x, *draft.over[x]) for x in _target_letters(draft))
    if sum(other.target.tensor == name for other in drafts) == 1:
        return Equation(name, draft.target, bounds, draft.value, draft.source)
    parts = []
    for slot, position in zip(shapes.tensors[name].slots, draft.target.at, strict=True):
        letter = position.letter
        if not letter:
            parts.append(f"{slot.index.name.lstrip('@')}={render_affine(position)}")
        elif not all(shapes.facts.same(a, b) for a, b in zip(draft.over[letter], (slot.lo, slot.hi), strict=True)):
            if _ranges_as_shape(draft, letter, shapes):
                continue
            parts.append(f"{slot.index.name}={render_range(*draft.over[letter])}")
    return Equation(f"{name}@{','.join(parts)}", draft.target, bounds, draft.value, draft.source)


def _ranges_as_shape(draft: Draft, letter: Index, shapes: _Shapes) -> bool:
    """Does the letter run over the whole of its slot, at the position of this equation?"""
    tensor = shapes.tensors[draft.target.tensor]
    slot = [p.letter for p in draft.target.at].index(letter)
    ends = tensor.range_of(slot, draft.target.at)
    return all(shapes.facts.same(a, b) for a, b in zip(draft.over[letter], ends, strict=True))


def _lettered(tensors: dict[str, Tensor], drafts: tuple[Draft, ...]) -> tuple[Tensor, ...]:
    """Give unnamed slots of declared tensors the letters with which the equations read them first."""
    result = []
    for tensor in tensors.values():
        reads = [a for draft in drafts for a in accesses(draft.value) if a.tensor == tensor.name]
        plain = next((a for a in reads if len({p.letter for p in a.at if p.letter}) == len(a.at)), None)
        plain = plain or next(iter(reads), None)
        names: dict[Index, Index] = {}
        used = {s.index for s in tensor.slots}
        for slot, position in zip(tensor.slots, plain.at if plain else (), strict=bool(plain)):
            letter = position.letter
            if slot.index.name[0] in "_@" and letter and letter not in used:
                names[slot.index] = letter
                used.add(letter)
        bounds = rebind(tuple(Bound(s.index, s.lo, s.hi) for s in tensor.slots), names)
        slots = tuple(Slot(b.index, b.lo, b.hi) for b in bounds)
        result.append(Tensor(tensor.name, tensor.role, slots, tensor.latex))
    return tuple(result)


def _prediction(prediction: tuple[Any, Source], shapes: _Shapes) -> Prediction:
    stated, source = prediction
    over, cut = None, None
    if hasattr(stated, "index"):
        value, over = stated.value, stated.index
    elif getattr(stated, "is_Relational", False):
        relation = lift_relation(stated)
        if relation.op != ">":
            raise ModelError("a prediction is cut with >", source=source, fix="model.predict(a[L, i, j] > cut)")
        value, cut = relation.left, relation.right
    else:
        value = lift(stated)
    free = free_indices(value)
    draft = _finish(Draft(Access("?", tuple(map(Affine.of, free))), value, {}, source), shapes)
    bounds = tuple(Bound(x, *draft.over[x]) for x in free)
    if over and over not in free:
        raise ModelError(f"index {over.name} does not stand in the prediction", source=source)
    return Prediction(
        draft.value,
        tuple(b for b in bounds if b.index != over),
        cut,
        next((b for b in bounds if b.index == over), None),
    )
