"""Where a quantity stands in an equation, and the factor with which each occurrence changes the value.

One walk over the right side lists every occurrence `u[e]` with its factor: a sum keeps the term, a product keeps
the other factors, a power and a function contribute their scalar derivative, a sum over an index keeps its bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.calculus.matrix_slopes import SLOPES
from derive.values.affine import Affine, Index, Node, replace
from derive.values.binders import Bound, Extreme, Functional, MatrixFunction, Place, Product, Sum, fresh
from derive.values.nodes import (
    MINUS_ONE,
    ONE,
    STOP,
    ZERO,
    Access,
    Add,
    Call,
    Choice,
    Expr,
    Mul,
    Number,
    Pow,
    add,
    mul,
    power,
)


@dataclass(frozen=True)
class Occurrence:
    """`factor` times the change of the entry at `at`, summed over `bounds`."""

    bounds: tuple[Bound, ...]
    factor: Expr
    at: tuple[Affine, ...]


def occurrences(expr: Expr, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    """Every occurrence of `tensor` in `expr`. Summation letters avoid `taken`."""
    if isinstance(expr, Access):
        return [Occurrence((), ONE, expr.at)] if expr.tensor == tensor else []
    if isinstance(expr, Add):
        return [found for term in expr.terms for found in occurrences(term, tensor, taken)]
    if isinstance(expr, Mul):
        return _in_product(expr, tensor, taken)
    if isinstance(expr, Pow):
        return _in_power(expr, tensor, taken)
    if isinstance(expr, Call):
        return _in_call(expr, tensor, taken)
    if isinstance(expr, Sum):
        return _in_sum(expr, tensor, taken)
    if isinstance(expr, Product):
        return _in_indexed_product(expr, tensor, taken)
    if isinstance(expr, Choice):
        return _in_choice(expr, tensor, taken)
    if isinstance(expr, Functional):
        return _in_functional(expr, tensor, taken)
    if isinstance(expr, MatrixFunction):
        return _in_matrix_function(expr, tensor, taken)
    if isinstance(expr, Extreme):
        return _in_extreme(expr, tensor, taken)
    return []


def _scaled(found: list[Occurrence], before: Expr, after: Expr = ONE) -> list[Occurrence]:
    return [Occurrence(o.bounds, mul(before, o.factor, after), o.at) for o in found]


def _in_product(expr: Mul, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    found: list[Occurrence] = []
    for q, factor in enumerate(expr.factors):
        inner = occurrences(factor, tensor, taken)
        found.extend(_scaled(inner, mul(*expr.factors[:q], ONE), mul(*expr.factors[q + 1 :], ONE)))
    return found


def _in_power(expr: Pow, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    lower = power(
        expr.base,
        add(expr.exponent, MINUS_ONE) if not isinstance(expr.exponent, Number) else Number(expr.exponent.value - 1),
    )
    found = _scaled(occurrences(expr.base, tensor, taken), mul(expr.exponent, lower))
    logarithm = Call("log", (expr.base,))
    return found + _scaled(occurrences(expr.exponent, tensor, taken), mul(expr, logarithm))


def _in_call(expr: Call, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    if expr.function == STOP:
        return []
    found: list[Occurrence] = []
    for q, argument in enumerate(expr.args):
        orders = tuple(order + (p == q) for p, order in enumerate(expr.orders))
        found.extend(_scaled(occurrences(argument, tensor, taken), Call(expr.function, expr.args, orders)))
    return found


def _in_sum(expr: Sum, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    bounds, body = opened(expr.bounds, expr.body, taken)
    inner = occurrences(body, tensor, taken | {b.index for b in bounds})
    return [Occurrence((*bounds, *o.bounds), o.factor, o.at) for o in inner]


def opened(bounds: tuple[Bound, ...], body: Expr, taken: frozenset[Index]) -> tuple[tuple[Bound, ...], Expr]:
    """The bounds and the body of a sum with letters that avoid `taken`."""
    values: dict[Node, Affine] = {}
    used = set(taken)
    result = []
    for bound in bounds:
        letter = fresh(bound.index, used)
        used.add(letter)
        lo, hi = replace(bound.lo, values), replace(bound.hi, values)
        values[bound.index] = Affine.of(letter)
        result.append(Bound(letter, lo, hi))
    changed = {a: v for a, v in values.items() if v.letter != a}
    return tuple(result), body.replaced(changed)


def _in_indexed_product(expr: Product, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    """prod_k f(k) changes at each p by f'(p) times the product of all others, which no zero disturbs."""
    (bound,), body = opened(expr.bounds, expr.body, taken | {expr.bounds[0].index})
    place = Affine.of(bound.index)
    inner = occurrences(body, tensor, taken | {bound.index})
    others = expr.without(place)
    return [Occurrence((bound, *o.bounds), mul(others, o.factor), o.at) for o in inner]


def _in_extreme(expr: Extreme, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    """max_k f(k) changes as f does at the first place k* where it is largest."""
    place: dict[Node, Affine] = {expr.bounds[0].index: Affine.of(Place(expr.op, expr.body, expr.bounds))}
    return occurrences(expr.body.replaced(place), tensor, taken)


def _in_choice(expr: Choice, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    found: list[Occurrence] = []
    values = [value for _, value in expr.branches]
    for q, value in enumerate((*values, expr.otherwise)):
        for o in occurrences(value, tensor, taken):
            branches = tuple((c, o.factor if p == q else ZERO) for p, (c, _) in enumerate(expr.branches))
            chosen = Choice(branches, o.factor if q == len(values) else ZERO)
            found.append(Occurrence(o.bounds, chosen, o.at))
    return found


def _in_functional(expr: Functional, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    found: list[Occurrence] = []
    for q, (bound, body) in enumerate(zip(expr.bounds, expr.bodies, strict=True)):
        (outer,), opened_body = opened((bound,), body, taken)
        slope = Functional(expr.name, expr.bodies, expr.bounds, (*expr.by, (q, Affine.of(outer.index))))
        for o in occurrences(opened_body, tensor, taken | {outer.index}):
            found.append(Occurrence((outer, *o.bounds), mul(slope, o.factor), o.at))
    return found


def _in_matrix_function(expr: MatrixFunction, tensor: str, taken: frozenset[Index]) -> list[Occurrence]:
    """f(A, b) changes by its slope at every entry of A and of b."""
    found: list[Occurrence] = []
    for slope, body, own in zip(SLOPES[expr.op], expr.bodies, (expr.bounds, expr.bounds[:1]), strict=False):
        bounds, opened_body = opened(own, body, taken)
        inner = occurrences(opened_body, tensor, taken | {b.index for b in bounds})
        value = slope(expr, *(Affine.of(b.index) for b in bounds))
        found.extend(Occurrence((*bounds, *o.bounds), mul(value, o.factor), o.at) for o in inner)
    return found
