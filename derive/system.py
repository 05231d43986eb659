"""The checked form of a model: frozen records that every later stage reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from derive.errors import ModelError, Source
from derive.graphs import components, grouped
from derive.language.functions import Function, elementary
from derive.values.affine import Affine, Index, Node, Size, Width, replace
from derive.values.binders import Binder, Bound, MatrixFunction, Sum
from derive.values.facts import Facts
from derive.values.match import class_of
from derive.values.nodes import MINUS_ONE, Access, Call, Expr, Mul, Pow
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

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The quantities whose entries stand on the right side, in written order."""
        return tuple(dict.fromkeys(a.tensor for a in accesses(self.value)))

    @cached_property
    def quotient(self) -> tuple[Expr, Expr] | None:
        """N and D of a right side N / D whose denominator is a sum over an index."""
        if isinstance(self.value, Mul) and len(self.value.factors) == 2:
            above, below = self.value.factors
            if isinstance(below, Pow) and below.exponent == MINUS_ONE and isinstance(below.base, Sum):
                return above, below.base
        return None


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
class Declared:
    """What a model is called, and the names that it declares."""

    name: str
    title: str
    file: str
    sizes: tuple[str, ...]
    widths: tuple[str, ...]
    letters: tuple[str, ...]
    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class System(Declared):
    """A checked model. `equations` stand in written order; `objective` has target J and no free index.

    `sums` are declared facts, left = right for all letters; `errors` are letters for adjoints, z -> delta.
    `stated` are the derivatives among the variables, whose equations were derived. `claims` are no part of the model.
    """

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

    @cached_property
    def integers(self) -> dict[str, tuple[Affine, Affine]]:
        """Integer data, with the lowest and the highest place that its entries may mean."""
        return {t.name: t.values for t in self.tensors if t.values is not None}

    @cached_property
    def inverses(self) -> tuple[MatrixFunction, ...]:
        """The inverses that the equations ask for."""
        values = [e.value for e in (*self.equations, self.objective)]
        return tuple(n for v in values for n in walk(v) if isinstance(n, MatrixFunction) and n.op == "inverse")

    @cached_property
    def applied(self) -> dict[str, tuple[Equation, ...]]:
        """The equations that define a function of something, by the class of their right sides."""
        found = (e for e in self.equations if isinstance(e.value, (Call, MatrixFunction)))
        return grouped((class_of(e.value), e) for e in found)

    @cached_property
    def quotients(self) -> dict[str, tuple[int, ...]]:
        """The numbers of the equations that define a quotient by a sum, by the class of the numerator."""
        stated = ((q, e.quotient) for q, e in enumerate(self.equations))
        return grouped((class_of(parts[0]), q) for q, parts in stated if parts is not None)

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
        return self._by_target.get(name, ())

    @cached_property
    def _by_target(self) -> dict[str, tuple[Equation, ...]]:
        return grouped((e.target.tensor, e) for e in (*self.equations, self.objective))

    def equation(self, ident: str) -> Equation:
        """The equation with that id. ModelError if there is none."""
        if ident not in self._by_id:
            raise ModelError(f"{self.name} has no equation {ident}", fix=f"one of {', '.join(self._by_id)}")
        return self._by_id[ident]

    @cached_property
    def _by_id(self) -> dict[str, Equation]:
        return {e.id: e for e in (*self.equations, self.objective)}

    @cached_property
    def recurrent(self) -> frozenset[str]:
        """The variables whose entries rest on other entries of themselves, directly or through others."""
        names = {name: q for q, name in enumerate(dict.fromkeys(e.target.tensor for e in self.equations))}
        after: list[set[int]] = [set() for _ in names]
        for equation in self.equations:
            after[names[equation.target.tensor]] |= {names[n] for n in equation.reads if n in names}
        groups = components([sorted(read) for read in after])
        turning = {q for group in groups for q in group if len(group) > 1 or q in after[q]}
        return frozenset(name for name, q in names.items() if q in turning)

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
