"""Errors for a letter that nothing gives a range, or that has two."""

from __future__ import annotations

from derive.errors import ModelError
from derive.inference.candidates import Ends, range_text
from derive.inference.demand import Undecided
from derive.inference.supply import Supply
from derive.regions.shapes import Draft
from derive.values.affine import Affine, Index, Size, indices
from derive.values.text import render_affine


def unranged(
    draft: Draft, letter: Index, supply: Supply, undecided: Undecided | None, needed: Ends | None
) -> ModelError:
    """What is missing, and what would help: a fact, a size, or a range that is stated.

    `needed` is what the objective needs of a variable that is predicted wherever it exists.
    """
    name, on_left = letter.name.split("#")[0], any(letter in indices(p) for p in draft.target.at)
    unknown = undecided or supply.undecided
    if unknown:
        order = _order(unknown.right - unknown.left)
        what = f"nothing gives index {name} a range while it is not known whether {order}"
        opposite = ", or its opposite" if undecided else ""
        return ModelError(what, source=draft.source, fix=f"declare model.assume({order}){opposite}")
    if supply.uneven:
        value, step = supply.uneven
        what = f"nothing gives index {name} a range: {render_affine(value)} may be no multiple of {step}"
        return ModelError(what, source=draft.source, fix=_multiple(name, value, step))
    what = f"nothing gives index {name} a range"
    if needed:
        fix = f"what the objective needs is {range_text(name, needed, on_left)}; if more is predicted, state that"
        return ModelError(what, source=draft.source, fix=fix)
    if on_left and letter not in draft.value.letters:
        what = f"index {name} of the left side does not stand on the right side, and no reader shows its range"
    return ModelError(what, source=draft.source, fix=_statement(name, supply, on_left))


def _order(gap: Affine) -> str:
    """`F <= T` for T - F >= 0."""
    left = Affine(tuple((a, -c) for a, c in gap.terms if c < 0), max(-gap.constant, 0))
    return f"{render_affine(left)} <= {render_affine(gap + left)}"


def _statement(name: str, supply: Supply, on_left: bool) -> str:
    if supply.ends:
        written = range_text(name, supply.ends, on_left)
        return f"if all places are meant at which the entries exist, state them: {written}"
    if on_left:
        return f"let it stand alone in a slot, or state it: with model.over({name}, 1, ...)"
    return f"let it stand alone in a slot, or state it: Sum(..., ({name}, 1, ...))"


def _multiple(name: str, value: Affine, step: int) -> str:
    """How to declare that value is a multiple: one of its sizes is that of another one, or the range is stated."""
    odd = next((a for a, c in value.terms if abs(c) == 1 and isinstance(a, Size)), None)
    if odd is None:
        return f"state the range of {name}"
    rest = (value - Affine.of(odd) * value.coefficient(odd)) * value.coefficient(odd)
    count = Size(next(x for x in ("q", "r", "p") if all(getattr(a, "name", "") != x for a, _ in value.terms)))
    times = render_affine(Affine.of(count) * step - rest)
    return f"with a size {count.name}, declare model.assume(Eq({odd.name}, {times}))"
