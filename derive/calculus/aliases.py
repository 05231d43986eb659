"""Textbook names for derived equations, as a model file declares them."""

from __future__ import annotations

from dataclasses import replace as with_changes

from derive.derivation import Adjoint
from derive.errors import ModelError
from derive.system import Alias, System, size_name
from derive.values.affine import Affine, Index
from derive.values.nodes import Access
from derive.values.text import render_expr


def aliased(system: System, adjoints: tuple[Adjoint, ...]) -> tuple[Adjoint, ...]:
    """The adjoints with their textbook names. ModelError for a name that means none, or several, or a named one."""
    names: dict[str, str] = {}
    for alias in system.aliases:
        meant = [a for a in adjoints if _means(alias.target, a)]
        if len(meant) != 1:
            known = ", ".join(a.id for a in adjoints if a.of == alias.target.tensor) or "none"
            raise ModelError(
                f"{alias.name} names {len(meant)} derived equations",
                source=alias.source,
                fix=f"the equations of d.{alias.target.tensor} are: {known}",
            )
        _check_letters(alias, meant[0], system)
        other = names.setdefault(meant[0].id, alias.name)
        if other != alias.name:
            raise ModelError(
                f"{other} and {alias.name} name one equation, {meant[0].id}",
                source=alias.source,
                fix="one name for each derived equation",
            )
    return tuple(with_changes(a, name=names.get(a.id, "")) for a in adjoints)


def _means(entry: Access, adjoint: Adjoint) -> bool:
    if entry.tensor != adjoint.of or len(entry.at) != len(adjoint.target.at):
        return False
    for asked, place in zip(entry.at, adjoint.target.at, strict=True):
        if bool(asked.letter) != bool(place.letter):
            return False
        if not asked.letter and asked != place:
            return False
    return True


def _check_letters(alias: Alias, adjoint: Adjoint, system: System) -> None:
    """ModelError for letters in another order than in the equation, one that stands twice, or one of another range."""
    places = adjoint.target.at
    asked = [(p.letter, q) for q, p in enumerate(alias.target.at) if p.letter]
    own = [p.letter for p in places if p.letter]
    letters = [letter for letter, _ in asked]
    wrong = [letter for letter, q in asked if not _fits(letter, q, adjoint, system)]
    if wrong or len(set(letters)) < len(letters) or (set(letters) == set(own) and letters != own):
        written, meant = render_expr(alias.target), render_expr(Access(adjoint.of, places))
        raise ModelError(
            f"the indices of d({written}) do not fit {adjoint.of}", source=alias.source, fix=f"{alias.name}=d({meant})"
        )


def _fits(letter: Index, slot: int, adjoint: Adjoint, system: System) -> bool:
    """Does a letter run, in the equations, over what this position of the tensor runs over?"""
    used, own = system.letter_sizes.get(letter.name, frozenset()), adjoint.target.at[slot].letter
    known = system.letter_sizes.get(own.name, frozenset()) if own else frozenset()
    known |= {size_name(system.tensor(adjoint.of).slots[slot].hi)}
    equal = {size_name(side) for left, right in system.facts.equal for side in (Affine.of(left), right)}
    return not used or bool(used & known) or bool(used & equal and known & equal)
