"""Which ranges the slots show for the letters of an equation."""

from __future__ import annotations

import re

from derive.errors import ModelError
from derive.regions.shapes import Draft, Shapes
from derive.regions.suggested import equal_sizes
from derive.regions.unknown import UNKNOWN
from derive.system import Slot, Tensor, accesses
from derive.values.affine import Affine, Index, Size, indices
from derive.values.binders import Binder, MatrixFunction
from derive.values.facts import Facts
from derive.values.nodes import Access
from derive.values.text import render_affine, render_expr, render_range
from derive.values.walks import walk


def letters_of(draft: Draft) -> tuple[Index, ...]:
    """Every index of a draft: those of the target, free ones, and bound ones without stated bounds."""
    found = dict.fromkeys(x for p in draft.target.at for x in indices(p))
    found.update(dict.fromkeys(draft.value.letters))
    for node in walk(draft.value):
        if isinstance(node, Binder):
            found.update(dict.fromkeys(b.index for b in node.bounds if b.hi == UNKNOWN))
    return tuple(found)


Ends = tuple[Affine, Affine]
Candidates = dict[Index, list[tuple[Ends, Access]]]


def candidates(draft: Draft, shapes: Shapes, weak: bool, hulls: bool = True) -> Candidates:
    """For every index, the ranges of the slots in which it stands alone, and the entry that shows it.

    Without `hulls`, nothing is shown by slots that are read and along which a variable has several equations.
    """
    strong: Candidates = {}
    feeble: Candidates = {}
    for access in accesses(draft.value):
        full = shapes.tensors.get(access.tensor)
        tensor = full or (shapes.partial.get(access.tensor) if weak else None)
        for slot, position in enumerate(access.at if tensor else ()):
            letter = position.letter
            into = strong if full and (access.tensor, slot) not in shapes.regional else feeble
            if letter and tensor and not _is_one_place(tensor.slots[slot]):
                ends = tensor.range_of(slot, access.at)
                if not (full and _is_cut(letter, ends, slot, full, draft, shapes.facts)):
                    into.setdefault(letter, []).append((ends, access))
    full = shapes.tensors.get(draft.target.tensor)
    own = full or (shapes.partial.get(draft.target.tensor) if weak else None)
    for slot, position in enumerate(draft.target.at if own else ()):
        letter = position.letter
        known = own is None or _is_one_place(own.slots[slot]) or (own.name, slot) in shapes.regional
        if letter and own and not known and letter not in {**feeble, **strong} and (full or is_base(draft, slot)):
            strong[letter] = [(own.range_of(slot, draft.target.at), draft.target)]
    return _with_places(draft, {**feeble, **strong} if hulls else strong)


def is_base(draft: Draft, slot: int) -> bool:
    """Does the equation stand at one place, or at a stated part, of another slot, so that this slot can be whole?"""
    return any(p.letter is None or p.letter in draft.over for s, p in enumerate(draft.target.at) if s != slot)


def _is_cut(letter: Index, ends: Ends, slot: int, tensor: Tensor, draft: Draft, facts: Facts) -> bool:
    """Would the letter, if it ran over the whole slot, take y[t + 1], read beside y[t], to a place that y lacks?"""
    for access in accesses(draft.value):
        shift = access.at[slot] - letter if access.tensor == tensor.name else Affine.of(letter)
        if all(isinstance(atom, Size) for atom, _ in shift.terms):
            lo, hi = tensor.range_of(slot, access.at)
            if facts.below(lo, ends[0] + shift) is False or facts.below(ends[1] + shift, hi) is False:
                return True
    return False


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


def agree(letter: Index, found: list[tuple[Ends, Access]], shapes: Shapes, draft: Draft) -> None:
    """ModelError if the slots in which a letter stands alone have different ranges."""
    on_left = any(letter in indices(p) for p in draft.target.at)
    for ends, access in found[1:]:
        first, shown = found[0]
        if not all(map(shapes.facts.same, ends, first)):
            name, one, two = map(_plain, (letter.name, render_expr(shown), render_expr(access)))
            raise ModelError(
                f"index {name} has two ranges: {render_range(*first)} from {one}, {render_range(*ends)} from {two}",
                source=draft.source,
                fix=_reconciled(name, found[0], (ends, access), shapes, on_left),
            )


def _reconciled(name: str, one: tuple[Ends, Access], two: tuple[Ends, Access], shapes: Shapes, on_left: bool) -> str:
    """How two ranges become one: by a fact if the sizes can be equal, else by stating which places are meant."""
    (first, _), (second, _), facts = one, two, shapes.facts
    from_one_place = facts.same(first[0], second[0])
    if from_one_place and (fact := equal_sizes(first[1], second[1], facts)):
        return fact
    lo = next((x for x in (first[0], second[0]) if facts.below(first[0], x) and facts.below(second[0], x)), None)
    hi = next((x for x in (first[1], second[1]) if facts.below(x, first[1]) and facts.below(x, second[1])), None)
    if lo is None or hi is None:
        return "use another letter, or state the range"
    longer = next(access.tensor for ends, access in (one, two) if ends != (lo, hi))
    known = shapes.tensors.get(longer)
    defined = on_left and from_one_place and (known is None or known.role == "variable")
    where = f", also around the equations of {longer}" if defined else ""
    return (
        f"if only the places of both are meant: {range_text(name, (lo, hi), on_left)}{where}; else use another letter"
    )


def _plain(text: str) -> str:
    """Letters as they were written."""
    return re.sub(r"#\d+", "", text)


def range_text(name: str, ends: Ends, on_left: bool) -> str:
    """How the range of a letter is stated."""
    shown = ", ".join(map(render_affine, ends))
    return f"with model.over({name}, {shown})" if on_left else f"Sum(..., ({name}, {shown}))"
