"""Values: the expressions on the two sides of an equation.

The nodes keep products and sums in the order in which the author wrote them; SymPy, which sorts them, is asked
only for scalar algebra (`derive.values.algebra`). A node never changes; a rule builds a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from derive.values.affine import Affine, Atoms, Index, Node, indices, replace

STOP = "stop"  # the function that is its argument and has derivative 0
DERIVED = "d."  # before the name of a tensor: the derivative of the objective by it


class Expr(Node):
    """A real number that depends on positions.

    `children` are its parts, `rebuild` puts other parts in; `places` are the integer expressions that stand directly in
    it, `moved` puts others in.
    """

    @property
    def children(self) -> tuple[Expr, ...]:
        return ()

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return self

    @property
    def places(self) -> tuple[Affine, ...]:
        return ()

    def moved(self, places: tuple[Affine, ...]) -> Expr:
        return self

    @cached_property
    def letters(self) -> tuple[Index, ...]:
        """Index letters that nothing inside binds, in order of appearance."""
        own = (letter for place in self.places for letter in indices(place))
        return tuple(dict.fromkeys((*own, *(letter for child in self.children for letter in child.letters))))

    def replaced(self, values: Atoms) -> Expr:
        """Integer expressions put for indices (or sizes); bound letters that would capture them step aside."""
        if not values:
            return self
        if self.places:
            return self.moved(tuple(replace(place, values) for place in self.places))
        children = self.children
        return self.rebuild(tuple(child.replaced(values) for child in children)) if children else self

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

    @property
    def places(self) -> tuple[Affine, ...]:
        return (self.of,)

    def moved(self, places: tuple[Affine, ...]) -> Count:
        return Count(*places)


@dataclass(frozen=True, eq=False)
class Access(Expr):
    """One entry of a tensor, `w[l, j, k]`; a scalar has no positions. `d.z` is the adjoint of `z`."""

    tensor: str
    at: tuple[Affine, ...] = ()

    @cached_property
    def key(self) -> str:
        return f"{self.tensor}[{','.join(p.key for p in self.at)}]"

    @property
    def places(self) -> tuple[Affine, ...]:
        return self.at

    def moved(self, places: tuple[Affine, ...]) -> Access:
        return Access(self.tensor, places)


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
class Bracket(Expr):
    """Iverson bracket: 1 where `left op right` holds, else 0; `op` is = (a Kronecker delta) or <=."""

    op: str
    left: Affine
    right: Affine

    @cached_property
    def key(self) -> str:
        return f"[{self.left.key} {self.op} {self.right.key}]"

    @property
    def places(self) -> tuple[Affine, ...]:
        return (self.left, self.right)

    def moved(self, places: tuple[Affine, ...]) -> Bracket:
        return Bracket(self.op, *places)


@dataclass(frozen=True, eq=False)
class Partial(Expr):
    """Direct derivative of the right side that defines entry `of`, by entry `by`, all other entries held fixed.

    `equation` names which equation defines `of` at this position; without one, all that lies between the two entries
    follows `by`: the derivative d(of, by) of a claim.
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


def is_derived(tensor: str) -> bool:
    """Is this the name of the derivative of the objective by a tensor, `d.z`?"""
    return tensor.startswith(DERIVED)


def derived_by(entry: Access) -> Access:
    """The entry by which `d.z[l, i, j]` is the derivative of the objective."""
    return Access(entry.tensor.removeprefix(DERIVED), entry.at)


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
