"""The rules of the calculus. Each is an identity, stated by its docstring; a step is one use of one rule.

A rule takes the whole right side and a `Context`, and returns the whole right side. One that finds nothing to act
on raises RuleDidNotApply and says what it looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from derive.calculus.instances import Context, definition_at, value_of, within
from derive.calculus.occurrences import occurrences
from derive.calculus.sifting import sift_term
from derive.calculus.solving import solved
from derive.errors import RuleDidNotApply
from derive.regions.conditions import condition
from derive.regions.empty_ranges import empty_ends
from derive.regions.letters import relettered
from derive.regions.regions import Interval
from derive.values.affine import Affine, Index, Node, indices
from derive.values.algebra import simplified
from derive.values.binders import Bound, MatrixFunction, Sum, summed
from derive.values.match import class_of, match, same
from derive.values.nodes import (
    ONE,
    ZERO,
    Access,
    Add,
    Bracket,
    Call,
    Count,
    Expr,
    Mul,
    Number,
    Partial,
    Pow,
    add,
    mul,
    power,
)
from derive.values.text import render_expr
from derive.values.walks import transform, transform_inside, walk

Rule = Callable[..., Expr]


def _terms(expr: Expr) -> tuple[Expr, ...]:
    return expr.terms if isinstance(expr, Add) else (expr,)


def _factors(expr: Expr) -> tuple[Expr, ...]:
    return expr.factors if isinstance(expr, Mul) else (expr,)


def _changed(rule: str, before: Expr, after: Expr, sought: str) -> Expr:
    if before == after:
        raise FoundNothing(rule, sought, before)
    return after


class FoundNothing(RuleDidNotApply):
    """A rule with what it sought, and where: written out for a reader only, since most rules have nothing to do."""

    def __str__(self) -> str:
        rule, sought, before = self.args
        return f"{rule} found no {sought} in {render_expr(before)}"


def differentiate(expr: Expr, context: Context) -> Expr:
    """Sum_d vbar[d] ∂v[d]/∂u[p] = Sum over the occurrences u[e] in v[d] of Sum_d vbar[d] factor [e = p]."""
    return _changed("differentiate", expr, add(*(_differentiated(t, context) for t in _terms(expr))), "∂v/∂u")


def _differentiated(term: Expr, context: Context) -> Expr:
    partials = [n for n in walk(term) if isinstance(n, Partial)]
    if not partials:
        return term
    (partial,) = partials
    bounds, body = (term.bounds, term.body) if isinstance(term, Sum) else ((), term)
    taken = frozenset({b.index for b in bounds} | {x for p in partial.by.at for x in indices(p)})
    equation = context.system.equation(partial.equation)
    letters: dict[Node, Affine] = {
        p.letter: q for p, q in zip(equation.target.at, partial.of.at, strict=True) if p.letter
    }
    value = equation.value.replaced(letters)
    front = mul(*(f for f in _factors(body) if f != partial), ONE)
    made = []
    for found in occurrences(value, partial.by.tensor, taken):
        deltas = [Bracket("=", e, p) for e, p in zip(found.at, partial.by.at, strict=True)]
        made.append(summed(mul(front, found.factor, *deltas), (*bounds, *found.bounds)))
    return add(*made)


def sift(expr: Expr, context: Context, bounds: tuple[Bound, ...]) -> Expr:
    """Sum_i f(i) [i = p] = f(p) [p in the range of i]."""
    system = context.system
    terms = [sift_term(t, bounds, system.facts, system.integers) for t in _terms(expr)]
    terms = [mul(*empty_ends(t, bounds, system), t) for t in terms]
    return _changed("sift", expr, add(*terms), "Kronecker delta with a summed index")


def restrict(expr: Expr, context: Context, letter: str, lo: Affine, hi: Affine) -> Expr:
    """f [c] = f where the condition c holds, 0 where it does not; on a region that is one place, l is that place."""
    region, index = Interval(lo, hi), Index(letter)
    kept = [_restricted(t, index, region, context) for t in _terms(expr)]
    after = add(*kept)
    if region.point is not None:
        after = after.replaced({index: region.point})
    return _changed("restrict", expr, after, f"condition on {letter}")


def _restricted(term: Expr, index: Index, region: Interval, context: Context) -> Expr:
    kept: list[Expr] = []
    for factor in _factors(term):
        interval = condition(factor, index) if isinstance(factor, Bracket) else None
        if interval is None:
            kept.append(factor)
        elif _beyond(interval, region, context):
            return ZERO
        elif not _holds(interval, region, context):
            kept.append(factor)
    return mul(*kept, ONE)


def _holds(interval: tuple[Affine | None, Affine | None], region: Interval, context: Context) -> bool:
    lo, hi = interval
    below = context.system.facts.below
    return bool((lo is None or below(lo, region.lo)) and (hi is None or below(region.hi, hi)))


def _beyond(interval: tuple[Affine | None, Affine | None], region: Interval, context: Context) -> bool:
    lo, hi = interval
    below = context.system.facts.below
    return bool((lo is not None and below(region.hi + 1, lo)) or (hi is not None and below(hi + 1, region.lo)))


def insert(expr: Expr, context: Context, names: tuple[str, ...], bounds: tuple[Bound, ...]) -> Expr:
    """vbar[p] = the right side of its adjoint equation at p."""

    def rewrite(node: Expr, around: tuple[Bound, ...]) -> Expr:
        if isinstance(node, Access) and node.tensor in names:
            return definition_at(node, context, around)
        return node

    return _changed("insert", expr, transform_inside(expr, bounds, rewrite), " or ".join(names))


def law(expr: Expr, context: Context, bounds: tuple[Bound, ...]) -> Expr:
    """f'(z) = the law of f in terms of a, where a = f(z)."""

    def rewrite(node: Expr, around: tuple[Bound, ...]) -> Expr:
        if not isinstance(node, Call) or sum(node.orders) != 1:
            return node
        plain = Call(node.function, node.args, (0,) * len(node.orders))
        value = value_of(plain, context, around) or plain
        return context.scalars.law(node, value, context.rank) or node

    return _changed("law", expr, transform_inside(expr, bounds, rewrite), "derivative of a function that has a law")


def recall(expr: Expr, context: Context, bounds: tuple[Bound, ...]) -> Expr:
    """f(A)[p] = v[p], where v[p] = f(A)[p] for a function f of matrices."""

    def rewrite(node: Expr, around: tuple[Bound, ...]) -> Expr:
        return (value_of(node, context, around) if isinstance(node, MatrixFunction) else None) or node

    return _changed("recall", expr, transform_inside(expr, bounds, rewrite), "matrix function that an equation defines")


def solve(expr: Expr, context: Context) -> Expr:
    """Sum_p (A^-1)[q,p] f[p] = u[q] where Sum_q A[p,q] u[q] = f[p], and likewise with A transposed."""
    kept = context.system.inverses

    def rewrite(node: Expr) -> Expr:
        return solved(node, context.system.facts, kept) if isinstance(node, Sum) else node

    return _changed("solve", expr, transform(expr, rewrite), "inverse times a vector")


def formula(expr: Expr, context: Context) -> Expr:
    """f'(z) = the derivative of the formula of f, where that is rational in z or f is an elementary function."""

    def rewrite(node: Expr) -> Expr:
        if isinstance(node, Call) and any(node.orders):
            return context.scalars.expanded(node, context.rank) or node
        return node

    return _changed("formula", expr, transform(expr, rewrite), "derivative with an explicit formula")


def fold(expr: Expr, context: Context, bounds: tuple[Bound, ...]) -> Expr:
    """N[p] / D = a[p], where a[p] = N[p] / D."""

    def rewrite(node: Expr, around: tuple[Bound, ...]) -> Expr:
        return _folded(node, context, around) if isinstance(node, Mul) else node

    after = transform_inside(expr, bounds, rewrite)
    return _changed("fold", expr, after, "quotient that an equation defines")


def _folded(product: Mul, context: Context, bounds: tuple[Bound, ...]) -> Expr:
    quotients = context.system.quotients
    candidates = {q for factor in product.factors for q in quotients.get(class_of(factor), ())} if quotients else ()
    for equation in (context.system.equations[q] for q in sorted(candidates)):
        assert equation.quotient is not None
        above, below = equation.quotient
        letters = frozenset(b.index for b in equation.bounds)
        factors = list(product.factors)
        for q, factor in enumerate(factors):
            found = match(above, factor, letters)
            place = None if found is None else _divisor(factors, below.replaced(found))
            if found is not None and place is not None and within(found, equation.bounds, bounds, context):
                divisor = factors[place]
                assert isinstance(divisor, Pow) and isinstance(divisor.exponent, Number)
                factors[q] = equation.target.replaced(found)
                factors[place] = power(divisor.base, Number(divisor.exponent.value + 1))
        if factors != list(product.factors):
            return mul(*factors)
    return product


def _divisor(factors: list[Expr], below: Expr) -> int | None:
    for q, factor in enumerate(factors):
        negative = isinstance(factor, Pow) and isinstance(factor.exponent, Number) and factor.exponent.value < 0
        if negative and isinstance(factor, Pow) and same(factor.base, below):
            return q
    return None


def hoist(expr: Expr, context: Context) -> Expr:
    """Sum_k c f(k) = c Sum_k f(k), and Sum_k c = c times the number of k."""
    after = transform(expr, lambda node: _hoisted(node, context) if isinstance(node, Sum) else node)
    return _changed("hoist", expr, after, "factor without the summed index")


def _hoisted(node: Sum, context: Context) -> Expr:
    letters = {b.index for b in node.bounds}
    outside = [f for f in _factors(node.body) if not letters & set(f.letters)]
    inside = [f for f in _factors(node.body) if letters & set(f.letters)]
    body = mul(*inside, ONE)
    used = set(body.letters) | {x for b in node.bounds for x in (*indices(b.lo), *indices(b.hi))}
    unused = [b for b in node.bounds if b.index not in used and context.system.facts.below(b.lo, b.hi + 1)]
    counts = [Count(b.hi - b.lo + 1) for b in unused]
    bounds = tuple(b for b in node.bounds if b not in unused)
    return mul(*outside, *counts, summed(body, bounds))


def declared(expr: Expr, context: Context) -> Expr:
    """A sum that the model declares to be known has its declared value."""

    def rewrite(node: Expr) -> Expr:
        return _known_sum(node, context) if isinstance(node, Sum) else node

    return _changed("declared", expr, transform(expr, rewrite), "sum with a declared value")


def _known_sum(node: Sum, context: Context) -> Expr:
    """Sum_{i, k} f(i) y(i, k) = Sum_i f(i) c(i) where Sum_k y(i, k) is declared to be c(i)."""
    for inner, rest in _parts(node.bounds):
        letters = {b.index for b in inner}
        inside = [f for f in _factors(node.body) if letters & set(f.letters)]
        for left, right in context.system.sums:
            found = match(left, Sum(mul(*inside, ONE), inner), frozenset(left.letters))
            if found is not None:
                outside = [f for f in _factors(node.body) if f not in inside]
                return summed(mul(*outside, right.replaced(found), ONE), rest)
    return node


def _parts(bounds: tuple[Bound, ...]) -> Iterator[tuple[tuple[Bound, ...], tuple[Bound, ...]]]:
    """All bounds, then each one that may be summed first: what is summed inside, and what outside."""
    yield bounds, ()
    for q, bound in enumerate(bounds):
        rest = (*bounds[:q], *bounds[q + 1 :])
        if rest and bound.index not in {x for b in rest for x in (*indices(b.lo), *indices(b.hi))}:
            yield (bound,), rest


def simplify(expr: Expr, context: Context) -> Expr:
    """Both sides are the same rational function of their entries."""
    return _changed("simplify", expr, simplified(expr, context.rank), "shorter form")


def rename(expr: Expr, context: Context, names: tuple[tuple[str, str], ...]) -> Expr:
    """Sum_i f(i) = Sum_k f(k)."""
    return _changed("rename", expr, relettered(expr, dict(names)), "summed letter " + ", ".join(n for n, _ in names))


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        differentiate,
        sift,
        restrict,
        insert,
        recall,
        solve,
        law,
        formula,
        fold,
        hoist,
        declared,
        simplify,
        rename,
    )
}


def apply(rule: str, expr: Expr, context: Context, arguments: tuple[tuple[str, Any], ...]) -> Expr:
    """One use of a named rule. KeyError for an unknown name, RuleDidNotApply where it changes nothing."""
    return RULES[rule](expr, context, **dict(arguments))
