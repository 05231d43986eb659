"""Statements as they are written: ranges that are stated, the left side, summed letters that it uses as well."""

from __future__ import annotations

from typing import Any

from derive.errors import ModelError
from derive.language.surface import lift_affine
from derive.regions.letters import relettered
from derive.regions.shapes import Draft, Ranges, unshifted
from derive.regions.unknown import UNKNOWN
from derive.values.affine import Affine, Index, Size, Width, indices
from derive.values.binders import Binder, Bound
from derive.values.constants import check_values
from derive.values.nodes import DERIVED, Access, Expr, is_derived
from derive.values.symbols import IndexSymbol
from derive.values.text import render_range
from derive.values.walks import walk

LONGEST = 10_000  # places between two numbers; what is longer has a symbolic size


def stated_range(index: Any, lo: Any, hi: Any) -> Bound:
    """The bound `(k, 2, n)`. ModelError for what is no index, and for a range that is empty, backwards or too long."""
    if not isinstance(index, IndexSymbol):
        raise ModelError(f"{index} is not an index", fix='declare it: model.indices("i j k")')
    bound = Bound(Index(index.name), lift_affine(lo), lift_affine(hi))
    length, shown = bound.hi - bound.lo + 1, render_range(bound.lo, bound.hi)
    if length.number is not None and length.number < 1:
        raise ModelError(f"the range {shown} of {index} is empty", fix="the lower end comes first")
    if length.number is not None and length.number > LONGEST:
        raise ModelError(f"the range {shown} of {index} has {length.number} places", fix="declare a size for its end")
    if length.constant <= 2 and length.terms and all(c < 0 and isinstance(a, (Size, Width)) for a, c in length.terms):
        turned = f"({index}, {render_range(bound.hi, bound.lo).replace('..', ', ')})"
        raise ModelError(f"the range {shown} of {index} runs backwards", fix=f"the lower end comes first: {turned}")
    return bound


def with_range(ranges: Ranges, bound: Bound) -> Ranges:
    """The stated ranges and one more. ModelError for an index that has one."""
    if bound.index in ranges:
        raise ModelError(f"the range of {bound.index.name} is stated already", fix="one model.over for each index")
    return {**ranges, bound.index: (bound.lo, bound.hi)}


def check_defines(target: Access, variables: list[str]) -> None:
    """ModelError for an equation of what is given, or derived."""
    name = target.tensor.removeprefix(DERIVED)
    if is_derived(target.tensor):
        raise ModelError(f"d({name}) is derived, so no equation defines it", fix=f"model.claim(d({name})[...], ...)")
    if name not in variables:
        raise ModelError(
            f"{name} is given, so no equation may define it", fix=f'declare it with model.variables("{name}")'
        )


def check_used(bound: Bound, drafts: list[Draft]) -> None:
    """ModelError for an index whose range is stated around equations none of which has it, or its only place."""
    place = bound.lo if bound.lo == bound.hi else Affine.of(bound.index)
    if drafts and not any(bound.index in _letters(d) or place in d.target.at for d in drafts):
        raise ModelError(
            f"model.over states the range of {bound.index.name}, which stands in no equation inside",
            fix=f"remove it, or put {bound.index.name} on the left side",
        )


def _letters(draft: Draft) -> set[Index]:
    own = {x for p in draft.target.at for x in indices(p)}
    return {*own, *draft.value.letters, *_bound_letters(draft.value)}


def bounds_of(bounds: tuple[Any, ...]) -> tuple[Bound, ...]:
    """What a sum runs over. ModelError for one index that stands twice."""
    found = tuple(_bound(b) for b in bounds)
    names = [b.index.name for b in found]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice:
        raise ModelError(f"index {twice} stands twice in one sum", fix="one letter for each index that is summed")
    return found


def _bound(bound: Any) -> Bound:
    if isinstance(bound, tuple) and len(bound) == 3:
        return stated_range(*bound)
    if not isinstance(bound, IndexSymbol):
        declare = 'declare it: model.indices("i j k"); with a range, (k, 2, n)'
        raise ModelError(f"{bound} is not an index", fix=f"Sum(z, axis={bound})" if isinstance(bound, int) else declare)
    return Bound(Index(bound.name), UNKNOWN, UNKNOWN)


def stated(draft: Draft) -> Draft:
    """The equation with a plain left side, and with summed letters that differ from those of the left side."""
    letters = [x for p in draft.target.at for x in indices(p)]
    if draft.over and draft.target == Access("J"):
        raise ModelError(
            f"{draft.target.tensor} has no index whose range could be stated around its equation",
            fix="state ranges in the sums: Sum(..., (i, 1, m))",
        )
    twice = next((x.name for x in letters if letters.count(x) > 1), None)
    if twice:
        raise ModelError(
            f"index {twice} stands twice on the left side, so most places have no value",
            fix="give each position its own letter; Piecewise((value, Eq(i, j)), (0, True)) fills a diagonal",
        )
    check_values(draft.value)
    draft = unshifted(draft)
    return Draft(draft.target, apart(draft.value, draft.over, letters), draft.over, draft.source)


def apart(value: Expr, over: Any, letters: list[Index]) -> Expr:
    """The value whose sums use other letters than `letters`; those with a range stated for both stay, and are refused.

    Inside a sum its own letter wins, so exp(z[j]) / Sum(exp(z[j]), j) sums over another j than the first.
    """
    both = {x.name for x in _bound_letters(value) if x in letters and x not in over}
    return relettered(value, {name: f"{name}'" for name in both})


def _bound_letters(value: Expr) -> list[Index]:
    return [b.index for node in walk(value) if isinstance(node, Binder) for b in node.bounds]
