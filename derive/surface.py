"""What an author types: SymPy symbols and functions on one side, our ordered nodes on the other.

A `Formula` is an atom to SymPy, so `exp(z[l, i, j])` works, and does its own arithmetic, so that the order of
`w[l, j, k] * a[l - 1, i, k]` is kept. `lift` turns whatever came out into nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any, Protocol, runtime_checkable

import sympy
from sympy.core.function import AppliedUndef

from derive.affine import Affine, Index, Size, Width
from derive.algebra import chosen
from derive.errors import ModelError, Refused, Source
from derive.expression import (
    MINUS_ONE,
    STOP,
    ZERO,
    Access,
    Add,
    Bound,
    Call,
    Constant,
    Count,
    Expr,
    Extreme,
    Mul,
    Number,
    Relation,
    add,
    mul,
    number,
    power,
)
from derive.expression import (
    Sum as SumNode,
)
from derive.kinks import ranked
from derive.text import render_expr


class IndexSymbol(sympy.Symbol):  # type: ignore[misc]  # SymPy is untyped
    """An index letter, usable in positions and as an integer value."""


class SizeSymbol(sympy.Symbol):  # type: ignore[misc]  # SymPy is untyped
    """A symbolic size, a positive integer."""


class Owner(Protocol):
    """The model that a formula belongs to: it collects the functions and the equations."""

    def register(self, function: Any) -> None: ...

    def is_integer(self, name: str) -> bool: ...

    def state(self, target: Access, value: Any, source: Source) -> None: ...


@runtime_checkable
class Scalar(Protocol):
    """A tensor without indices may be written without brackets."""

    def as_node(self) -> Expr: ...


_Operation = tuple[Callable[[Expr, Expr], Expr], Callable[[Any, Any], Any]]  # on our nodes, on SymPy's

PLUS: _Operation = (add, sympy.Add)
MINUS: _Operation = (lambda a, b: add(a, mul(MINUS_ONE, b)), lambda a, b: sympy.Add(a, sympy.Mul(-1, b)))
TIMES: _Operation = (mul, sympy.Mul)
OVER: _Operation = (lambda a, b: mul(a, power(b, MINUS_ONE)), lambda a, b: sympy.Mul(a, sympy.Pow(b, -1)))
TO_THE: _Operation = (power, sympy.Pow)


class Formula(sympy.Expr):  # type: ignore[misc]  # SymPy is untyped
    """A value in an equation: an atom to SymPy that carries one of our nodes in `node`."""

    node: Expr
    owner: Owner
    _op_priority = 1000.0
    is_commutative = True
    is_real = True
    is_Atom = True
    is_number = False

    def __new__(cls, node: Expr, owner: Owner) -> Formula:
        formula: Formula = sympy.Expr.__new__(cls)
        formula.node, formula.owner = node, owner
        return formula

    def _hashable_content(self) -> tuple[str]:
        return (self.node.key,)

    def _sympystr(self, printer: Any) -> str:
        return render_expr(self.node)

    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (1, (self.node.key,)), sympy.S.One.sort_key(), sympy.S.One

    @property
    def free_symbols(self) -> set[Any]:
        """Not a constant: SymPy's functions must not evaluate it as a number."""
        return {self}

    def as_coefficient(self, expr: Any) -> None:
        """An entry is no multiple of anything."""

    def extract_multiplicatively(self, c: Any) -> Any:
        """An entry is no multiple of anything but 1."""
        return self if c == 1 else None

    def could_extract_minus_sign(self) -> bool:
        """SymPy's odd functions leave the sign where the author wrote it."""
        return False

    def _join(self, other: Any, operation: _Operation, swapped: bool = False) -> Any:
        """The node of `self op other`. SymPy's own queries, such as a division by I, get SymPy's own answer."""
        ours, sympys = operation
        try:
            right = lift(other)
        except TypeError:
            return NotImplemented
        except Refused:
            return sympys(other, self) if swapped else sympys(self, other)
        if operation is OVER and (self.node if swapped else right) == ZERO:
            raise ModelError(f"division by 0: ({render_expr(self.node if not swapped else right)})/0")
        return Formula(ours(right, self.node) if swapped else ours(self.node, right), self.owner)

    def __add__(self, other: Any) -> Any:
        return self._join(other, PLUS)

    def __radd__(self, other: Any) -> Any:
        return self._join(other, PLUS, swapped=True)

    def __sub__(self, other: Any) -> Any:
        return self._join(other, MINUS)

    def __rsub__(self, other: Any) -> Any:
        return self._join(other, MINUS, swapped=True)

    def __mul__(self, other: Any) -> Any:
        return self._join(other, TIMES)

    def __rmul__(self, other: Any) -> Any:
        return self._join(other, TIMES, swapped=True)

    def __truediv__(self, other: Any) -> Any:
        return self._join(other, OVER)

    def __rtruediv__(self, other: Any) -> Any:
        return self._join(other, OVER, swapped=True)

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        return self._join(other, TO_THE)

    def __rpow__(self, other: Any) -> Any:
        return self._join(other, TO_THE, swapped=True)

    def __neg__(self) -> Any:
        return Formula(mul(MINUS_ONE, self.node), self.owner)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return sympy.Abs(self)

    def diff(self, *symbols: Any, **assumptions: Any) -> Any:
        raise ModelError(
            "an entry is not differentiated by SymPy, which would answer 0",
            fix="name the derivative of the objective with d(...), or write the formula as a function",
        )


def lift(value: Any) -> Expr:
    """The node of anything that may stand in an equation. TypeError if it is no value at all."""
    if isinstance(value, Formula):
        return value.node
    if isinstance(value, Scalar):
        return value.as_node()
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, (int, Fraction)):
        return number(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ModelError(f"{value} is no number that an equation can hold")
        return number(Fraction(repr(value)))
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
        return add(*map(lift, value.args))
    if isinstance(value, sympy.Mul):
        return mul(*map(lift, value.args))
    if isinstance(value, sympy.Pow):
        return power(lift(value.base), lift(value.exp))
    if isinstance(value, sympy.exp):
        return Call("exp", (lift(value.exp),))
    if isinstance(value, sympy.Piecewise):
        return _lift_piecewise(value)
    if isinstance(value, (sympy.Max, sympy.Min)):
        args = ranked(value.args)
        return Call(type(value).__name__, tuple(map(lift, args)), (0,) * len(args))
    if isinstance(value, sympy.Function) and not isinstance(value, AppliedUndef):
        return Call(type(value).__name__, tuple(map(lift, value.args)), (0,) * len(value.args))
    if isinstance(value, sympy.Symbol):
        raise ModelError(
            f"the symbol {value} is not declared in this model",
            fix=f'declare it: model.hyper("{value}"), or use the index, size or variable that you meant',
        )
    raise Refused(f"{type(value).__name__} is not supported in an equation: {value}")


def _lift_piecewise(value: sympy.Piecewise) -> Expr:
    if value.args[-1][1] is not sympy.true:
        raise Refused(f"this Piecewise has no value outside its branches: {value}", fix="end it with (value, True)")
    return chosen(value, lift)


def lift_relation(condition: sympy.Basic) -> Relation:
    """The node of a comparison."""
    if not isinstance(condition, sympy.core.relational.Relational):
        raise Refused(f"only a single comparison can choose a branch, not {condition}")
    return Relation(condition.rel_op, lift(condition.lhs), lift(condition.rhs))


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
    found = _whole(value.node, value.owner)
    if found is not None:
        return found
    raise ModelError(
        f"{render_expr(value.node)} is not declared as integer data, so it is no position",
        fix="label = model.integers(label=(m,), over=(1, n))",
    )


def _whole(node: Expr, owner: Owner) -> Affine | None:
    """The integer expression that a value is; None if it is none."""
    if isinstance(node, Access):
        return Affine.of(node) if owner.is_integer(node.tensor) else None
    if isinstance(node, Count):
        return node.of
    if isinstance(node, Number):
        return Affine.of(int(node.value)) if node.value.denominator == 1 else None
    parts = [_whole(child, owner) for child in node.children] if isinstance(node, (Add, Mul)) else [None]
    known = [p for p in parts if p is not None]
    if len(known) < len(parts):
        return None
    if isinstance(node, Add):
        return reduce(lambda a, b: a + b, known)
    factors = [p.number for p in known if p.number is not None]
    rest = [p for p in known if p.number is None]
    return rest[0] * math.prod(factors) if len(rest) == 1 else None


def Sum(body: Any, *bounds: Any) -> Formula:
    """Sum over indices, outermost first: `Sum(w[l, j, k]**2, l, j, k)`.

    A bare index takes its range from where it stands; `(k, 1, n(l))` states it. Raises ModelError without an index.
    """
    owner = _owner(body)
    if not bounds:
        raise ModelError("Sum needs the indices to sum over", fix="Sum(body, k)")
    return Formula(SumNode(lift(body), tuple(_bound(b) for b in bounds)), owner)


def Max(value: Any, *rest: Any) -> Any:
    """The largest value over an index, `Max(z[i, k], k)`, or the larger of several values, `Max(0, z[i, k])`.

    The derivative goes to one place: the smallest index at which the maximum stands; of several values a number
    wins a tie, otherwise the one that is printed first.
    """
    return _extreme("max", sympy.Max, value, rest)


def Min(value: Any, *rest: Any) -> Any:
    """The smallest value over an index, `Min(z[i, k], k)`, or the smaller of several values; ties as in `Max`."""
    return _extreme("min", sympy.Min, value, rest)


def _extreme(op: str, several: Any, value: Any, rest: tuple[Any, ...]) -> Any:
    over = [r[0] if isinstance(r, tuple) else r for r in rest]
    if not over or not all(isinstance(x, IndexSymbol) for x in over):
        return several(value, *rest)
    node = lift(value)
    for bound in reversed(rest):
        node = Extreme(op, node, (_bound(bound),))
    return Formula(node, _owner(value))


def stop(value: Any) -> Formula:
    """The value as a constant: no derivative passes through it."""
    return Formula(Call(STOP, (lift(value),)), _owner(value))


def _owner(body: Any) -> Owner:
    formulas = sorted(body.atoms(Formula), key=lambda f: f.node.key) if isinstance(body, sympy.Basic) else []
    owner: Owner | None = formulas[0].owner if formulas else getattr(body, "owner", None)
    if owner is None:
        raise ModelError(f"nothing of a model stands in {body}", fix="sum over entries of declared tensors")
    return owner


UNKNOWN = Affine.of(Size("?"))


def _bound(bound: Any) -> Bound:
    index, lo, hi = bound if isinstance(bound, tuple) else (bound, UNKNOWN, UNKNOWN)
    if not isinstance(index, IndexSymbol):
        raise ModelError(f"{index} is not an index", fix='declare it: model.indices("i j k")')
    return Bound(Index(index.name), lift_affine(lo), lift_affine(hi))
