"""What can be seen to be wrong in the statements of a model before any range is known."""

from __future__ import annotations

from collections.abc import Mapping

from derive.errors import ModelError, Refused, counted, located
from derive.regions.shapes import Draft
from derive.regions.unknown import UNKNOWN
from derive.system import Tensor, accesses
from derive.values.affine import indices
from derive.values.binders import Extreme, Product, Sum
from derive.values.nodes import DERIVED, Access, Expr, Partial, derived_by, is_derived
from derive.values.text import render_affine, render_expr
from derive.values.walks import walk


def check_names(
    drafts: tuple[Draft, ...], objective: Draft, known: dict[str, Tensor], variables: tuple[str, ...]
) -> None:
    """Every name that is read is declared or defined, always with the same number of indices."""
    defined: dict[str, int] = {}
    for draft in drafts:
        defined.setdefault(draft.target.tensor, len(draft.target.at))
    ranks = defined | {t.name: len(t.slots) for t in known.values()}
    for draft in (*drafts, objective):
        with located(draft.source):
            check_given(draft.value)
        for access in accesses(draft.value):
            name = access.tensor
            if name in variables and name not in defined:
                raise no_equation(name, draft)
        check_ranks(draft, ranks)
    for draft in drafts:
        if len(draft.target.at) != defined[draft.target.tensor]:
            raise ModelError(f"{draft.target.tensor} is defined with different numbers of indices", source=draft.source)


def no_equation(name: str, draft: Draft) -> ModelError:
    """The error of a variable that is read and not defined."""
    return ModelError(
        f"{name} is read but no equation defines it", source=draft.source, fix=f"state an equation {name}[...] = ..."
    )


def check_ranks(draft: Draft, ranks: Mapping[str, int]) -> None:
    """ModelError for an entry with another number of indices than its tensor has."""
    for access in accesses(draft.value):
        name = access.tensor
        if name not in ranks:
            raise no_equation(name.removeprefix(DERIVED), draft)
        rank = ranks[name]
        if len(access.at) != rank:
            raise ModelError(
                f"{name} has {counted(rank, 'index', 'indices')}, not {len(access.at)}",
                source=draft.source,
                fix=f"write {name} with {counted(rank, 'index', 'indices')}"
                + (", or state its equations above this one" if not access.at else ""),
            )


def check_given(value: Expr) -> None:
    """ModelError for a derivative, which stands in claims only."""
    for node in walk(value):
        if isinstance(node, Partial) or isinstance(node, Access) and is_derived(node.tensor):
            by = node.by if isinstance(node, Partial) else derived_by(node)
            raise ModelError(
                f"{render_expr(node)} stands in claims and names, not in equations",
                fix=f'in an equation a derivative is a variable: g = model.gradient("g", ..., by={by.tensor})',
            )


def check_bound(draft: Draft) -> None:
    """Every index of the right side is on the left or summed, and those of sums are used."""
    targets = {x for p in draft.target.at for x in indices(p)}
    for letter in draft.value.letters:
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
                    fix=f"shift the equation so that it defines [{letter.name}]"
                    if abs(position.coefficient(letter)) == 1
                    else f"give the parts a second index: {draft.target.tensor}[{letter.name}, 1] = ..., "
                    f"{draft.target.tensor}[{letter.name}, 2] = ...",
                )
    for node in walk(draft.value):
        if isinstance(node, (Sum, Extreme, Product)):
            used, word = set(node.body.letters), "product" if isinstance(node, Product) else "sum"
            for bound in node.bounds:
                if bound.index not in used and bound.hi == UNKNOWN:
                    raise ModelError(
                        f"the {word} over {bound.index.name} does not use it",
                        source=draft.source,
                        fix=f"remove {bound.index.name} from the {word.capitalize()}, or state its range",
                    )
                if bound.index in targets:
                    raise ModelError(
                        f"index {bound.index.name} is bound by the {word} and stands on the left side",
                        source=draft.source,
                        fix=f"use another letter inside the {word.capitalize()}",
                    )
