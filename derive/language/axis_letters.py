"""Readable letters for the axes of whole arrays, and the check that every such letter runs over the whole axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_changes

from derive.errors import ModelError
from derive.language.axes import nameless
from derive.regions.shapes import Asked, Draft, Ranges, Shapes
from derive.system import accesses, size_name
from derive.values.affine import Affine, Index, indices, replace
from derive.values.binders import Binder, rebind
from derive.values.nodes import Access, Expr
from derive.values.text import render_expr, render_range
from derive.values.walks import walk

SPARE = (*"ijkpqrstuvefgh", *(f"{x}{n}" for n in range(1, 10) for x in "ijk"))


@dataclass
class Letters:
    """Gives axes letters: the model's own letters for a size first, then its unused ones, then new ones.

    `known` lists the letters that run over each size. One size keeps its letters through all equations.
    """

    declared: tuple[str, ...]
    taken: frozenset[str]
    shapes: Shapes
    known: dict[str, list[str]] = field(default_factory=dict)

    @property
    def new(self) -> tuple[str, ...]:
        """The letters that the model does not declare."""
        return tuple(dict.fromkeys(x for letters in self.known.values() for x in letters if x not in self.declared))

    def learn(self, drafts: Iterable[Draft]) -> None:
        """Note over which sizes the declared letters run in these finished equations."""
        found: dict[str, set[str]] = {}
        for draft in drafts:
            bounds = [(b.index, b.hi) for node in walk(draft.value) if isinstance(node, Binder) for b in node.bounds]
            for letter, hi in (*bounds, *((x, hi) for x, (_, hi) in draft.over.items())):
                found.setdefault(letter.name, set()).add(size_name(hi))
        for name in self.declared:
            for size in sorted(found.get(name, ())):
                self.known.setdefault(size, []).append(name)

    def draft(self, draft: Draft) -> Draft:
        """The equation with readable letters, which are none of those that its author wrote."""
        if not any(map(nameless, _all_letters(draft.target, draft.value))):
            return draft
        free = [*(x for p in draft.target.at for x in indices(p)), *draft.value.letters]
        names = self._names(free, draft.target, draft.value)
        target = draft.target.replaced(_values(names))
        assert isinstance(target, Access)
        own = set(_all_letters(draft.target, draft.value))
        value = self._put(draft.value, names, _written(own) | set(names.values()))
        return with_changes(draft, target=target, value=value, whole=frozenset(_all_letters(target, value)) - own)

    def asked(self, asked: Asked) -> Asked:
        """The prediction with readable letters."""
        draft = self.draft(asked.draft)
        new = dict(zip(asked.draft.target.at, draft.target.at, strict=True))
        over = new[Affine.of(asked.over)].letter if asked.over and nameless(asked.over) else asked.over
        return Asked(draft, asked.cut, over)

    def _names(self, letters: Iterable[Index], *exprs: Expr) -> dict[Index, Index]:
        names: dict[Index, Index] = {}
        scope = _written(x for e in exprs for x in _all_letters(e))
        for letter in letters:
            if nameless(letter) and letter not in names:
                names[letter] = self._pick(self._size(letter, exprs), scope | set(names.values()))
        return names

    def _put(self, expr: Expr, names: Mapping[Index, Index], scope: set[Index]) -> Expr:
        """The expression with names for its letters, those of each sum different from all letters around it."""
        if isinstance(expr, Binder):
            outer = names
            names = {x: y for x, y in names.items() if all(b.index != x for b in expr.bounds)}
            for bound in expr.bounds:
                if nameless(bound.index):
                    size = size_name(bound.hi)
                    size = size if size not in ("", "?") else self._size(bound.index, expr.children)
                    chosen = self._pick(size, scope)
                    names, scope = {**names, bound.index: chosen}, scope | {chosen}
            children = tuple(self._put(c, names, scope) for c in expr.children)
            named = expr.bind(rebind(expr.bounds, names), children)
            places = tuple(replace(p, _values(outer)) for p in expr.places)
            return named.moved(places) if isinstance(named, Binder) and places else named
        children = expr.children
        if children:
            return expr.rebuild(tuple(self._put(c, names, scope) for c in children))
        return expr.replaced(_values(names))

    def _size(self, letter: Index, exprs: Iterable[Expr]) -> str:
        """The size over which a letter runs: that of a slot in which it stands alone."""
        for access in (a for e in exprs for a in accesses(e)):
            tensor = self.shapes.tensors.get(access.tensor)
            for q, position in enumerate(access.at):
                if tensor and len(tensor.slots) == len(access.at) and position.letter == letter:
                    return size_name(tensor.range_of(q, access.at)[1])
        return ""

    def _pick(self, size: str, scope: set[Index]) -> Index:
        used = {x for letters in self.known.values() for x in letters}
        mine = self.known.setdefault(size, [])
        fresh = [x for x in (*self.declared, *SPARE) if x not in used and (x in self.declared or x not in self.taken)]
        chosen = next(x for x in (*mine, *fresh) if Index(x) not in scope)
        if chosen not in mine:
            mine.append(chosen)
        return Index(chosen)


def _values(names: Mapping[Index, Index]) -> dict[Index, Affine]:
    return {old: Affine.of(new) for old, new in names.items()}


def _written(letters: Iterable[Index]) -> set[Index]:
    return {x for x in letters if not nameless(x)}


def _all_letters(*exprs: Expr) -> list[Index]:
    """Every letter, free or bound."""
    bound = [b.index for e in exprs for node in walk(e) if isinstance(node, Binder) for b in node.bounds]
    return [*(x for e in exprs for x in e.letters), *bound]


def check_whole(draft: Draft, shapes: Shapes) -> None:
    """ModelError if a letter that stands for a whole axis leaves out a part of it, or two axes of it differ."""
    if draft.whole:
        _check_reads(draft.target, draft.over, draft, shapes)
        _check_reads(draft.value, draft.over, draft, shapes)


def _check_reads(expr: Expr, ranges: Ranges, draft: Draft, shapes: Shapes) -> None:
    if isinstance(expr, Binder):
        ranges = {**ranges, **{b.index: (b.lo, b.hi) for b in expr.bounds}}
    if isinstance(expr, Access) and expr.tensor in shapes.tensors:
        for q, position in enumerate(expr.at):
            letter = position.letter
            if letter not in draft.whole or letter not in ranges:
                continue
            (lo, hi), axis = ranges[letter], shapes.tensors[expr.tensor].range_of(q, expr.at)
            if not (shapes.facts.same(lo, axis[0]) and shapes.facts.same(hi, axis[1])):
                raise ModelError(
                    f"the axes differ: in {render_expr(expr)} the whole axis is {render_range(*axis)}, "
                    f"and {letter.name} runs over {render_range(lo, hi)} here",
                    source=draft.source,
                    fix=f"state all equations of {expr.tensor} above this one, or write its entries",
                )
    for child in expr.children:
        _check_reads(child, ranges, draft, shapes)
