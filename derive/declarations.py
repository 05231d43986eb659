"""Declarations inside a model: sizes, indices, what is given or trained, variables, and facts about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import sympy

from derive.errors import ModelError, Source
from derive.language.assumptions import about_sizes, sum_of_data
from derive.language.declared import check_free, opaque, places_of, slots_of
from derive.language.entries import Quantity, outer_source
from derive.language.functions import checked_name
from derive.language.owner import Owner
from derive.language.surface import Formula
from derive.system import Tensor
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr
from derive.values.symbols import IndexSymbol, SizeSymbol


class Declarations(Owner):
    """The part of a model under construction that collects its names."""

    name: str
    _sizes: list[str]
    _widths: list[str]
    _letters: list[str]
    _tensors: dict[str, Tensor]
    _variables: list[str]
    _functionals: list[str]
    _latex: dict[str, str]
    _facts: Facts
    _sums: list[tuple[Expr, Expr]]
    _sources: dict[str, Source]
    _errors: dict[str, tuple[str, Source]]
    _closed: bool

    def sizes(self, names: str) -> Any:
        """Symbolic sizes, `m, L = model.sizes("m L")`: positive integers."""
        made = [SizeSymbol(self._declare(n, self._sizes), integer=True, positive=True) for n in names.split()]
        return made[0] if len(made) == 1 else tuple(made)

    def width(self, name: str) -> Callable[[Any], Any]:
        """A size that depends on a position: `n = model.width("n")`, then `n(l - 1)`."""
        self._declare(name, self._widths)
        head: Any = sympy.Function(name, integer=True, positive=True)
        head.is_width = True
        width: Callable[[Any], Any] = head
        return width

    def indices(self, names: str) -> Any:
        """Index letters, `i, j, k, l = model.indices("i j k l")`; ranges follow from where they stand."""
        made = [IndexSymbol(self._declare(n, self._letters), integer=True) for n in names.split()]
        return made[0] if len(made) == 1 else tuple(made)

    def data(self, **shapes: Any) -> Any:
        """Given tensors that are not trained: `x, y = model.data(x=(m, n(1)), y=(m, n(L)))`."""
        return self._tensors_of("data", shapes, None)

    def integers(self, *, over: Any = None, **shapes: Any) -> Any:
        """Given places, used inside brackets: `label = model.integers(label=(m,), over=(1, n))`, `w[label[i], k]`.

        In generated code they count from 0, as rows of arrays do: the place `over[0]` is 0.
        """
        ends = places_of(over)
        made = self._tensors_of("data", shapes, None)
        for name in shapes:
            self._tensors[name] = replace(self._tensors[name], values=ends)
        return made

    def is_integer(self, name: str) -> bool:
        """Is this tensor integer data?"""
        return name in self._tensors and self._tensors[name].values is not None

    def parameters(self, *, over: Any = None, **shapes: Any) -> Any:
        """What is trained: `model.parameters(w=(l, n(l), n(l - 1)), over=(l, 2, L))`.

        A slot is a size, or the index of `over`, whose range it states; the other slots may depend on that index.
        """
        return self._tensors_of("parameter", shapes, over)

    def hyper(self, name: str, *, latex: str = "") -> Formula:
        """A named scalar that is given and not trained."""
        self._tensors[name] = Tensor(self._declare(name), "hyper", (), latex)
        return Formula(Access(name), self)

    def variables(self, names: str, **latex: str) -> Any:
        """Quantities that equations define."""
        for name in names.split():
            self._variables.append(self._declare(name))
        self._latex = {**self._latex, **latex}
        return self._quantities(names.split())

    def functional(self, name: str) -> Callable[..., Formula]:
        """An opaque scalar function of whole vectors: `cost = model.functional("cost")`, `cost(a[L, :], y[:])`."""
        self._declare(name, self._functionals)

        def apply(*rows: Any) -> Formula:
            return Formula(opaque(name, rows), self)

        return apply

    def assume(self, *facts: Any) -> None:
        """Declared facts: `L >= 3`, `Eq(n(L), n(1))`, `Eq(Sum(y[i, j], j), 1)`. Nothing undeclared is used."""
        self._check_open()
        for fact in facts:
            if isinstance(fact, sympy.Eq) and isinstance(fact.lhs, Formula):
                self._sums.append(sum_of_data(fact, self._tensors))
            else:
                self._facts = about_sizes(fact, self._facts)

    def _declare(self, name: str, into: list[str] | None = None) -> str:
        self._check_open()
        check_free(checked_name(name), self._taken())
        self._yield_letter(name)
        if into is not None:
            into.append(name)
        return name

    def _yield_letter(self, name: str) -> None:
        """Take a name from what a derivation chose it for."""
        raise NotImplementedError

    def _taken(self) -> set[str]:
        own = (self._sizes, self._widths, self._letters, self._tensors, self._variables, self._functionals)
        return {*(name for names in own for name in names), *(letter for letter, _ in self._errors.values())}

    def _check_open(self) -> None:
        if self._closed:
            raise ModelError(
                f"the block of the model {self.name} has ended, so this line adds nothing to it",
                source=outer_source(),
                fix="move the line into the block, by four more spaces",
            )

    def _quantities(self, names: Iterable[str]) -> Any:
        made = [Quantity(n, self) for n in names]
        return made[0] if len(made) == 1 else tuple(made)

    def _tensors_of(self, role: str, shapes: dict[str, Any], over: Any) -> Any:
        made = []
        for name, shape in shapes.items():
            self._declare(name)
            shape = shape if isinstance(shape, tuple) else (shape,)
            self._sources[name] = outer_source()
            self._tensors[name] = Tensor(name, role, slots_of(shape, over))
            made.append(Quantity(name, self) if shape else Formula(Access(name), self))
        return made[0] if len(made) == 1 else tuple(made)
