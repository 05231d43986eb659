"""Shapes of variables: put together from their equations."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_changes

from derive.errors import Source
from derive.system import Equation, Slot, Tensor, accesses
from derive.values.affine import Affine, Index, Size, indices
from derive.values.binders import Bound, rebind
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.text import render_affine, render_range

Ranges = dict[Index, tuple[Affine, Affine]]


@dataclass(frozen=True)
class Draft:
    """An equation as stated: ranges of its indices are not known yet. `over` holds the stated ones.

    `whole` are the letters that stand for axes of whole arrays: each runs over all of every slot that it fills.
    """

    target: Access
    value: Expr
    over: Ranges
    source: Source
    whole: frozenset[Index] = frozenset()


def unshifted(draft: Draft) -> Draft:
    """The same equation with `h[t]` on the left for `h[t + 1]`, `c[k]` for `c[n + k]`: the right side shifts back."""
    for position in draft.target.at:
        for letter in indices(position):
            shift = position - letter
            if shift != Affine.of(0) and all(isinstance(atom, Size) for atom, _ in shift.terms):
                values = {letter: Affine.of(letter) - shift}
                target = draft.target.replaced(values)
                assert isinstance(target, Access)
                over = {x: (lo + shift, hi + shift) if x == letter else (lo, hi) for x, (lo, hi) in draft.over.items()}
                draft = Draft(target, draft.value.replaced(values), over, draft.source)
    return draft


@dataclass(frozen=True)
class Asked:
    """A prediction as stated; the target of `draft` has the axes of a whole value, in their order."""

    draft: Draft
    cut: Expr | None = None
    over: Index | None = None


class Shapes:
    """The tensors whose shape is known so far; `partial` holds shapes seen at one fixed position only.

    `regional` are the slots along which a variable has several equations: an index there may run over a part.
    """

    def __init__(self, tensors: dict[str, Tensor], facts: Facts) -> None:
        self.tensors, self.facts = dict(tensors), facts
        self.partial: dict[str, Tensor] = {}
        self.regional: set[tuple[str, int]] = set()


def learn(name: str, drafts: tuple[Draft, ...], done: dict[int, Draft], shapes: Shapes, latex: dict[str, str]) -> None:
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
    return with_changes(tensor, slots=tuple(slots))


def named(draft: Draft, drafts: list[Draft], shapes: Shapes) -> Equation:
    """The equation of a finished draft, with its systematic id."""
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


def _ranges_as_shape(draft: Draft, letter: Index, shapes: Shapes) -> bool:
    """Does the letter run over the whole of its slot, at the position of this equation?"""
    tensor = shapes.tensors[draft.target.tensor]
    slot = [p.letter for p in draft.target.at].index(letter)
    ends = tensor.range_of(slot, draft.target.at)
    return all(shapes.facts.same(a, b) for a, b in zip(draft.over[letter], ends, strict=True))


def lettered(tensors: dict[str, Tensor], drafts: tuple[Draft, ...], taken: frozenset[str]) -> tuple[Tensor, ...]:
    """Give unnamed slots of declared tensors the letters with which the equations read them first.

    A slot that no letter ever fills gets a letter that the model does not use.
    """
    pool = (*"pqrstuvwefgh", *(f"q{n}" for n in range(1, len(taken) + 10)))
    spare = [Index(x) for x in pool if x not in taken]
    seen: dict[str, list[Access]] = {}
    for access in (a for draft in drafts for a in accesses(draft.value)):
        seen.setdefault(access.tensor, []).append(access)
    result = []
    for tensor in tensors.values():
        reads = seen.get(tensor.name, [])
        plain = next((a for a in reads if len({p.letter for p in a.at if p.letter}) == len(a.at)), None)
        plain = plain or next(iter(reads), None)
        names: dict[Index, Index] = {}
        used = {s.index for s in tensor.slots}
        for slot, position in zip(tensor.slots, plain.at if plain else (), strict=bool(plain)):
            letter = Index(position.letter.name.rstrip("'")) if position.letter else None
            if slot.index.name[0] in "_@" and letter and letter not in used:
                names[slot.index] = letter
                used.add(letter)
        unread = [s.index for s in tensor.slots if s.index.name[0] in "_@" and s.index not in names]
        names.update(zip(unread, spare, strict=False))
        bounds = rebind(tuple(Bound(s.index, s.lo, s.hi) for s in tensor.slots), names)
        slots = tuple(Slot(b.index, b.lo, b.hi) for b in bounds)
        result.append(with_changes(tensor, slots=slots))
    return tuple(result)
