"""Declarations: the names that are free, the shapes that a model can hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from derive.errors import ModelError, Source
from derive.language.stated import LONGEST
from derive.language.surface import Formula, lift_affine, raised
from derive.regions.regions import extent
from derive.regions.shapes import Draft
from derive.regions.unknown import UNKNOWN
from derive.system import Slot, Tensor
from derive.values.affine import Affine, Index, Size, Width
from derive.values.binders import Binder, Bound, Functional
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.symbols import IndexSymbol
from derive.values.text import render_affine, render_range
from derive.values.walks import walk

RESERVED = frozenset("J np dtype parameters".split())


def check_free(name: str, taken: Iterable[str]) -> None:
    """ModelError if the name has a meaning already, in the model or in generated code."""
    if name in taken:
        raise ModelError(f"the name {name} is declared twice", fix="choose another letter")
    if name in RESERVED:
        raise ModelError(f"the name {name} is reserved", fix="choose another letter")


def slots_of(shape: tuple[Any, ...], over: Any) -> tuple[Slot, ...]:
    """The slots of a declared shape, in which the index of `over` states its own range."""
    if over is not None and (not isinstance(over, tuple) or len(over) != 3):
        raise ModelError(f"over={over} is no range of an index", fix="over=(l, 2, L)")
    return tuple(_slot(q, spec, over) for q, spec in enumerate(shape))


def _slot(position: int, spec: Any, over: Any) -> Slot:
    if isinstance(spec, IndexSymbol):
        if over is None or over[0] != spec:
            raise ModelError(f"the slot {spec} has no range", fix=f"over=({spec}, 2, L)")
        return Slot(Index(spec.name), lift_affine(over[1]), lift_affine(over[2]))
    if isinstance(spec, Formula):
        raise ModelError(f"a shape holds sizes, and {spec} is none", fix='declare a size: n = model.sizes("n")')
    return Slot(Index(f"_{position}"), Affine.of(1), lift_affine(spec))


def places_of(over: Any) -> tuple[Affine, Affine]:
    """The lowest and the highest place that integer data mean."""
    if not isinstance(over, tuple) or len(over) != 2:
        raise ModelError(
            "integer data are places, and nothing says which",
            fix="the lowest and the highest: label = model.integers(label=(m,), over=(1, n))",
        )
    return lift_affine(over[0]), lift_affine(over[1])


def opaque(name: str, rows: tuple[Any, ...]) -> Functional:
    """The symbolic function of whole vectors, each given by a value with one colon."""
    bodies, bounds = [], []
    for q, row in enumerate(map(raised, rows)):
        if len(row.axes) != 1 or not isinstance(row.node, Access):
            raise ModelError(f"{name} takes whole vectors, with one `:` each", fix=f"{name}(a[L, i, :], y[i, :])")
        letter = Index(f"_{q}")
        bodies.append(row.node.replaced({row.letters[0]: Affine.of(letter)}))
        bounds.append(Bound(letter, UNKNOWN, UNKNOWN))
    return Functional(name, tuple(bodies), tuple(bounds))


def check_errors(errors: Mapping[str, tuple[str, Source]], known: set[str]) -> None:
    """ModelError for the letter of an adjoint of nothing."""
    for name, (letter, source) in errors.items():
        if name not in known:
            raise ModelError(f"{letter} is the error of {name}, which is not declared", source=source)


def check_shapes(tensors: Iterable[Tensor], facts: Facts, sources: Mapping[str, Source]) -> None:
    """ModelError for an axis, or for places of integer data, that could be empty."""
    for tensor in tensors:
        _check_shape(tensor, facts, sources.get(tensor.name))


def _check_shape(tensor: Tensor, facts: Facts, source: Source | None) -> None:
    own = tuple(Bound(s.index, s.lo, s.hi) for s in tensor.slots)
    for slot in tensor.slots:
        if slot.index.name.startswith("_"):
            _check_axis(tensor.name, extent(slot.hi, own).lo, slot.hi, facts, source)
    if tensor.values and facts.below(*tensor.values) is not True:
        shown = render_range(*tensor.values)
        raise ModelError(
            f"the places {shown} of {tensor.name} may be none", source=source, fix="the lowest comes first: over=(1, n)"
        )


def _check_axis(name: str, least: Affine, size: Affine, facts: Facts, source: Source | None) -> None:
    shown, known = render_affine(size), least.number is not None
    if least.number is not None and least.number > LONGEST:
        raise ModelError(f"{name} has an axis of {shown} places", source=source, fix="declare a size for it")
    if facts.below(Affine.of(1), least) is not True:
        raise ModelError(
            f"the axis of {shown} places of {name} {'is' if known else 'may be'} empty",
            source=source,
            fix="a size is at least 1" if known else f"declare model.assume({shown} >= 1)",
        )


def check_sizes(drafts: Iterable[Draft], tensors: Iterable[Tensor], known: set[str]) -> None:
    """ModelError for a size that this model does not declare, such as one of another model."""
    for tensor in tensors:
        _check_known([end for s in tensor.slots for end in (s.lo, s.hi)], known, None)
    for draft in drafts:
        ends = [end for pair in draft.over.values() for end in pair]
        _check_known([*ends, *draft.target.at, *_inside(draft.value)], known, draft.source)


def _inside(expr: Expr) -> Iterator[Affine]:
    for node in walk(expr):
        yield from node.places
        if isinstance(node, Binder):
            yield from (end for b in node.bounds for end in (b.lo, b.hi))


def _check_known(ends: Iterable[Affine], known: set[str], source: Source | None) -> None:
    for end in ends:
        for atom, _ in end.terms:
            if isinstance(atom, (Size, Width)) and atom.name not in known:
                raise ModelError(
                    f"the size {atom.name} is not declared in this model",
                    source=source,
                    fix=f'declare it: {atom.name} = model.sizes("{atom.name}")',
                )
