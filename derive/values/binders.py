"""Values that bind letters: sums, extremes and products over ranges, functionals of whole vectors and of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from derive.values.affine import Affine, Atoms, Index, Node, indices, replace
from derive.values.nodes import ONE, ZERO, Choice, Count, Expr, Relation


@dataclass(frozen=True, eq=False)
class Bound(Node):
    """A summation index and its range lo..hi, both included; an empty range has hi = lo - 1."""

    index: Index
    lo: Affine
    hi: Affine

    @cached_property
    def key(self) -> str:
        return f"{self.index.key}={self.lo.key}..{self.hi.key}"


class Binder(Expr):
    """A node that binds letters: the letters of `bounds` stand for a whole range in its children.

    In its `places` these letters are not bound.
    """

    bounds: tuple[Bound, ...]

    def bind(self, bounds: tuple[Bound, ...], bodies: tuple[Expr, ...]) -> Expr:
        """The same node with other bounds and other children."""
        raise NotImplementedError(type(self).__name__)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return self.bind(self.bounds, children)

    @cached_property
    def letters(self) -> tuple[Index, ...]:
        found = dict.fromkeys(letter for child in self.children for letter in child.letters)
        found.update(dict.fromkeys(letter for b in self.bounds for letter in (*indices(b.lo), *indices(b.hi))))
        for bound in self.bounds:
            found.pop(bound.index, None)
        own = dict.fromkeys(letter for place in self.places for letter in indices(place))
        return tuple({**own, **found})

    def replaced(self, values: Atoms) -> Expr:
        """Integer expressions put for indices; bound letters that would capture them step aside."""
        if not values:
            return self
        bounds, inner = _open(self.bounds, values, self.children)
        opened = self.bind(bounds, tuple(body.replaced(inner) for body in self.children) if inner else self.children)
        return opened.moved(tuple(replace(p, values) for p in self.places)) if self.places else opened


@dataclass(frozen=True, eq=False)
class Sum(Binder):
    """Sum of `body` over `bounds`, outermost first; an empty range gives 0."""

    body: Expr
    bounds: tuple[Bound, ...]

    @cached_property
    def key(self) -> str:
        return f"(S {' '.join(b.key for b in self.bounds)}: {self.body.key})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.body,)

    def bind(self, bounds: tuple[Bound, ...], bodies: tuple[Expr, ...]) -> Expr:
        return summed(bodies[0], bounds)


@dataclass(frozen=True, eq=False)
class Extreme(Binder):
    """The largest (`op` is max) or smallest (min) value of `body` over one range, which is not empty."""

    op: str
    body: Expr
    bounds: tuple[Bound, ...]

    @cached_property
    def key(self) -> str:
        return f"({self.op} {self.bounds[0].key}: {self.body.key})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.body,)

    def bind(self, bounds: tuple[Bound, ...], bodies: tuple[Expr, ...]) -> Expr:
        return type(self)(self.op, bodies[0], bounds)


@dataclass(frozen=True, eq=False)
class Place(Extreme):
    """The first place at which `body` is largest or smallest: an integer, used as an atom of a position."""

    @cached_property
    def key(self) -> str:
        return f"(arg{self.op} {self.bounds[0].key}: {self.body.key})"


@dataclass(frozen=True, eq=False)
class Product(Binder):
    """Product of `body` over one range; an empty range gives 1."""

    body: Expr
    bounds: tuple[Bound, ...]

    @cached_property
    def key(self) -> str:
        return f"(P {self.bounds[0].key}: {self.body.key})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.body,)

    def bind(self, bounds: tuple[Bound, ...], bodies: tuple[Expr, ...]) -> Expr:
        return ONE if bodies[0] == ONE else Product(bodies[0], bounds)

    def without(self, place: Affine) -> Expr:
        """The product of all the other factors: prod_{k != p} f(k)."""
        (bound,) = self.bounds
        skipped = Relation("==", Count(Affine.of(bound.index)), Count(place))
        return self.bind(self.bounds, (Choice(((skipped, ONE),), self.body),))


def multiplied(body: Expr, bounds: tuple[Bound, ...]) -> Expr:
    """The product of `body` over several ranges, outermost first."""
    for bound in reversed(bounds):
        body = Product(body, (bound,))
    return body


def spared(product: Product) -> tuple[Expr, tuple[Affine, ...]]:
    """The body of a product, and the places at which 1 stands for it."""
    body, places, letter = product.body, list[Affine](), product.bounds[0].index
    while isinstance(body, Choice) and len(body.branches) == 1 and body.branches[0][1] == ONE:
        ((relation, _),) = body.branches
        left, right = relation.left, relation.right
        if not (relation.op == "==" and isinstance(left, Count) and isinstance(right, Count)):
            break
        if left.of.alone != letter:
            break
        places.append(right.of)
        body = body.otherwise
    return body, tuple(places)


@dataclass(frozen=True, eq=False)
class Functional(Binder):
    """An opaque scalar function of whole vectors, `cost(a[L, i, :], y[i, :])`.

    Argument k is the vector of `bodies[k]` over `bounds[k]`. `by` lists (argument, position): the partial
    derivatives taken so far. Nothing else is known of it.
    """

    name: str
    bodies: tuple[Expr, ...]
    bounds: tuple[Bound, ...]
    by: tuple[tuple[int, Affine], ...] = ()

    @cached_property
    def key(self) -> str:
        rows = ",".join(f"{b.key}:{e.key}" for b, e in zip(self.bounds, self.bodies, strict=True))
        return f"{self.name}{[(k, p.key) for k, p in self.by]}({rows})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return self.bodies

    @property
    def places(self) -> tuple[Affine, ...]:
        return tuple(p for _, p in self.by)

    def moved(self, places: tuple[Affine, ...]) -> Functional:
        by = tuple((k, p) for (k, _), p in zip(self.by, places, strict=True))
        return Functional(self.name, self.bodies, self.bounds, by)

    def bind(self, bounds: tuple[Bound, ...], bodies: tuple[Expr, ...]) -> Functional:
        return Functional(self.name, bodies, bounds, self.by)


@dataclass(frozen=True, eq=False)
class MatrixFunction(Binder):
    """A function of the matrix A with the entry `bodies[0]` at row, column = the letters of the two `bounds`.

    `op` is inverse, A^-1 at the row and the column of `at`; solve, at the place `at` of the vector u for which
    Sum_k A[j, k] u[k] = b[j], with b[j] = `bodies[1]`; det; or logdet, log|det A|.
    """

    op: str
    bodies: tuple[Expr, ...]
    bounds: tuple[Bound, ...]
    at: tuple[Affine, ...] = ()

    @cached_property
    def key(self) -> str:
        inside = " ".join((*(b.key for b in self.bounds), *(e.key for e in self.bodies)))
        return f"({self.op} {inside})[{','.join(p.key for p in self.at)}]"

    @property
    def children(self) -> tuple[Expr, ...]:
        return self.bodies

    @property
    def places(self) -> tuple[Affine, ...]:
        return self.at

    def moved(self, places: tuple[Affine, ...]) -> MatrixFunction:
        return MatrixFunction(self.op, self.bodies, self.bounds, places)

    def bind(self, bounds: tuple[Bound, ...], bodies: tuple[Expr, ...]) -> MatrixFunction:
        return MatrixFunction(self.op, bodies, bounds, self.at)


def summed(body: Expr, bounds: tuple[Bound, ...]) -> Expr:
    """Sum of `body`, merged with a sum directly inside; nothing to sum over gives the body, zero stays zero."""
    if body == ZERO or not bounds:
        return body
    if isinstance(body, Sum):
        return Sum(body.body, (*bounds, *body.bounds))
    return Sum(body, bounds)


def inside(expr: Expr, bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """The ranges of letters in the children of an expression that stands where `bounds` hold."""
    return (*bounds, *expr.bounds) if isinstance(expr, Binder) else bounds


def _open(bounds: tuple[Bound, ...], values: Atoms, bodies: tuple[Expr, ...]) -> tuple[tuple[Bound, ...], Atoms]:
    """Bounds and values for going under a binder: bound letters hide values, and step aside for those they meet."""
    hidden = {b.index for b in bounds}
    inner: dict[Node, Affine] = {a: v for a, v in values.items() if a not in hidden}
    arriving = {letter for value in inner.values() for letter in indices(value)}
    taken = arriving | hidden | {letter for body in bodies for letter in body.letters}
    letters: dict[Index, Index] = {}
    for bound in bounds:
        if bound.index in arriving:
            letters[bound.index] = fresh(bound.index, taken)
            taken = taken | {letters[bound.index]}
    inner.update((old, Affine.of(new)) for old, new in letters.items())
    return tuple(
        Bound(letters.get(b.index, b.index), replace(b.lo, inner), replace(b.hi, inner)) for b in bounds
    ), inner


def rebind(bounds: tuple[Bound, ...], letters: Mapping[Index, Index]) -> tuple[Bound, ...]:
    """The same ranges with other letters."""
    values = {old: Affine.of(new) for old, new in letters.items()}
    return tuple(Bound(letters.get(b.index, b.index), replace(b.lo, values), replace(b.hi, values)) for b in bounds)


def fresh(index: Index, taken: set[Index] | frozenset[Index]) -> Index:
    """`index` with as many primes as it takes to differ from every letter in `taken`."""
    while index in taken:
        index = Index(index.name + "'")
    return index
