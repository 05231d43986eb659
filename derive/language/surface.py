"""What an author types: SymPy symbols and functions on one side, our ordered nodes on the other.

A `Formula` is an atom to SymPy, so `exp(z[l, i, j])` works, and does its own arithmetic, so that the order of
`w[l, j, k] * a[l - 1, i, k]` is kept. `lift` turns whatever came out into nodes.
"""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Integral
from typing import Any, Protocol, runtime_checkable

import sympy
from sympy.core.function import AppliedUndef

from derive.errors import ModelError, Refused
from derive.language.axes import Array, Axis, entrywise, product, read, shapes, spread, transposed, turned
from derive.language.equality import ComparedBySymPy
from derive.language.operators import OVER, Operation, Operators
from derive.language.owner import NOBODY, Owner
from derive.language.remainders import remainder
from derive.scalar.kinks import ranked, stepless
from derive.values.affine import Affine, Index, Size, Width
from derive.values.algebra import chosen
from derive.values.atom import Atom
from derive.values.binders import Bound, multiplied
from derive.values.facts import Facts
from derive.values.integer_values import integer_value
from derive.values.nodes import (
    ZERO,
    Bracket,
    Call,
    Constant,
    Count,
    Expr,
    Relation,
    add,
    mul,
    number,
    power,
)
from derive.values.symbols import IndexSymbol, SizeSymbol
from derive.values.text import render_expr


@runtime_checkable
class Written(Protocol):
    """A tensor may be written without brackets."""

    owner: Owner

    def as_formula(self) -> Formula: ...

    def as_array(self, what: str) -> Formula: ...


class Formula(ComparedBySymPy, Operators, Atom, sympy.Expr):
    """A value in an equation: an atom to SymPy that carries one of our nodes in `node`.

    A whole array has `axes`; then `node` is its entry there, and `text` is what the author wrote.
    """

    node: Expr
    axes: tuple[Axis, ...]
    text: str
    _op_priority = 1000.0
    is_commutative = True
    is_real = True
    is_Atom = True
    is_number = False
    _diff_wrt = True  # SymPy asks this of the unknown of a comparison, too

    def __new__(cls, node: Expr, owner: Owner, axes: tuple[Axis, ...] = (), text: str = "") -> Formula:
        formula: Formula = sympy.Expr.__new__(cls)
        formula.node, formula.owner, formula.axes, formula.text = node, owner, axes, text
        return formula

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.node.key, *(part.key for axis in self.axes for part in (axis.lo, axis.hi)), id(self.owner))

    def _sympystr(self, printer: Any) -> str:
        return self.text or render_expr(self.node)

    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (1, (self.node.key,)), sympy.S.One.sort_key(), sympy.S.One

    @property
    def array(self) -> Array:
        """The entry, the axes and the text of the value."""
        return Array(self.node, self.axes, self.text)

    def _with(self, array: Array) -> Formula:
        return Formula(array.node, self.owner, array.axes, array.text)

    def join(self, other: Any, operation: Operation, swapped: bool = False) -> Any:
        """The value of `self op other`. SymPy's own queries, such as a division by I, get SymPy's own answer."""
        try:
            right = raised(other)
        except TypeError as error:
            if isinstance(error, ModelError):
                raise
            return NotImplemented
        except Refused:
            return operation.sympys(other, self) if swapped else operation.sympys(self, other)
        check_owner(self.owner, other)
        one, two = (right, self.array) if swapped else (self.array, right)
        if operation is OVER and two.node == ZERO:
            raise ModelError(f"division by 0: ({one})/0")
        owner = owner_of(self, other)
        facts = owner.known_facts() if one.axes and two.axes else Facts()
        done = entrywise(operation.ours, one, two, facts, operation.sign)
        return Formula(done.node, owner, done.axes, done.text)

    def product(self, other: Any, swapped: bool = False) -> Any:
        """The product of matrices and vectors; ModelError, with both shapes, where they do not fit."""
        try:
            right = raised(other.as_array("@") if isinstance(other, Written) else other)
        except TypeError as error:
            if isinstance(error, ModelError):
                raise
            return NotImplemented
        one, two = (right, self.array) if swapped else (self.array, right)
        owner = owner_of(self, other)
        done = product(one, two, owner.known_facts())
        return Formula(done.node, owner, done.axes, done.text)

    @property
    def T(self) -> Formula:
        """The transposed matrix. ModelError for anything but a matrix."""
        return self._with(transposed(self.array))

    @property
    def mT(self) -> Formula:
        """The last two axes change places, in every matrix of a stack."""
        return self._with(turned(self.array))

    def __getitem__(self, at: Any) -> Formula:
        """An entry or a slice of a whole value, `(x @ w)[i]`."""
        return self._with(read(self.array, places(at)))

    def __abs__(self) -> Any:
        return sympy.Abs(self)


def lift(value: Any) -> Expr:
    """The node of anything that may stand in an equation. TypeError if it is no value at all, ModelError if whole."""
    array = raised(value)
    if array.axes:
        raise ModelError(
            f"{shapes(array)}, where a single value is needed",
            fix="Sum(...), mean(...) or norm2(...) of all its entries, or one entry, in brackets",
        )
    return array.node


def raised(value: Any) -> Array:
    """The entry, the axes and the text of a value; the shapes of the whole arrays in it must go together."""
    if isinstance(value, Written):
        value = value.as_formula()
    if isinstance(value, Formula):
        return value.array
    node = node_of(value)
    whole = sorted((f for f in value.atoms(Formula) if f.axes), key=str) if isinstance(value, sympy.Basic) else []
    axes = spread([f.array for f in whole], owner_of(value).known_facts()) if whole else ()
    return Array(node, axes, str(value) if axes else "")


def node_of(value: Any) -> Expr:
    """The node of a value, of an entry of it if it is whole."""
    if isinstance(value, Formula):
        return value.node
    if isinstance(value, Written):
        return value.as_formula().node
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, (Integral, Fraction)):
        return number(Fraction(int(value.numerator), int(value.denominator)))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ModelError(f"{value} is no number that an equation can hold")
        return number(Fraction(repr(float(value))))
    if isinstance(value, sympy.Basic):
        return _lift_sympy(value)
    raise TypeError(f"{value!r} is not a value of an equation")


def _lift_sympy(value: sympy.Basic) -> Expr:
    if isinstance(value, sympy.Rational):
        return number(Fraction(int(value.p), int(value.q)))
    if isinstance(value, sympy.Float):
        return number(Fraction(str(value)))
    if isinstance(value, sympy.NumberSymbol):
        return Constant(str(value))
    if isinstance(value, (IndexSymbol, SizeSymbol)) or _is_width(value):
        return Count(lift_affine(value))
    if isinstance(value, sympy.Add):
        return add(*map(node_of, value.args))
    if isinstance(value, sympy.Mul):
        return mul(*map(node_of, value.args))
    if isinstance(value, sympy.Pow):
        return power(node_of(value.base), node_of(value.exp))
    if isinstance(value, sympy.exp):
        return Call("exp", (node_of(value.exp),))
    if isinstance(value, (sympy.Piecewise, sympy.Heaviside)):
        return _lift_piecewise(stepless(value))
    if isinstance(value, (sympy.Max, sympy.Min)):
        args = ranked(value.args)
        return Call(type(value).__name__, tuple(map(node_of, args)), (0,) * len(args))
    if isinstance(value, sympy.Product):
        bounds = (Bound(Index(x.name), lift_affine(lo), lift_affine(hi)) for x, lo, hi in reversed(value.limits))
        return multiplied(node_of(value.function), tuple(bounds))
    if isinstance(value, sympy.KroneckerDelta):
        return Bracket("=", *map(lift_affine, value.args[:2]))
    if isinstance(value, sympy.Mod):
        return remainder(value, *map(node_of, value.args))
    if isinstance(value, sympy.Function) and not isinstance(value, AppliedUndef):
        return Call(type(value).__name__, tuple(map(node_of, value.args)), (0,) * len(value.args))
    if isinstance(value, sympy.Symbol):
        raise ModelError(
            f"the symbol {value} is not declared in this model",
            fix=f'declare it: model.hyper("{value}"), or use the index, size or variable that you meant',
        )
    fix = "write the entry, and the function of derive.library: inverse(A[j, k], j, k), solve, det, logdet"
    of_matrix = any(isinstance(node, sympy.MatrixExpr) for node in sympy.preorder_traversal(value))
    raise Refused(f"{type(value).__name__} is not supported in an equation: {value}", fix=fix if of_matrix else "")


def _lift_piecewise(value: sympy.Piecewise) -> Expr:
    if value.args[-1][1] is not sympy.true:
        raise Refused(f"this Piecewise has no value outside its branches: {value}", fix="end it with (value, True)")
    return chosen(value, node_of)


def lift_relation(condition: sympy.Basic) -> Relation:
    """The node of a comparison."""
    if not isinstance(condition, sympy.core.relational.Relational):
        raise Refused(f"only a single comparison can choose a branch, not {condition}")
    return Relation(condition.rel_op, node_of(condition.lhs), node_of(condition.rhs))


def _is_width(value: sympy.Basic) -> bool:
    return isinstance(value, AppliedUndef) and getattr(value.func, "is_width", False)


def lift_affine(value: Any) -> Affine:
    """The integer expression of a position or a bound: indices, sizes, widths and integers, combined linearly."""
    if isinstance(value, Affine):
        return value
    value = sympy.sympify(value)
    if isinstance(value, sympy.Integer):
        return Affine.of(int(value))
    if isinstance(value, IndexSymbol):
        return Affine.of(Index(value.name))
    if isinstance(value, SizeSymbol):
        return Affine.of(Size(value.name))
    if _is_width(value):
        return Affine.of(Width(value.func.__name__, lift_affine(value.args[0])))
    if isinstance(value, Formula):
        return _integer(value)
    if isinstance(value, sympy.Add):
        total = Affine.of(0)
        for term in value.args:
            total = total + lift_affine(term)
        return total
    if isinstance(value, sympy.Mul) and len(value.args) == 2 and isinstance(value.args[0], sympy.Integer):
        return lift_affine(value.args[1]) * int(value.args[0])
    raise Refused(f"a position or a bound must be linear in indices and sizes with integer factors, not {value}")


def _integer(value: Formula) -> Affine:
    """A position given by data: `w[label[i], k]`, `x[t - lag[i]]`."""
    if value.axes:
        raise ModelError(f"{shapes(value.array)}, and a position is one place", fix=f"name its entry: {value}[i]")
    found = integer_value(value.node, value.owner.is_integer)
    if found is not None:
        return found
    raise ModelError(
        f"{render_expr(value.node)} is not declared as integer data, so it is no position",
        fix="label = model.integers(label=(m,), over=(1, n))",
    )


def places(at: Any) -> tuple[Affine | None, ...]:
    """What stands in brackets; None for a colon, which keeps the axis."""
    return tuple(_place(p) for p in (at if isinstance(at, tuple) else (at,)))


def _place(position: Any) -> Affine | None:
    if position is None or position is ... or isinstance(position, (bool, float, str, list)):
        raise ModelError(f"{position!r} is no place", fix="an index, a size, a number that counts from 1, or a colon")
    if not isinstance(position, slice):
        return lift_affine(position)
    if position != slice(None):
        raise ModelError(
            "a slice is the colon alone, the whole axis", fix="write the entries; model.over(i, ...) states their range"
        )
    return None


def owners(*values: Any) -> list[Owner]:
    """The models whose entries stand in the values."""
    found: list[Owner] = []
    for value in values:
        if isinstance(value, sympy.Basic):
            found += [f.owner for f in sorted(value.atoms(Formula), key=lambda f: f.node.key)]
        elif isinstance(value, Written):
            found.append(value.as_formula().owner)
    return found


def check_owner(owner: Owner, *values: Any) -> None:
    """ModelError if an entry of another model stands in the values."""
    if owner is not NOBODY and any(other not in (owner, NOBODY) for other in owners(*values)):
        raise ModelError("entries of two models meet", fix="declare in this model what its equations use")


def owner_of(*bodies: Any) -> Owner:
    """The model of the entries in the values. ModelError if there is none, or more than one."""
    found = owners(*bodies)
    owner = next((o for o in found if o is not NOBODY), found[0] if found else None)
    if owner is None:
        raise ModelError(f"nothing of a model stands in {bodies[0]}", fix="sum over entries of declared tensors")
    check_owner(owner, *bodies)
    return owner
