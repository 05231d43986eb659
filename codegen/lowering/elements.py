"""Expressions of the language to typed values: element by element, and sums as reductions and contractions."""

from __future__ import annotations

from fractions import Fraction

from codegen.lowering.boxes import harmless, masked, moving, protected
from codegen.lowering.contract import contraction, elementwise, times
from codegen.lowering.functional import lower_functional
from codegen.lowering.gather import entry, extreme, guard, guarded, integers, test
from codegen.lowering.linear import lower_matrix_function
from codegen.lowering.padded import at_once, part_of, tested
from codegen.lowering.products import lower_product
from codegen.lowering.scope import Scope, axis_letters, boxed, must_loop, outermost
from codegen.program.array import (
    CHOICE,
    Cumulative,
    Formal,
    Length,
    Literal,
    Map,
    Named,
    Places,
    Shifted,
    Total,
    Value,
    When,
    letters,
)
from derive.errors import Refused
from derive.values.affine import Affine
from derive.values.binders import Bound, Extreme, Functional, MatrixFunction, Product, Sum
from derive.values.nodes import (
    ONE,
    STOP,
    Access,
    Add,
    Argument,
    Bracket,
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
)
from derive.values.text import render_expr, split_sign

MINUS_ONE, HALF = Fraction(-1), Fraction(1, 2)


def lower_expr(expr: Expr, scope: Scope) -> Value:
    """The typed value of an expression. Refused names a construct that has none."""
    if isinstance(expr, Access):
        return lower_access(expr, scope)
    if isinstance(expr, Number):
        return Literal(expr.value)
    if isinstance(expr, Constant):
        return Named(expr.name)
    if isinstance(expr, Argument):
        return Formal(expr.name)
    if isinstance(expr, Count):
        return lower_count(expr.of, scope)
    if isinstance(expr, Add):
        return lower_add(expr, scope)
    if isinstance(expr, Mul):
        return lower_mul(expr.factors, scope)
    if isinstance(expr, Pow):
        return lower_pow(expr, scope)
    if isinstance(expr, Sum):
        return lower_sum(expr, scope)
    if isinstance(expr, Product):
        return lower_product(expr, scope, lower_expr)
    if isinstance(expr, Extreme):
        return extreme(expr, scope, lower_expr)
    if isinstance(expr, Call) and expr.function == STOP and not any(expr.orders):
        return lower_expr(expr.args[0], scope)
    if isinstance(expr, Call):
        return elementwise(call_name(expr), [lower_expr(a, scope) for a in expr.args], scope.order)
    if isinstance(expr, Bracket):
        return guard(expr, scope, lower_expr)
    if isinstance(expr, Choice):
        return lower_choice(expr, scope)
    if isinstance(expr, Functional):
        return lower_functional(expr, scope, lower_expr)
    if isinstance(expr, MatrixFunction):
        return lower_matrix_function(expr, scope, lower_expr)
    raise Refused(f"{type(expr).__name__} cannot be computed: {render_expr(expr)}")


def lower_access(expr: Access, scope: Scope) -> Value:
    """An entry; one of integer data is a place, which counts from its lowest value, not from 0 as its array does."""
    if not scope.stores[expr.tensor].integer:
        return entry(expr, scope, lower_expr)
    place = integers(Affine.of(expr), scope, lower_expr)
    return Map("typed", (place,), place.axes)


def call_name(call: Call) -> str:
    """The name under which a program calls a function: f, f_prime, f_prime_prime."""
    if len(call.orders) == 1:
        return call.function + "_prime" * call.orders[0]
    return call.function + "".join(f"_d{k + 1}" * count for k, count in enumerate(call.orders))


def lower_count(affine: Affine, scope: Scope) -> Value:
    """An integer, or the integers along an axis."""
    if any(isinstance(atom, Expr) for atom, _ in affine.terms):
        place = integers(affine, scope, lower_expr)
        return Map("typed", (place,), place.axes)
    own = axis_letters(affine, scope)
    if not own:
        return Length(affine)
    if len(own) > 1:
        raise Refused(f"the value {render_expr(Count(affine))} has two axes; write it as a sum of single letters")
    return Places(scope.axes[own[0]], affine)


def lower_add(expr: Add, scope: Scope) -> Value:
    """Terms from left to right, a negative one subtracted; a sum never starts with a minus if it need not."""
    result: Value | None = None
    head = next((q for q, t in enumerate(expr.terms) if not split_sign(t)[0]), 0)
    for term in (expr.terms[head], *expr.terms[:head], *expr.terms[head + 1 :]):
        negative, size = split_sign(term)
        value = lower_expr(size, scope)
        if result is None:
            result = elementwise("neg", (value,), scope.order) if negative else value
        else:
            result = elementwise("-" if negative else "+", (result, value), scope.order)
    assert result is not None
    return result


def lower_mul(factors: tuple[Expr, ...], scope: Scope) -> Value:
    """Factors from left to right; a reciprocal divides; of a rational, p stands first and q divides last."""
    tests, rest = at_once(factors, scope)
    if tests:
        value = lower_mul(rest, tested(tests, scope))
        return When(tuple(test(t, scope, lower_expr) for t in tests), value)
    part = part_of(factors, tuple(scope.axes.values()), scope)
    if part is not None:
        axis = scope.axes[part.inner.index]
        value = lower_mul(part.factors, scope.with_axes((part.inner,)))
        return Shifted(value, axis.index, axis, part.inner.lo - axis.lo, axis.hi - part.inner.hi)
    scale = Fraction(1)
    above: list[tuple[str, Value]] = []
    conditions, factors = divided(factors)
    for factor in (part for whole in factors for part in _without_number(whole)):
        if isinstance(factor, Number):
            scale *= factor.value
        elif isinstance(factor, Pow) and isinstance(factor.exponent, Number) and factor.exponent.value < 0:
            above.append(("/", lower_expr(_reciprocal(factor), scope)))
        else:
            above.append(("*", lower_expr(factor, scope)))
    if not conditions:
        return joined(scale, above, scope)
    held = [test(c, scope, lower_expr) for c in conditions]
    below = [(op, protected(held, value, scope.order)) for op, value in above if op == "/"]
    groups = masked(held, [value for op, value in above if op == "*"], scope.order)
    return joined(scale, [*(("*", g) for g in groups), *below], scope)


def divided(factors: tuple[Expr, ...]) -> tuple[tuple[Bracket, ...], tuple[Expr, ...]]:
    """Conditions left <= right, and the other factors."""
    conditions = tuple(f for f in factors if isinstance(f, Bracket) and f.op == "<=")
    return conditions, tuple(f for f in factors if f not in conditions)


def _without_number(factor: Expr) -> tuple[Expr, ...]:
    """Sum c x = c Sum x"""
    if isinstance(factor, Sum) and isinstance(factor.body, Mul) and isinstance(factor.body.factors[0], Number):
        return factor.body.factors[0], Sum(mul(*factor.body.factors[1:]), factor.bounds)
    return (factor,)


def joined(scale: Fraction, parts: list[tuple[str, Value]], scope: Scope) -> Value:
    """p * x * y / z / q"""
    if abs(scale.numerator) != 1 or not any(op == "*" for op, _ in parts):
        parts = [("*", Literal(Fraction(abs(scale.numerator)))), *parts]
    head = next(q for q, (op, _) in enumerate(parts) if op == "*")
    result = parts[head][1]
    if scale < 0:
        result = elementwise("neg", (result,), scope.order)
    for q, (op, value) in enumerate(parts):
        if q != head:
            result = elementwise(op, (result, value), scope.order)
    if scale.denominator != 1:
        result = elementwise("/", (result, Literal(Fraction(scale.denominator))), scope.order)
    return result


def _reciprocal(factor: Pow) -> Expr:
    assert isinstance(factor.exponent, Number)
    return factor.base if factor.exponent.value == -1 else Pow(factor.base, Number(-factor.exponent.value))


def lower_pow(expr: Pow, scope: Scope) -> Value:
    """Square roots and reciprocals have their own forms."""
    base, exponent = expr.base, expr.exponent
    if isinstance(exponent, Number) and exponent.value < 0:
        return elementwise("/", (Literal(Fraction(1)), lower_expr(_reciprocal(expr), scope)), scope.order)
    if isinstance(exponent, Number) and exponent.value == HALF and not isinstance(base, (Number, Constant, Count)):
        return elementwise("sqrt", (lower_expr(base, scope),), scope.order)
    return elementwise("**", (lower_expr(base, scope), lower_expr(exponent, scope)), scope.order)


def lower_choice(expr: Choice, scope: Scope) -> Value:
    """Branches from the last to the first, each harmless where it is not taken: np.where computes all of them."""
    result = lower_expr(expr.otherwise, scope)
    for condition, value in reversed(expr.branches):
        holds = lower_relation(condition, scope)
        branches = harmless(holds, lower_expr(value, scope)), harmless(holds, result, needed=False)
        result = elementwise(CHOICE, (holds, *branches), scope.order)
    return result


def lower_relation(condition: Relation, scope: Scope) -> Value:
    """A comparison; one of two places is one of integers."""
    left, right = condition.left, condition.right
    op = {"=": "=="}.get(condition.op, condition.op)
    if op == "==" and isinstance(left, Count) and isinstance(right, Count):
        return test(Bracket("=", left.of, right.of), scope, lower_expr)
    return elementwise(op, (lower_expr(left, scope), lower_expr(right, scope)), scope.order)


def lower_sum(expr: Sum, scope: Scope) -> Value:
    """Factors without a summed letter stand outside; loop letters are summed outermost; the rest is contracted."""
    factors = expr.body.factors if isinstance(expr.body, Mul) else (expr.body,)
    tests, rest = at_once(factors, scope.with_axes(expr.bounds))
    if tests:
        value = lower_sum(Sum(mul(*rest, ONE), expr.bounds), tested(tests, scope))
        return When(tuple(test(t, scope, lower_expr) for t in tests), value)
    part = part_of(factors, expr.bounds, scope.with_axes(expr.bounds))
    if part is not None:
        bounds = tuple(part.inner if b.index == part.inner.index else b for b in expr.bounds)
        return lower_sum(Sum(mul(*part.factors), bounds), scope)
    mine = {b.index for b in expr.bounds}
    outer = tuple(f for f in factors if not mine & set(f.letters))
    inner = tuple(f for f in factors if mine & set(f.letters))
    if outer or not inner:
        value = _sum_of(inner, expr.bounds, scope)
        if isinstance(value, Literal) and value.value == 1:
            return lower_mul(outer, scope)
        return _beside(outer, value, scope)
    return _sum_of(inner, expr.bounds, scope)


def _beside(outer: tuple[Expr, ...], value: Value, scope: Scope) -> Value:
    """The hoisted factors in front of the sum, divisions after it."""
    scale = Fraction(1)
    parts: list[tuple[str, Value]] = []
    later: list[tuple[str, Value]] = []
    for factor in outer:
        if isinstance(factor, Number):
            scale *= factor.value
        elif isinstance(factor, Pow) and isinstance(factor.exponent, Number) and factor.exponent.value < 0:
            later.append(("/", lower_expr(_reciprocal(factor), scope)))
        else:
            parts.append(("*", lower_expr(factor, scope)))
    return joined(scale, [*parts, ("*", value), *later], scope)


def _sum_of(factors: tuple[Expr, ...], bounds: tuple[Bound, ...], scope: Scope) -> Value:
    """Sum of a product all of whose factors have a summed letter; a letter in none of them counts its range."""
    first = outermost(bounds, must_loop(mul(*factors), bounds, scope))
    if first is not None:
        rest = tuple(b for b in bounds if b is not first)
        within = scope.with_loop(first)
        return Total(first, lower_expr(Sum(mul(*factors), rest) if rest else mul(*factors), within))
    running = cumulative(factors, bounds, scope)
    if running is not None:
        return running
    bounds, tests = boxed(bounds, scope)
    inside, factors = scope.with_axes(bounds), (*factors, *tests)
    sifted = guarded(factors, bounds, scope, lower_expr)
    if sifted is not None:
        return sifted
    lengths = tuple(b for b in bounds if not any(b.index in f.letters for f in factors))
    counts: list[Value] = [_count(b.hi - b.lo + 1, scope) for b in lengths]
    summed = tuple(b for b in bounds if b not in lengths)
    if not summed:
        return times(counts, scope.order)
    if len(factors) == 1 and isinstance(factors[0], Add) and _worth_dividing(factors[0], summed, inside):
        value = lower_expr(add(*(Sum(t, summed) for t in factors[0].terms)), scope)
    else:
        value = _product_sum(factors, summed, inside, scope)
    return times([*counts, value], scope.order)


def _count(length: Affine, scope: Scope) -> Value:
    """How many places a range has: none if it ends before it begins."""
    if scope.never_negative(length):
        return Length(length)
    return Map("Max", (Length(length), Literal(Fraction(0))), ())


def cumulative(factors: tuple[Expr, ...], bounds: tuple[Bound, ...], scope: Scope) -> Value | None:
    """Sum_{s<=t} f(s), or Sum_{s>=t} f(s), for all t of an axis that f does not have: sums as far as every place."""
    for bound in bounds:
        rest = tuple(b for b in bounds if b is not bound)
        for end, down in ((bound.hi, False), (bound.lo, True)):
            axis = scope.axes.get(end.letter) if end.letter else None
            if axis is None or any(moving(b) for b in rest) or axis.index in mul(*factors).letters:
                continue
            whole = Bound(bound.index, axis.lo, axis.hi)
            if (whole.hi if down else whole.lo) != (bound.hi if down else bound.lo) or moving(whole):
                continue
            value = lower_expr(Sum(mul(*factors), rest) if rest else mul(*factors), scope.with_axes((whole,)))
            return Cumulative(value, bound.index, axis, down)
    return None


def _worth_dividing(body: Add, bounds: tuple[Bound, ...], inside: Scope) -> bool:
    """Is some term of the body a contraction, a product of two arrays neither of which has all the axes?"""
    mine = {b.index for b in bounds}
    for term in body.terms:
        factors = term.factors if isinstance(term, Mul) else (term,)
        axes = [{x for x in f.letters if x in inside.axes} for f in factors]
        whole = set().union(*axes)
        if whole & mine and not any(a == whole for a in axes):
            return True
    return False


def _product_sum(factors: tuple[Expr, ...], bounds: tuple[Bound, ...], inside: Scope, scope: Scope) -> Value:
    groups: list[Value] = []
    tests, factors = divided(factors)
    for factor in factors:
        if isinstance(factor, Pow) and isinstance(factor.exponent, Number) and factor.exponent.value < 0 and groups:
            below = lower_expr(_reciprocal(factor), inside)
            match = [q for q, g in enumerate(groups) if set(letters(below.axes)) <= set(letters(g.axes))]
            if match:
                groups[match[0]] = elementwise("/", (groups[match[0]], below), scope.order)
                continue
        groups.append(lower_expr(factor, inside))
    groups = masked([test(t, inside, lower_expr) for t in tests], groups, scope.order)
    return contraction(groups, bounds, scope.order)
