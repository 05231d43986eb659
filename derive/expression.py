"""Values: the expressions on the two sides of an equation.

The nodes keep products and sums in the order in which the author wrote them; SymPy, which sorts them, is asked
only for scalar algebra (`derive.algebra`). A node never changes; a rule builds a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from derive.affine import Affine, Atoms, Index, Node, indices, replace

STOP = "stop"  # the function that is its argument and has derivative 0


class Expr(Node):
    """A real number that depends on positions. `children` are its parts; `rebuild` puts other parts in."""

    @property
    def children(self) -> tuple[Expr, ...]:
        return ()

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return self

    @property
    def letters(self) -> tuple[Index, ...]:
        return free_indices(self)

    def replaced(self, values: Mapping[Node, Affine]) -> Node:
        return substitute(self, values)

    def __add__(self, other: Expr) -> Expr:
        return add(self, other)

    def __mul__(self, other: Expr) -> Expr:
        return mul(self, other)

    def __sub__(self, other: Expr) -> Expr:
        return add(self, mul(MINUS_ONE, other))

    def __truediv__(self, other: Expr) -> Expr:
        return mul(self, power(other, MINUS_ONE))


@dataclass(frozen=True, eq=False)
class Number(Expr):
    """A rational constant."""

    value: Fraction

    @cached_property
    def key(self) -> str:
        return str(self.value)


@dataclass(frozen=True, eq=False)
class Constant(Expr):
    """A named real constant of SymPy, `pi` or `E`."""

    name: str

    @cached_property
    def key(self) -> str:
        return f"!{self.name}"


@dataclass(frozen=True, eq=False)
class Argument(Expr):
    """A formal argument of a function's formula."""

    name: str

    @cached_property
    def key(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True, eq=False)
class Count(Expr):
    """An integer expression used as a value: `m` in `1/m`, or `l`."""

    of: Affine

    @cached_property
    def key(self) -> str:
        return f"count({self.of.key})"


@dataclass(frozen=True, eq=False)
class Access(Expr):
    """One entry of a tensor, `w[l, j, k]`; a scalar has no positions. `d.z` is the adjoint of `z`."""

    tensor: str
    at: tuple[Affine, ...] = ()

    @cached_property
    def key(self) -> str:
        return f"{self.tensor}[{','.join(p.key for p in self.at)}]"


@dataclass(frozen=True, eq=False)
class Add(Expr):
    """Sum of two or more terms, in written order."""

    terms: tuple[Expr, ...]

    @cached_property
    def key(self) -> str:
        return f"(+ {' '.join(t.key for t in self.terms)})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return self.terms

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return add(*children)


@dataclass(frozen=True, eq=False)
class Mul(Expr):
    """Product of two or more factors, in written order; a quotient has factors with negative powers."""

    factors: tuple[Expr, ...]

    @cached_property
    def key(self) -> str:
        return f"(* {' '.join(f.key for f in self.factors)})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return self.factors

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return mul(*children)


@dataclass(frozen=True, eq=False)
class Pow(Expr):
    """`base ** exponent`."""

    base: Expr
    exponent: Expr

    @cached_property
    def key(self) -> str:
        return f"(^ {self.base.key} {self.exponent.key})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.base, self.exponent)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return power(*children)


@dataclass(frozen=True, eq=False)
class Call(Expr):
    """A scalar function of its arguments, differentiated `orders[k]` times by argument k: f(z), f'(z)."""

    function: str
    args: tuple[Expr, ...]
    orders: tuple[int, ...] = (0,)

    @cached_property
    def key(self) -> str:
        return f"{self.function}{list(self.orders)}({','.join(a.key for a in self.args)})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return self.args

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return Call(self.function, children, self.orders)


@dataclass(frozen=True, eq=False)
class Relation(Node):
    """A comparison of two values, the condition of a branch: `op` is one of < <= > >= == !=."""

    op: str
    left: Expr
    right: Expr

    @cached_property
    def key(self) -> str:
        return f"({self.op} {self.left.key} {self.right.key})"


@dataclass(frozen=True, eq=False)
class Choice(Expr):
    """The value of the first branch whose condition holds, else `otherwise` (SymPy's Piecewise)."""

    branches: tuple[tuple[Relation, Expr], ...]
    otherwise: Expr

    @cached_property
    def key(self) -> str:
        return f"(? {' '.join(f'{c.key}:{v.key}' for c, v in self.branches)} {self.otherwise.key})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return (*(part for c, v in self.branches for part in (c.left, c.right, v)), self.otherwise)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        groups = [children[k : k + 3] for k in range(0, len(children) - 1, 3)]
        branches = tuple(
            (Relation(c.op, left, right), value)
            for (c, _), (left, right, value) in zip(self.branches, groups, strict=True)
        )
        return Choice(branches, children[-1])


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

    `places` are its own positions, where these letters are not bound.
    """

    bounds: tuple[Bound, ...]

    @property
    def places(self) -> tuple[Affine, ...]:
        return ()

    def moved(self, places: tuple[Affine, ...]) -> Expr:
        """The same node with other places of its own."""
        return self

    def bind(self, bounds: tuple[Bound, ...], bodies: tuple[Expr, ...]) -> Expr:
        """The same node with other bounds and other children."""
        raise NotImplementedError(type(self).__name__)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return self.bind(self.bounds, children)


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
class Bracket(Expr):
    """Iverson bracket: 1 where `left op right` holds, else 0; `op` is = (a Kronecker delta) or <=."""

    op: str
    left: Affine
    right: Affine

    @cached_property
    def key(self) -> str:
        return f"[{self.left.key} {self.op} {self.right.key}]"


@dataclass(frozen=True, eq=False)
class Partial(Expr):
    """Direct derivative of the right side that defines entry `of`, by entry `by`, all other entries held fixed.

    `equation` names which equation defines `of` at this position.
    """

    equation: str
    of: Access
    by: Access

    @cached_property
    def key(self) -> str:
        return f"d({self.equation}:{self.of.key}/{self.by.key})"

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.of, self.by)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        of, by = children
        assert isinstance(of, Access) and isinstance(by, Access)
        return Partial(self.equation, of, by)


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


ZERO, ONE, MINUS_ONE = Number(Fraction(0)), Number(Fraction(1)), Number(Fraction(-1))


def number(value: int | Fraction) -> Number:
    """The rational constant of an integer or a fraction."""
    return Number(Fraction(value))


def add(*terms: Expr) -> Expr:
    """Flat sum without zeros."""
    flat = [t for term in terms for t in (term.terms if isinstance(term, Add) else (term,)) if t != ZERO]
    return Add(tuple(flat)) if len(flat) > 1 else flat[0] if flat else ZERO


def mul(*factors: Expr) -> Expr:
    """Flat product: numbers multiplied into one that stands first, zero absorbs."""
    flat = [f for factor in factors for f in (factor.factors if isinstance(factor, Mul) else (factor,))]
    scale = Fraction(1)
    for factor in flat:
        if isinstance(factor, Number):
            scale *= factor.value
    if not scale:
        return ZERO
    rest = [f for f in flat if not isinstance(f, Number)]
    flat = rest if scale == 1 and rest else [Number(scale), *rest]
    return Mul(tuple(flat)) if len(flat) > 1 else flat[0]


def power(base: Expr, exponent: Expr) -> Expr:
    """`base ** exponent`, evaluated where that is exact: numbers, exponents 0 and 1, powers of integer powers."""
    if isinstance(exponent, Number):
        whole = exponent.value.denominator == 1
        if exponent.value == 1:
            return base
        if exponent.value == 0:
            return ONE
        if isinstance(base, Number) and whole and (base.value or exponent.value > 0):
            return Number(base.value ** int(exponent.value))
        if isinstance(base, Pow) and isinstance(base.exponent, Number) and whole:
            return power(base.base, Number(base.exponent.value * exponent.value))
        if isinstance(base, Mul) and whole:
            return mul(*(power(f, exponent) for f in base.factors))
    return Pow(base, exponent)


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


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node, parents first, from left to right."""
    yield expr
    for child in expr.children:
        yield from walk(child)


def walk_inside(expr: Expr, bounds: tuple[Bound, ...]) -> Iterator[tuple[Expr, tuple[Bound, ...]]]:
    """Every node in prefix order, with the ranges of the letters around it."""
    yield expr, bounds
    for child in expr.children:
        yield from walk_inside(child, inside(expr, bounds))


def transform(expr: Expr, rewrite: Callable[[Expr], Expr]) -> Expr:
    """Apply `rewrite` to every node, children first."""
    children = expr.children
    if children:
        changed = tuple(transform(child, rewrite) for child in children)
        if any(new is not old for new, old in zip(changed, children, strict=True)):
            expr = expr.rebuild(changed)
    return rewrite(expr)


def transform_inside(expr: Expr, bounds: tuple[Bound, ...], rewrite: Callable[[Expr, tuple[Bound, ...]], Expr]) -> Expr:
    """Rewrite every node, children first, given the ranges of the letters around it."""
    children = expr.children
    if children:
        inner = inside(expr, bounds)
        expr = expr.rebuild(tuple(transform_inside(child, inner, rewrite) for child in children))
    return rewrite(expr, bounds)


def free_indices(expr: Expr) -> tuple[Index, ...]:
    """Index letters that no sum inside `expr` binds, in order of appearance."""
    return tuple(_free(expr))


def _free(expr: Expr) -> dict[Index, None]:
    found: dict[Index, None] = {}
    for child in expr.children:
        found.update(_free(child))
    if isinstance(expr, Binder):
        for bound in expr.bounds:
            found.update(dict.fromkeys((*indices(bound.lo), *indices(bound.hi))))
        for bound in expr.bounds:
            found.pop(bound.index, None)
    own = dict.fromkeys(letter for position in positions(expr) for letter in indices(position))
    return {**own, **found}


def positions(expr: Expr) -> tuple[Affine, ...]:
    """The integer expressions that stand directly in this node (not those of its children or its bounds)."""
    if isinstance(expr, Access):
        return expr.at
    if isinstance(expr, Count):
        return (expr.of,)
    if isinstance(expr, Bracket):
        return (expr.left, expr.right)
    return expr.places if isinstance(expr, Binder) else ()


def substitute(expr: Expr, values: Atoms) -> Expr:
    """Put integer expressions for indices (or sizes), renaming bound indices that would capture them."""
    if not values:
        return expr

    def put(position: Affine) -> Affine:
        return replace(position, values)

    if isinstance(expr, Access):
        return Access(expr.tensor, tuple(put(p) for p in expr.at))
    if isinstance(expr, Count):
        return Count(put(expr.of))
    if isinstance(expr, Bracket):
        return Bracket(expr.op, put(expr.left), put(expr.right))
    if isinstance(expr, Binder):
        bounds, inner = _open(expr.bounds, values, expr.children)
        opened = expr.bind(bounds, tuple(substitute(body, inner) for body in expr.children))
        return opened.moved(tuple(map(put, expr.places))) if isinstance(opened, Binder) and expr.places else opened
    children = expr.children
    return expr.rebuild(tuple(substitute(child, values) for child in children)) if children else expr


def _open(bounds: tuple[Bound, ...], values: Atoms, bodies: tuple[Expr, ...]) -> tuple[tuple[Bound, ...], Atoms]:
    """Bounds and values for going under a binder: bound letters hide values, and step aside for those they meet."""
    hidden = {b.index for b in bounds}
    inner: dict[Node, Affine] = {a: v for a, v in values.items() if a not in hidden}
    arriving = {letter for value in inner.values() for letter in indices(value)}
    taken = arriving | hidden | {letter for body in bodies for letter in free_indices(body)}
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
