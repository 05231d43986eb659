"""The language: a model is a short file of index equations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from derive.claims import Claims
from derive.derivatives import Derivatives
from derive.errors import ModelError, Source
from derive.language.axis_letters import Letters
from derive.language.claimed import with_claims
from derive.language.declared import (
    RESERVED,
    check_errors,
    check_shapes,
    check_sizes,
)
from derive.language.entries import named_by, source_of
from derive.language.functions import Function, checked_name
from derive.language.operators import explained
from derive.language.prediction import asked, opened_value
from derive.language.ranges import resolve, seen_so_far
from derive.language.stated import check_defines, check_used, stated, stated_range, with_range
from derive.language.surface import check_owner, lift
from derive.language.unresolved import Unresolved, with_ranges
from derive.language.unused import check_unused
from derive.regions.shapes import Asked, Draft, Shapes
from derive.system import Alias, Stated, System, Tensor
from derive.values.affine import Affine, Index
from derive.values.facts import Facts
from derive.values.nodes import DERIVED, Access, Expr


class Model(Derivatives, Claims):
    """A model under construction, used as `with Model("mlp") as model:`; leaving the block checks it.

    `title` is the sentence that the report shows. Raises ModelError, with file and line, for anything that cannot
    be meant: unbound or unused indices, two ranges for one index, gaps or overlaps of regions, undefined entries,
    cycles, undeclared size equalities.
    """

    def __init__(self, name: str, title: str = "") -> None:
        frame = sys._getframe(1)
        self.name = checked_name(name, "model name")
        self.title = title or (frame.f_globals.get("__doc__") or "").strip().split("\n")[0]
        self.file = frame.f_code.co_filename
        self._sizes: list[str] = []
        self._widths: list[str] = []
        self._letters: list[str] = []
        self._tensors: dict[str, Tensor] = {}
        self._variables: list[str] = []
        self._functions: dict[str, Function] = {}
        self._functionals: list[str] = []
        self._latex: dict[str, str] = {}
        self._drafts: list[Draft] = []
        self._stated: list[Stated] = []
        self._objective: Draft | None = None
        self._facts = Facts()
        self._sums: list[tuple[Expr, Expr]] = []
        self._closed = False
        self._sources: dict[str, Source] = {}
        self._aliases: list[Alias] = []
        self._claims: list[Draft] = []
        self._errors: dict[str, tuple[str, Source]] = {}
        self._prediction: Asked | None = None
        self._seen: tuple[Any, Shapes] | None = None
        self._regions: dict[Index, tuple[Affine, Affine]] = {}
        self._system: System | None = None

    def __enter__(self) -> Model:
        self._check_open()
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in ("name", "title", "file"):
            raise ModelError(f"a model has no {name} to set", fix="declare and state by calls: model.minimise(...)")
        super().__setattr__(name, value)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        error = explained(error)
        if isinstance(error, ModelError) and error.source is None:
            while trace.tb_next and trace.tb_frame.f_code.co_filename != self.file:
                trace = trace.tb_next
            raise error.at(source_of(trace.tb_frame, trace.tb_lineno)) from None
        self._closed = True
        if kind is None:
            self._system = self._check()

    @property
    def system(self) -> System:
        """The checked model. ModelError while its `with` block is open."""
        if self._system is None:
            raise ModelError(
                f"the model {self.name} is not complete", fix="write its equations inside `with Model(...)`"
            )
        return self._system

    # equations

    @contextmanager
    def over(self, index: Any, lo: Any, hi: Any) -> Iterator[None]:
        """The equations inside hold for `index` = lo..hi only; the region may be empty."""
        self._check_open()
        bound = stated_range(index, lo, hi)
        before, count, claims = self._regions, len(self._drafts), len(self._claims)
        self._regions = with_range(before, bound)
        try:
            yield
        finally:
            self._regions = before
        check_used(bound, [*self._drafts[count:], *self._claims[claims:]])

    def state(self, target: Access, value: Any, source: Source) -> None:
        """Add one equation."""
        self._check_open()
        check_defines(target, self._variables)
        check_owner(self, value)
        try:
            node = lift(value)
        except TypeError as error:
            raise ModelError(f"the right side is no value: {error}") from None
        self._drafts.append(stated(Draft(target, node, dict(self._regions), source)))

    def minimise(self, objective: Any) -> None:
        """The scalar that is trained: J."""
        self._check_open()
        source = source_of(sys._getframe(1))
        if self._objective is not None:
            raise ModelError(f"a second objective; the first is at line {self._objective.source.line}", source=source)
        try:
            check_owner(self, objective)
            self._objective = stated(Draft(Access("J"), lift(objective), self._regions, source))
        except ModelError as error:
            raise error.at(source) from None

    def alias(self, **aliases: Any) -> None:
        """Textbook names for derived equations, used by printers and the command line only."""
        self._check_open()
        source = source_of(sys._getframe(1))
        for name, named in aliases.items():
            if name in (x.name for x in self._aliases):
                raise ModelError(f"the alias {name} is given twice", source=source, fix="choose another name")
            target = named_by(named)
            if target is None:
                raise ModelError(f"{name} names nothing", source=source, fix=f"model.alias({name}=d(z[L, i, j]))")
            self._aliases.append(Alias(checked_name(name, "alias"), target, source))

    def error(self, **letters: str) -> None:
        """Letters for adjoints: `model.error(z="delta")` calls dJ/dz delta."""
        source = source_of(sys._getframe(1))
        for variable, letter in letters.items():
            if variable in self._errors:
                raise ModelError(f"the error of {variable} has a letter already", source=source, fix="remove one")
            self._declare(letter)
            self._errors[variable] = letter, source

    def predict(self, prediction: Any) -> None:
        """What `predict` returns: a value, a comparison `a[L, i, j] > 0`, or `argmax(a[L, i, j], j)`."""
        self._check_open()
        source = source_of(sys._getframe(1))
        if self._prediction is not None:
            raise ModelError(
                "a second prediction", source=source, fix="predict one value; forward() returns the others"
            )
        try:
            check_owner(self, prediction)
            self._prediction = asked(prediction, source)
        except ModelError as error:
            raise error.at(source) from None

    # machinery

    def register(self, function: Any) -> None:
        """Remember a function that an equation uses; one name, one formula."""
        known = self._functions.setdefault(function.name, function)
        if known != function:
            raise ModelError(
                f"two functions are called {function.name}: {known.formula} and {function.formula}",
                fix="give one of them another name",
            )

    def known_facts(self) -> Facts:
        """The facts declared so far, and those that the declared ranges imply."""
        return with_ranges(self._facts, tuple(self._tensors.values()))

    def known_tensor(self, name: str) -> Tensor | None:
        """A tensor whose shape is declared, or follows from the equations stated so far."""
        name = name.removeprefix(DERIVED)
        if name in self._tensors:
            return self._tensors[name]
        known = len(self._drafts), len(self._tensors), self._facts
        if self._seen is None or self._seen[0] != known:
            self._seen = known, seen_so_far(tuple(self._drafts), self._tensors, self.known_facts())[0]
        return self._seen[1].tensors.get(name)

    def _check(self) -> System:
        if self._objective is None:
            raise ModelError(f"the model {self.name} has no objective", fix="model.minimise(...)")
        if not any(t.role == "parameter" for t in self._tensors.values()):
            raise ModelError(
                f"the model {self.name} has no parameters, so there is no gradient",
                source=self._objective.source,
                fix="declare what is trained: model.parameters(w=(n,))",
            )
        check_shapes(self._tensors.values(), self.known_facts(), self._sources)
        check_sizes((*self._drafts, self._objective), self._tensors.values(), {*self._sizes, *self._widths, "?"})
        check_errors(self._errors, {*self._tensors, *self._variables})
        system = self._resolved(tuple(self._drafts), self._objective, whole=True)
        check_unused(system, self._sources)
        return with_claims(system, self._claims, frozenset(self._taken() | RESERVED | set(self._functions)))

    def _resolved(self, drafts: tuple[Draft, ...], objective: Draft, *, whole: bool = False) -> System:
        shapes, done = seen_so_far(drafts, self._tensors, self.known_facts())
        taken = frozenset(self._taken() | RESERVED | set(self._functions))
        letters = Letters(tuple(self._letters), taken, shapes)
        letters.learn(done)
        named = [letters.draft(d) for d in (*drafts, objective)]
        sums = [(letters.draft(opened_value(left, objective.source)).value, right) for left, right in self._sums]
        prediction = letters.asked(self._prediction) if self._prediction and whole else None
        unresolved = Unresolved(
            name=self.name,
            title=self.title,
            file=self.file,
            sizes=tuple(self._sizes),
            widths=tuple(self._widths),
            letters=(*self._letters, *letters.new),
            tensors=tuple(self._tensors.values()),
            variables=tuple(self._variables),
            latex=self._latex,
            functions=tuple(self._functions.values()),
            functionals=tuple(self._functionals),
            drafts=tuple(named[:-1]),
            objective=named[-1],
            facts=self._facts,
            sums=tuple(sums),
            aliases=tuple(self._aliases) if whole else (),
            errors=tuple((variable, letter) for variable, (letter, _) in self._errors.items()) if whole else (),
            prediction=prediction,
            stated=tuple(self._stated) if whole else (),
        )
        return resolve(unresolved)
