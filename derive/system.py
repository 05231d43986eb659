"""The checked form of a model: frozen records that every later stage reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from derive.errors import ModelError, Source
from derive.language.functions import Function, elementary
from derive.values.affine import Affine, Index, Node, Size, Width, replace
from derive.values.binders import Binder, Bound
from derive.values.facts import Facts
from derive.values.nodes import Access, Call, Expr
from derive.values.walks import walk


@dataclass(frozen=True)
class Slot:
    """One position of a tensor: its letter, and its range in terms of the letters of the other slots."""

    index: Index
    lo: Affine
    hi: Affine


@dataclass(frozen=True)
class Tensor:
    """A named quantity. `role` is parameter, data, hyper or variable; a scalar has no slots.

    Integer data has `values`, the lowest and the highest place that its entries may mean.
    """

    name: str
    role: str
    slots: tuple[Slot, ...]
    latex: str = ""
    values: tuple[Affine, Affine] | None = None

    def range_of(self, slot: int, at: tuple[Affine, ...]) -> tuple[Affine, Affine]:
        """Lower and upper end of a slot when the other slots stand at `at`."""
        values: dict[Node, Affine] = {s.index: p for s, p in zip(self.slots, at, strict=True)}
        return replace(self.slots[slot].lo, values), replace(self.slots[slot].hi, values)


@dataclass(frozen=True)
class Equation:
    """`target = value` for all free indices of the target in `bounds`.

    The positions of the target are letters, or fixed places such as `1` or `L`. `id` is systematic: the variable,
    followed by its region where the variable has several equations (`a@l=1`).
    """

    id: str
    target: Access
    bounds: tuple[Bound, ...]
    value: Expr
    source: Source


@dataclass(frozen=True)
class Prediction:
    """What the model predicts: a value, whether it exceeds `cut`, or its largest entry over `over`."""

    value: Expr
    bounds: tuple[Bound, ...]
    cut: Expr | None = None
    over: Bound | None = None


@dataclass(frozen=True)
class Alias:
    """A textbook name for the adjoint equation of an entry at a position: `top` is d.z at [L, i, j]."""

    name: str
    target: Access
    source: Source


@dataclass(frozen=True)
class Stated:
    """A derivative that is a variable of the model: `target` = the derivative of `of` by the entry `by`.

    A directional derivative has pairs `along` in place of `by`: an input, and the tensor that is its direction.
    """

    target: Access
    of: Expr
    by: Access | None = None
    along: tuple[tuple[str, str], ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """What is differentiated by."""
        return (self.by.tensor,) if self.by is not None else tuple(given for given, _ in self.along)


@dataclass(frozen=True)
class Claim:
    """A formula that the author claims for a derivative, for all letters in `bounds`: it is judged and never used.

    `target` is an entry of `d.z`, or a Partial; `functions` are those that only claims use.
    """

    target: Expr
    value: Expr
    bounds: tuple[Bound, ...]
    source: Source
    functions: tuple[Function, ...] = ()


@dataclass(frozen=True)
class System:
    """A checked model. `equations` stand in written order; `objective` has target J and no free index.

    `sums` are declared facts, left = right for all letters; `errors` are letters for adjoints, z -> delta.
    `stated` are the derivatives among the variables, whose equations were derived. `claims` are no part of the model.
    """

    name: str
    title: str
    file: str
    sizes: tuple[str, ...]
    widths: tuple[str, ...]
    letters: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    functions: tuple[Function, ...]
    functionals: tuple[str, ...]
    equations: tuple[Equation, ...]
    objective: Equation
    facts: Facts
    sums: tuple[tuple[Expr, Expr], ...]
    aliases: tuple[Alias, ...]
    errors: tuple[tuple[str, str], ...]
    prediction: Prediction | None
    stated: tuple[Stated, ...] = ()
    claims: tuple[Claim, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Tensor]:
        return {t.name: t for t in self.tensors}

    @cached_property
    def letter_sizes(self) -> dict[str, frozenset[str]]:
        """For each letter the names of the sizes over which it runs in the equations."""
        found: dict[str, set[str]] = {}
        for equation in (*self.equations, self.objective):
            nested = (b for node in walk(equation.value) if isinstance(node, Binder) for b in node.bounds)
            for bound in (*equation.bounds, *nested):
                found.setdefault(bound.index.name, set()).add(size_name(bound.hi))
        return {letter: frozenset(names) for letter, names in found.items()}

    def tensor(self, name: str) -> Tensor:
        """The tensor of that name. ModelError if there is none."""
        if name not in self.by_name:
            raise ModelError(f"{name} is not a tensor of {self.name}", fix=f"one of {', '.join(self.by_name)}")
        return self.by_name[name]

    def adjoint_name(self, name: str) -> str:
        """The name of an adjoint in code: the declared letter (`delta` for z), or `d` and the name (`dw`)."""
        return dict(self.errors).get(name, f"d{name}")

    def role(self, role: str) -> tuple[Tensor, ...]:
        """The tensors of one role, in declared order."""
        return tuple(t for t in self.tensors if t.role == role)

    def equations_of(self, name: str) -> tuple[Equation, ...]:
        """The equations that define a variable, in written order."""
        return tuple(e for e in (*self.equations, self.objective) if e.target.tensor == name)

    def equation(self, ident: str) -> Equation:
        """The equation with that id. ModelError if there is none."""
        for equation in (*self.equations, self.objective):
            if equation.id == ident:
                return equation
        known = ", ".join(e.id for e in (*self.equations, self.objective))
        raise ModelError(f"{self.name} has no equation {ident}", fix=f"one of {known}")

    def function(self, name: str, count: int = 1) -> Function:
        """A function of the model, or the elementary function of that name."""
        for candidate in self.functions:
            if candidate.name == name:
                return candidate
        return elementary(name, count)


def size_name(hi: Affine) -> str:
    """The name of the size or width that ends a range, empty if it is a number."""
    return next((a.name for a, _ in hi.terms if isinstance(a, (Size, Width))), "")


def accesses(expr: Expr) -> tuple[Access, ...]:
    """Every entry in an expression, those inside positions included, from left to right."""
    found: list[Access] = []
    for node in walk(expr):
        if isinstance(node, Access):
            found.append(node)
        for position in node.places:
            for atom, _ in position.terms:
                if isinstance(atom, Expr):
                    found.extend(accesses(atom))
    return tuple(found)


def calls(expr: Expr) -> tuple[Call, ...]:
    """Every application of a function in an expression."""
    return tuple(node for node in walk(expr) if isinstance(node, Call))
