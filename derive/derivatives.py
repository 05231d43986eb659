"""Derivatives inside a model: what the equations so far give is a variable for the equations that follow."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace as with_changes
from typing import Any

from derive.adjoint import derive
from derive.calculus.forward import Jacobian, directional
from derive.calculus.reverse import adjoint_drafts, check_slope
from derive.declarations import Declarations
from derive.errors import ModelError, Source
from derive.language.entries import Quantity, source_of
from derive.language.surface import Formula, lift
from derive.regions.letters import relettered, spare_letters
from derive.regions.shapes import Draft
from derive.system import Stated, System, accesses
from derive.values.affine import Affine, Index, indices, replace
from derive.values.binders import Binder
from derive.values.nodes import ONE, Access, Expr
from derive.values.text import render_expr
from derive.values.walks import walk


class Derivatives(Declarations):
    """The part of a model under construction that derives equations from those stated so far."""

    _drafts: list[Draft]
    _stated: list[Stated]

    def _resolved(self, drafts: tuple[Draft, ...], objective: Draft, *, whole: bool = False) -> System:
        """The system of some of the equations with another objective."""
        raise NotImplementedError

    def gradient(self, names: str, of: Any, by: Any) -> Any:
        """The gradient of a scalar as a variable: `g = model.gradient("g", Sum(f[i], i), by=x)`, then `g[i, k]`.

        Several inputs share one backward pass: `gw, gb = model.gradient("gw gb", cost, by=(w, b))`. The equations on
        which the scalar rests stand above. Raises ModelError for a scalar that is none or does not depend on an
        input, for an input that is integer data, and for a name that is taken.
        """
        source = source_of(sys._getframe(1))
        try:
            made = self._announced(names, [self._input(x) for x in _several(by)], "by")
            system = self._so_far(lift(of), made, source)
            derivation = derive(system, tuple(made))
            for given in made:
                check_slope(derivation, given)
            self._drafts.extend(adjoint_drafts(derivation, self._beside(made), source))
        except ModelError as error:
            raise error.at(source) from None
        for given, name in made.items():
            at = _letters(system, given)
            self._stated.append(Stated(Access(name, at), system.objective.value, Access(given, at)))
        return self._quantities(made.values())

    def tangent(self, names: str, of: Any, /, **along: Any) -> Any:
        """A directional derivative as a variable: `f_dot = model.tangent("f_dot", f, x=u, w=v)` along x + s u, w + s v.

        Inputs are data, parameters or hyper-parameters, each with a direction of the same shape; all others stand
        still. `of` is a variable, or several. Raises ModelError as `gradient` does, and for a direction of another
        shape.
        """
        source = source_of(sys._getframe(1))
        try:
            made = self._announced(names, [self._name(x) for x in _several(of)], "of")
            pairs = tuple((self._moved(x), self._name(u)) for x, u in along.items())
            system = self._so_far(ONE, (*made, *(name for pair in pairs for name in pair)), source)
            self._drafts.extend(directional(system, tuple(made), pairs, self._beside(made), source))
        except ModelError as error:
            raise error.at(source) from None
        for output, name in made.items():
            at = _letters(system, output)
            self._stated.append(Stated(Access(name, at), Access(output, at), None, pairs))
        return self._quantities(made.values())

    def jacobian(self, name: str, of: Any, by: Any) -> Any:
        """All derivatives of a variable by an input: `D = model.jacobian("D", h, by=x)` is read as `D[i, j, p, k]`.

        With indices, `model.jacobian("D", h[i, j], by=x[i, k])`, a letter that stands in both is one place in both:
        D[i, j, k] is dh[i, j]/dx[i, k]. The cost is that of one forward pass for each entry of the input; along an
        index that all equations carry through, such as that of the samples, one pass serves all its places. Raises
        ModelError as `gradient` does.
        """
        source = source_of(sys._getframe(1))
        try:
            output, given = self._name(of), self._input(by)
            made = self._announced(name, [output], "of")
            system = self._so_far(ONE, (output, given), source)
            first, second = _entries(system, of, by, output, given)
            letters = dict.fromkeys(x for p in (*first.at, *second.at) for x in indices(p))
            target = Access(name, tuple(map(Affine.of, letters)))
            self._drafts.extend(Jacobian(target, first, second).drafts(system, self._beside({"": name}), source))
        except ModelError as error:
            raise error.at(source) from None
        self._stated.append(Stated(target, first, second))
        return self._quantities(made.values())

    def _yield_letter(self, name: str) -> None:
        """What is declared takes its name from a letter that a derivation chose."""
        if self._stated:
            self._drafts[:] = [_without(name, d) for d in self._drafts]

    def _announced(self, names: str, tensors: list[str], what: str) -> dict[str, str]:
        """For each tensor the name of the new variable."""
        words = names.split()
        if len(words) != len(tensors) or len(set(tensors)) != len(tensors):
            raise ModelError(
                f"{len(words)} names for {len(set(tensors))} derivatives",
                fix=f"one name for each tensor in `{what}`, separated by spaces",
            )
        return {tensor: self._declare(word, self._variables) for tensor, word in zip(tensors, words, strict=True)}

    def _beside(self, made: Mapping[str, str]) -> Callable[[str], str]:
        """Names for what lies on the way: `g_z` for the adjoint of z, where the gradient is g."""
        first = next(iter(made.values()))
        return lambda tensor: made.get(tensor) or self._declare(f"{first}_{tensor}", self._variables)

    def _name(self, tensor: Any) -> str:
        """The name of a tensor of this model, given whole or by an entry."""
        if getattr(tensor, "owner", None) is self:
            if isinstance(tensor, Quantity):
                return tensor.name
            if isinstance(tensor, Formula) and isinstance(tensor.node, Access):
                return tensor.node.tensor
        raise ModelError(
            f"{tensor} is no tensor of this model", fix="give data, a parameter or a variable by its name: by=x"
        )

    def _input(self, tensor: Any) -> str:
        """The name of what is differentiated by."""
        return self._checked(self._name(tensor))

    def _moved(self, name: str) -> str:
        """A name that has a direction."""
        if name not in self._tensors:
            raise ModelError(
                f"{name} is computed or not declared, so it has no direction of its own", fix="give data or parameters"
            )
        return self._checked(name)

    def _checked(self, name: str) -> str:
        if name in self._tensors and self._tensors[name].values is not None:
            raise ModelError(
                f"{name} is integer data, and there is no derivative by places",
                fix="differentiate by what is read at these places",
            )
        return name

    def _so_far(self, goal: Expr, names: Iterable[str], source: Source) -> System:
        """The equations stated so far on which the goal and the named tensors rest."""
        wanted = dict.fromkeys((*names, *(a.tensor for a in accesses(goal))))
        left = list(wanted)
        while left:
            name = left.pop(0)
            own = [d for d in self._drafts if d.target.tensor == name]
            if name in self._variables and not own:
                raise ModelError(f"{name} has no equation yet", fix=f"state the equations of {name} above this line")
            new = dict.fromkeys(a.tensor for d in own for a in accesses(d.value) if a.tensor not in wanted)
            wanted.update(new)
            left.extend(new)
        drafts = tuple(d for d in self._drafts if d.target.tensor in wanted)
        return self._resolved(drafts, Draft(Access("J"), goal, {}, source))


def _without(name: str, draft: Draft) -> Draft:
    """The equation with another letter for this one, with a number that makes it new."""
    used = {x.name for x in draft.over} | {x.name for x in draft.value.letters}
    used |= {b.index.name for node in walk(draft.value) if isinstance(node, Binder) for b in node.bounds}
    if name not in used:
        return draft
    new = next(x for x in (f"{name}{n}" for n in range(1, len(used) + 2)) if x not in used)
    old, values = Index(name), {Index(name): Affine.of(Index(new))}
    target, value = draft.target.replaced(values), relettered(draft.value.replaced(values), {name: new})
    assert isinstance(target, Access)
    over = {
        Index(new) if x == old else x: (replace(lo, values), replace(hi, values)) for x, (lo, hi) in draft.over.items()
    }
    return with_changes(draft, target=target, value=value, over=over)


def _several(tensors: Any) -> tuple[Any, ...]:
    return tensors if isinstance(tensors, tuple) else (tensors,)


def _letters(system: System, name: str) -> tuple[Affine, ...]:
    return tuple(Affine.of(s.index) for s in system.tensor(name).slots)


def _entries(system: System, of: Any, by: Any, output: str, given: str) -> tuple[Access, Access]:
    """The two entries of a Jacobian: as written, or with letters of their own where whole tensors are given."""
    written = [x for x in (of, by) if isinstance(x, Formula) and isinstance(x.node, Access) and x.node.at]
    whole = [x for x in (of, by) if isinstance(x, Quantity)]
    if written and whole:
        raise ModelError(
            "one of the two has indices, the other has none",
            fix="model.jacobian(name, h, by=x), or with the indices of both: h[i, j], by=x[i, k]",
        )
    if written:
        return _entry(of), _checked(_entry(by))
    first = Access(output, _letters(system, output))
    used = {x.name for p in first.at for x in indices(p)}
    letters = []
    for slot in system.tensor(given).slots:
        names = (slot.index.name, *system.letters, *spare_letters(system))
        letters.append(next(n for n in names if n not in used))
        used.add(letters[-1])
    return first, Access(given, tuple(Affine.of(Index(n)) for n in letters))


def _entry(tensor: Formula) -> Access:
    node = tensor.node
    assert isinstance(node, Access)
    return node


def _checked(entry: Access) -> Access:
    letters = [p.letter for p in entry.at]
    if None in letters or len(set(letters)) < len(letters):
        raise ModelError(
            f"{render_expr(entry)} does not stand for every entry of {entry.tensor}",
            fix="a letter for each index: by=x[i, k]",
        )
    return entry
