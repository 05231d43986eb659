"""The language: a model is a short file of index equations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sympy

from derive.affine import Affine, Index, Size, Width
from derive.axes import UNKNOWN
from derive.axis_letters import Letters
from derive.derivatives import Derivatives
from derive.entries import Named, Quantity, outer_source, source_of
from derive.errors import ModelError, Source
from derive.expression import Access, Bound, Expr, Functional, substitute
from derive.facts import Facts
from derive.functions import Function, checked_name
from derive.operators import explained
from derive.prediction import asked, opened_value
from derive.ranges import resolve, seen_so_far
from derive.shapes import Asked, Draft, Shapes, unshifted
from derive.surface import Formula, IndexSymbol, SizeSymbol, lift, lift_affine, raised
from derive.system import Alias, Slot, Stated, System, Tensor

RESERVED = frozenset(
    "J np sizes seed dtype parameters gradient cost forward predict train initial pack unpack d stop".split()
)


class Model(Derivatives):
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
        self._aliases: list[Alias] = []
        self._errors: dict[str, str] = {}
        self._prediction: Asked | None = None
        self._seen: tuple[Any, Shapes] | None = None
        self._regions: dict[Index, tuple[Affine, Affine]] = {}
        self._system: System | None = None

    def __enter__(self) -> Model:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        error = explained(error)
        if isinstance(error, ModelError) and error.source is None:
            while trace.tb_next and trace.tb_frame.f_code.co_filename != self.file:
                trace = trace.tb_next
            raise error.at(source_of(trace.tb_frame, trace.tb_lineno)) from None
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

    # declarations

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

    def integers(self, *, over: tuple[Any, Any], **shapes: Any) -> Any:
        """Given places, used inside brackets: `label = model.integers(label=(m,), over=(1, n))`, `w[label[i], k]`.

        In generated code they count from 0, as rows of arrays do: the place `over[0]` is 0.
        """
        made = self._tensors_of("data", shapes, None)
        ends = lift_affine(over[0]), lift_affine(over[1])
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
        self._add(Tensor(self._declare(name), "hyper", (), latex))
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
            return Formula(self._functional(name, rows), self)

        return apply

    def assume(self, *facts: Any) -> None:
        """Declared facts: `L >= 3`, `Eq(n(L), n(1))`, `Eq(Sum(y[i, j], j), 1)`. Nothing undeclared is used."""
        for fact in facts:
            self._assume(fact)

    def _assume(self, fact: Any) -> None:
        if fact is True or fact is sympy.true:
            return
        if isinstance(fact, sympy.Eq) and isinstance(fact.lhs, Formula):
            self._sums.append((fact.lhs.node, lift(fact.rhs)))
        elif isinstance(fact, sympy.Eq):
            left, right = lift_affine(fact.lhs), lift_affine(fact.rhs)
            if not isinstance(left.alone, (Size, Width)):
                raise ModelError(f"{fact.lhs} is not a size", fix="put the size alone on the left: Eq(n(L), n(1))")
            self._facts = Facts((*self._facts.equal, (left.alone, right)), self._facts.at_least)
        elif isinstance(fact, (sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt)):
            gap = lift_affine(fact.gts) - lift_affine(fact.lts)
            self._facts = self._facts.with_bounds([gap if isinstance(fact, (sympy.Ge, sympy.Le)) else gap - 1])
        else:
            raise ModelError(f"{fact} is not a fact about sizes or sums", fix="L >= 3, or Eq(n(L), n(1))")

    # equations

    @contextmanager
    def over(self, index: Any, lo: Any, hi: Any) -> Iterator[None]:
        """The equations inside hold for `index` = lo..hi only; the region may be empty."""
        letter, before = Index(index.name), dict(self._regions)
        self._regions = {**before, letter: (lift_affine(lo), lift_affine(hi))}
        try:
            yield
        finally:
            self._regions = before

    def state(self, target: Access, value: Any, source: Source) -> None:
        """Add one equation."""
        if target.tensor not in self._variables:
            raise ModelError(
                f"{target.tensor} is given, so no equation may define it",
                fix=f'declare it with model.variables("{target.tensor}")',
            )
        try:
            node = lift(value)
        except TypeError as error:
            raise ModelError(f"the right side is no value: {error}") from None
        self._drafts.append(unshifted(Draft(target, node, dict(self._regions), source)))

    def minimise(self, objective: Any) -> None:
        """The scalar that is trained: J."""
        source = source_of(sys._getframe(1))
        if self._objective is not None:
            raise ModelError(f"a second objective; the first is at line {self._objective.source.line}", source=source)
        try:
            self._objective = Draft(Access("J"), lift(objective), {}, source)
        except ModelError as error:
            raise error.at(source) from None

    def alias(self, **aliases: Named) -> None:
        """Textbook names for derived equations, used by printers and the command line only."""
        source = source_of(sys._getframe(1))
        for name, named in aliases.items():
            if not isinstance(named, Named):
                raise ModelError(f"{name} names nothing", source=source, fix=f"model.alias({name}=d(z[L, i, j]))")
            self._aliases.append(Alias(checked_name(name, "alias"), named.target, source))

    def error(self, **letters: str) -> None:
        """Letters for adjoints: `model.error(z="delta")` calls dJ/dz delta."""
        for variable, letter in letters.items():
            self._declare(letter)
            self._errors[variable] = letter

    def predict(self, prediction: Any) -> None:
        """What `predict` returns: a value, a comparison `a[L, i, j] > 0`, or `argmax(a[L, i, j], j)`."""
        source = source_of(sys._getframe(1))
        try:
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
        return self._facts.with_bounds(
            s.hi - s.lo for t in self._tensors.values() for s in t.slots if s.index.name[0] != "_"
        )

    def known_tensor(self, name: str) -> Tensor | None:
        """A tensor whose shape is declared, or follows from the equations stated so far."""
        if name in self._tensors:
            return self._tensors[name]
        known = len(self._drafts), len(self._tensors), self._facts
        if self._seen is None or self._seen[0] != known:
            self._seen = known, seen_so_far(tuple(self._drafts), self._tensors, self.known_facts())[0]
        return self._seen[1].tensors.get(name)

    def _declare(self, name: str, into: list[str] | None = None) -> str:
        checked_name(name)
        taken = self._taken()
        if name in taken or name in RESERVED:
            raise ModelError(
                f"the name {name} is " + ("declared twice" if name in taken else "reserved"),
                source=outer_source(),
                fix="choose another letter",
            )
        self._yield_letter(name)
        if into is not None:
            into.append(name)
        return name

    def _taken(self) -> set[str]:
        own = (self._sizes, self._widths, self._letters, self._tensors, self._variables, self._functionals)
        return {*(name for names in own for name in names), *self._errors.values()}

    def _quantities(self, names: Iterable[str]) -> Any:
        made = [Quantity(n, self) for n in names]
        return made[0] if len(made) == 1 else tuple(made)

    def _add(self, tensor: Tensor) -> None:
        self._tensors[tensor.name] = tensor

    def _tensors_of(self, role: str, shapes: dict[str, Any], over: Any) -> Any:
        made = []
        for name, shape in shapes.items():
            self._declare(name)
            shape = shape if isinstance(shape, tuple) else (shape,)
            self._add(Tensor(name, role, tuple(_slot(q, s, over) for q, s in enumerate(shape))))
            made.append(Quantity(name, self) if shape else Formula(Access(name), self))
        return made[0] if len(made) == 1 else tuple(made)

    def _functional(self, name: str, rows: tuple[Any, ...]) -> Functional:
        bodies, bounds = [], []
        for q, row in enumerate(map(raised, rows)):
            if len(row.axes) != 1 or not isinstance(row.node, Access):
                raise ModelError(f"{name} takes whole vectors, with one `:` each", fix=f"{name}(a[L, i, :], y[i, :])")
            letter = Index(f"_{q}")
            bodies.append(substitute(row.node, {row.letters[0]: Affine.of(letter)}))
            bounds.append(Bound(letter, UNKNOWN, UNKNOWN))
        return Functional(name, tuple(bodies), tuple(bounds))

    def _check(self) -> System:
        if self._objective is None:
            raise ModelError(f"the model {self.name} has no objective", fix="model.minimise(...)")
        if not any(t.role == "parameter" for t in self._tensors.values()):
            raise ModelError(
                f"the model {self.name} has no parameters, so there is no gradient",
                source=self._objective.source,
                fix="declare what is trained: model.parameters(w=(n,))",
            )
        return self._resolved(tuple(self._drafts), self._objective, whole=True)

    def _resolved(self, drafts: tuple[Draft, ...], objective: Draft, *, whole: bool = False) -> System:
        shapes, done = seen_so_far(drafts, self._tensors, self.known_facts())
        taken = frozenset(self._taken() | RESERVED | set(self._functions))
        letters = Letters(tuple(self._letters), taken, shapes)
        letters.learn(done)
        named = [letters.draft(d) for d in (*drafts, objective)]
        sums = [(letters.draft(opened_value(left, objective.source)).value, right) for left, right in self._sums]
        prediction = letters.asked(self._prediction) if self._prediction and whole else None
        return resolve(
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
            errors=tuple(self._errors.items()) if whole else (),
            prediction=prediction,
            stated=tuple(self._stated) if whole else (),
        )


def _slot(position: int, spec: Any, over: Any) -> Slot:
    if isinstance(spec, IndexSymbol):
        if not isinstance(over, tuple) or len(over) != 3 or over[0] != spec:
            raise ModelError(f"the slot {spec} has no range", source=outer_source(), fix=f"over=({spec}, 2, L)")
        return Slot(Index(spec.name), lift_affine(over[1]), lift_affine(over[2]))
    return Slot(Index(f"_{position}"), Affine.of(1), lift_affine(spec))
