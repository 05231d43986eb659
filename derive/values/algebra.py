"""Scalar algebra: SymPy is asked, our nodes keep the textbook order."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sympy
import sympy.tensor.tensor  # SymPy loads this at its first addition; here it counts as what it is, an import

from derive.errors import Refused
from derive.values.binders import Functional, MatrixFunction
from derive.values.nodes import (
    ONE,
    Add,
    Argument,
    Call,
    Choice,
    Constant,
    Count,
    Expr,
    Mul,
    Number,
    Pow,
    Relation,
    add,
    mul,
    number,
    power,
)
from derive.values.walks import walk


def size(expr: Expr) -> int:
    """Number of nodes: the measure by which a form is shorter."""
    return sum(1 for _ in walk(expr))


def simplified(expr: Expr, rank: Callable[[Expr], int]) -> Expr:
    """Equal as a rational function of its entries: powers merged, like terms collected, common factors outside.

    SymPy's `cancel` is asked where a factor may cancel a denominator inside a sum, and taken where it does; `rank`
    orders the factors of what comes back from it.
    """
    children = expr.children
    if isinstance(expr, MatrixFunction):  # the matrix stays as written: what is equal is computed once
        expr = expr.rebuild((children[0], *(simplified(child, rank) for child in children[1:])))
    elif children and not isinstance(expr, Functional):
        expr = expr.rebuild(tuple(simplified(child, rank) for child in children))
    if isinstance(expr, Mul):
        expr = _merged(expr)
        if isinstance(expr, Mul) and _may_cancel(expr):
            new = _cancelled(expr, rank)
            shorter = size(new) < size(expr) and len(_denominators(new)) < len(_denominators(expr))
            expr = new if shorter else expr
    return _collected(expr) if isinstance(expr, Add) else expr


def _base(factor: Expr) -> tuple[Expr, Fraction]:
    if isinstance(factor, Pow) and isinstance(factor.exponent, Number):
        return factor.base, factor.exponent.value
    return factor, Fraction(1)


def _merged(expr: Mul) -> Expr:
    """x**p * x**q = x**(p + q), at the place of the first."""
    total: dict[Expr, Fraction] = {}
    scale = ONE
    for factor in expr.factors:
        if isinstance(factor, Number):
            scale = factor
            continue
        base, exponent = _base(factor)
        total[base] = total.get(base, Fraction(0)) + exponent
    return mul(scale, *(power(b, Number(e)) for b, e in total.items() if e))


def _collected(expr: Add) -> Expr:
    """c x + d x = (c + d) x, then what all terms share stands outside, positive terms first."""
    total: dict[Expr, Fraction] = {}
    for term in expr.terms:
        scale, rest = _scale(term)
        total[rest] = total.get(rest, Fraction(0)) + scale
    terms = [mul(Number(c), rest) for rest, c in total.items() if c]
    if len(terms) < 2:
        return add(*terms)
    shared = _shared(terms)
    inside = [_without(term, shared) for term in terms]
    positive = [t for t in inside if _scale(t)[0] > 0]
    inside = inside if not positive else positive + [t for t in inside if _scale(t)[0] <= 0]
    above = [power(b, Number(e)) for b, e in shared.items() if e > 0]
    below = [power(b, Number(e)) for b, e in shared.items() if e < 0]
    return mul(*above, Add(tuple(inside)), *below) if shared else Add(tuple(inside))


def _scale(term: Expr) -> tuple[Fraction, Expr]:
    if isinstance(term, Number):
        return term.value, ONE
    if isinstance(term, Mul) and isinstance(term.factors[0], Number):
        return term.factors[0].value, mul(*term.factors[1:])
    return Fraction(1), term


def _factors(term: Expr) -> dict[Expr, Fraction]:
    found: dict[Expr, Fraction] = {}
    for factor in term.factors if isinstance(term, Mul) else (term,):
        base, exponent = _base(factor)
        found[base] = found.get(base, Fraction(0)) + exponent
    return found


def _shared(terms: list[Expr]) -> dict[Expr, Fraction]:
    """The powers that divide every term."""
    tables = [_factors(term) for term in terms]
    shared: dict[Expr, Fraction] = {}
    for base, exponent in tables[0].items():
        powers = [table.get(base, Fraction(0)) for table in tables]
        common = min(powers) if exponent > 0 else max(powers)
        if common * exponent > 0 and not isinstance(base, Number):
            shared[base] = common
    numbers = {abs(_scale(term)[0]) for term in terms}
    if len(numbers) == 1 and numbers != {Fraction(1)}:
        shared[Number(numbers.pop())] = Fraction(1)
    return shared


def _without(term: Expr, shared: dict[Expr, Fraction]) -> Expr:
    return _merge_all(mul(term, *(power(b, Number(-e)) for b, e in shared.items())))


def _merge_all(expr: Expr) -> Expr:
    return _merged(expr) if isinstance(expr, Mul) else expr


def _may_cancel(product: Mul) -> bool:
    """Does an entry of a factor stand in a denominator inside another factor, which is a sum?"""
    below = {e for f in product.factors if isinstance(f, Add) for d in _denominators(f) for e in _entries(d)}
    return any(below & set(_entries(f)) for f in product.factors if not isinstance(f, Add) or not _denominators(f))


def _denominators(expr: Expr) -> list[Expr]:
    """What the expression divides by, sizes apart."""
    if isinstance(expr, Pow) and isinstance(expr.exponent, Number) and expr.exponent.value < 0:
        return [] if isinstance(expr.base, Count) else [expr.base]
    return [d for child in expr.children for d in _denominators(child)] if isinstance(expr, (Add, Mul)) else []


def _entries(expr: Expr) -> list[Expr]:
    """The parts that are no arithmetic: SymPy sees them as symbols."""
    if isinstance(expr, (Add, Mul, Pow)):
        return [e for child in expr.children for e in _entries(child)]
    return [] if isinstance(expr, (Number, Constant, Count)) else [expr]


def to_sympy(expr: Expr, symbols: dict[Expr, sympy.Symbol]) -> sympy.Expr:
    """A SymPy expression in which everything but arithmetic is a real symbol; `symbols` is filled with them."""
    if isinstance(expr, Number):
        return sympy.Rational(expr.value.numerator, expr.value.denominator)
    if isinstance(expr, Constant):
        return getattr(sympy, expr.name)
    if isinstance(expr, Add):
        return sympy.Add(*(to_sympy(t, symbols) for t in expr.terms))
    if isinstance(expr, Mul):
        return sympy.Mul(*(to_sympy(f, symbols) for f in expr.factors))
    if isinstance(expr, Pow):
        return to_sympy(expr.base, symbols) ** to_sympy(expr.exponent, symbols)
    return symbols.setdefault(expr, sympy.Symbol(f"v{len(symbols)}", real=True))


def _cancelled(expr: Expr, rank: Callable[[Expr], int]) -> Expr:
    symbols: dict[Expr, sympy.Symbol] = {}
    value = sympy.cancel(to_sympy(expr, symbols))
    above, below = sympy.fraction(value)
    value = sympy.factor_terms(above) / sympy.factor_terms(below)
    return from_sympy(value, {s: e for e, s in symbols.items()}, rank)


def from_sympy(value: sympy.Expr, atoms: dict[sympy.Symbol, Expr], rank: Callable[[Expr], int]) -> Expr:
    """Our nodes for a SymPy expression: numbers first, then factors by rank; positive terms first."""
    if value in atoms:
        return atoms[value]
    if isinstance(value, sympy.Rational):
        return number(Fraction(int(value.p), int(value.q)))
    if isinstance(value, sympy.NumberSymbol):
        return Constant(str(value))
    if isinstance(value, sympy.Symbol):
        return Argument(value.name)
    parts = [from_sympy(part, atoms, rank) for part in value.args]
    if isinstance(value, sympy.Add):
        ordered = sorted(
            parts,
            key=lambda t: (_scale(t)[0] < 0, isinstance(t, Number) and _has_negative(parts) is False, rank(t), t.key),
        )
        return add(*ordered)
    if isinstance(value, sympy.Mul):
        return mul(*sorted(parts, key=lambda f: (isinstance(f, Pow) and _base(f)[1] < 0, rank(f), f.key)))
    if isinstance(value, sympy.Pow):
        return power(*parts)
    if isinstance(value, sympy.exp):
        return Call("exp", (from_sympy(value.exp, atoms, rank),))
    if isinstance(value, sympy.Piecewise):
        return _choice(value, atoms, rank)
    return Call(type(value).__name__, tuple(parts), (0,) * len(parts))


def _has_negative(parts: list[Expr]) -> bool:
    return any(_scale(p)[0] < 0 for p in parts)


def _choice(value: sympy.Piecewise, atoms: dict[sympy.Symbol, Expr], rank: Callable[[Expr], int]) -> Expr:
    def convert(part: sympy.Expr) -> Expr:
        return from_sympy(part, atoms, rank)

    return chosen(value, convert)


def chosen(value: sympy.Piecewise, convert: Callable[[sympy.Expr], Expr]) -> Expr:
    """Our node for a Piecewise whose last branch holds always; `convert` makes nodes of its values."""
    *branches, (last, _) = value.args
    result = convert(last)
    for branch, condition in reversed(branches):
        result = _when(condition, convert(branch), result, convert)
    return result


def _when(condition: sympy.Basic, yes: Expr, no: Expr, convert: Callable[[sympy.Expr], Expr]) -> Expr:
    """`yes` where the condition holds, else `no`: and, or, not become choices inside choices."""
    if isinstance(condition, sympy.Not):
        return _when(condition.args[0], no, yes, convert)
    if isinstance(condition, sympy.ITE):  # a comparison of a Piecewise: SymPy pulls the branches out
        first, then, otherwise = condition.args
        return _when(first, _when(then, yes, no, convert), _when(otherwise, yes, no, convert), convert)
    if isinstance(condition, (sympy.And, sympy.Or)):
        first, *rest = sorted(condition.args, key=sympy.default_sort_key)
        others = condition.func(*rest)
        if isinstance(condition, sympy.And):
            return _when(first, _when(others, yes, no, convert), no, convert)
        return _when(first, yes, _when(others, yes, no, convert), convert)
    if condition in (sympy.true, sympy.false):
        return yes if condition == sympy.true else no
    if not isinstance(condition, sympy.core.relational.Relational):
        raise Refused(f"only comparisons can choose a branch, not {condition}")
    relation = Relation(condition.rel_op, convert(condition.lhs), convert(condition.rhs))
    if isinstance(no, Choice):
        return Choice(((relation, yes), *no.branches), no.otherwise)
    return Choice(((relation, yes),), no)
