"""Rational functions of t = exp(w): one universal form in u = exp(-|w|), which cannot overflow.

R(t) = C t^v Prod p(t)^m. For w >= 0, t = 1/u and p(1/u) = u^(-deg p) q(u), q the reversed polynomial; for w < 0,
t = u. Factors 1 - u are -expm1(-|w|), which loses nothing near w = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import sympy
from sympy import Symbol

from codegen.stable.plain import Workspace, call, lowered, plain, polynomial
from codegen.stable.proof import prove
from derive.scalar.charts import exponential_family, ordered
from derive.values.nodes import ONE, ZERO, Choice, Expr, Relation, mul, number, power

EXPONENTIALS = (sympy.exp, sympy.tanh, sympy.sinh, sympy.cosh, sympy.coth, sympy.sech, sympy.csch)
SIMPLE = (sympy.exp, sympy.tanh, sympy.sinh, sympy.cosh)  # stable as they are


@dataclass(frozen=True)
class Wave:
    """w = rate * variable, rate > 0: the variable is the argument itself if w is a multiple of it, else a letter."""

    rate: sympy.Expr
    variable: Symbol
    shown: Expr

    def times(self, factor: sympy.Expr, value: Expr, work: Workspace) -> Expr:
        """factor * rate * value, for value the variable, its absolute value, its positive or its negative part."""
        return mul(plain(factor * self.rate, work), value)

    @property
    def size(self) -> Expr:
        return call("abs", self.shown)

    @property
    def upper(self) -> Relation:
        return Relation(">=", self.shown, ZERO)


@dataclass(frozen=True)
class Ratio:
    """constant * t^order * Prod factor^power: `order` at t = 0, `growth` the degree at infinity."""

    t: Symbol
    constant: sympy.Expr
    order: sympy.Rational  # an integer, a fraction only under a logarithm
    factors: tuple[tuple[sympy.Expr, int], ...]

    @property
    def growth(self) -> sympy.Rational:
        return self.order + sum(m * sympy.degree(p, self.t) for p, m in self.factors)

    @property
    def formula(self) -> sympy.Expr:
        return sympy.Mul(self.constant, self.t**self.order, *(p**m for p, m in self.factors))


def is_exponential(formula: sympy.Expr, z: Symbol) -> bool:
    """Whether an exponential of z stands in the formula, c^z and hyperbolic functions counted."""
    return any(
        node.has(z) and (isinstance(node, EXPONENTIALS) or (node.is_Pow and node.exp.has(z)))
        for node in sympy.preorder_traversal(formula)
    )


def wave_of(exponent: sympy.Expr, formula: sympy.Expr, work: Workspace) -> Wave:
    """The wave w = exponent; its letter stands for what was written."""
    rate, rest = sympy.factor_terms(exponent).as_independent(work.z, as_Add=False)
    if rest == work.z and rate.is_positive:
        return Wave(rate, work.z, plain(rest, work))
    rate, written = sympy.S.One, exponent
    for node in ordered(formula, lambda node: isinstance(node, EXPONENTIALS) and node.has(work.z)):
        inner = node.args[0] if not node.args[0].could_extract_minus_sign() else -node.args[0]
        ratio = sympy.cancel(written / inner)
        if ratio.is_Rational and ratio > 0:
            rate, written = ratio, inner
            break
    name = work.let("sw", lowered(written, work))
    return Wave(rate, Symbol(name.name, real=True), name)


def factored(formula: sympy.Expr, t: Symbol, shrink: bool = False) -> tuple[Ratio, int]:
    """A rational function split into constant, power of t, and polynomials with positive constant term.

    `shrink`: it is R(t^k) with the largest k, and R and k are returned; otherwise k = 1.
    """
    names, formula = without_irrationals(formula)
    parts = sympy.fraction(sympy.cancel(formula))
    powers = [n for part in parts for (n,) in sympy.Poly(part, t).monoms()]
    k = max(1, int(reduce(sympy.igcd, powers, 0))) if shrink else 1
    constant, order, factors = sympy.S.One, sympy.S.Zero, []
    for part, side in zip(parts, (1, -1), strict=True):
        small = sympy.Add(*(c * t ** (n // k) for (n,), c in sympy.Poly(part, t).terms())) if k > 1 else part
        scale, found = sympy.factor_list(small) if small.free_symbols else (small, [])
        constant *= scale**side
        for factor, m in found:
            if factor == t:
                order += side * m
            elif not factor.has(t):
                constant *= factor ** (side * m)
            else:
                turn = factor.subs(t, 0).could_extract_minus_sign()
                constant *= (-1) ** m if turn else 1
                factors.append((sympy.expand(-factor if turn else factor).xreplace(names), side * m))
    return Ratio(t, constant.xreplace(names), order, tuple(factors)), k


def without_irrationals(formula: sympy.Expr) -> tuple[dict[Symbol, sympy.Expr], sympy.Expr]:
    """sqrt(2), pi and log(3) as letters, which polynomials can be divided by, and what the letters stand for."""
    found = ordered(
        formula,
        lambda node: (
            node.is_number and not node.is_Rational and (node.is_NumberSymbol or node.is_Pow or node.is_Function)
        ),
    )
    names = {number: sympy.Dummy(f"c{n}", positive=bool(number.is_positive) or None) for n, number in enumerate(found)}
    return {name: number for number, name in names.items()}, formula.xreplace(names)


def rewrite_exponential(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """A rational function of one exponential (coefficients may hold z) in its stable form, None if it is no such."""
    z = work.z
    if isinstance(formula, SIMPLE) or not is_exponential(formula, z):
        return None
    found = exponential_family((formula,), z)
    if found is None:
        return None
    t, exponent, (ratio,) = found
    if exponent.could_extract_minus_sign():
        exponent, ratio = -exponent, ratio.xreplace({t: 1 / t})
    parts, k = factored(ratio, t, shrink=True)
    if not parts.order and not parts.factors:
        return lowered(parts.constant, work)
    wave = wave_of(k * exponent, formula, work)
    built = (
        rewrite_laurent(parts, wave, work)
        if all(m > 0 for _, m in parts.factors)
        else rewrite_tanh(parts, wave, work) or rewrite_two_sided(parts, wave, work)
    )
    if built is None:
        return None
    prove(ratio.xreplace({t: sympy.exp(wave.rate * wave.variable / k)}), wave.variable, built, work)
    return built


def rewrite_laurent(parts: Ratio, wave: Wave, work: Workspace) -> Expr | None:
    """t - 1 = expm1(w); t - 1/t = 2 sinh(w); t + 1/t = 2 cosh(w)"""
    t = parts.t
    product = sympy.expand(sympy.Mul(*(p**m for p, m in parts.factors)))
    terms = sympy.Poly(product, t).terms()
    if len(terms) != 2 or terms[0][1] ** 2 != terms[1][1] ** 2 or terms[0][1].has(work.z):
        return None
    (high, low), (c, c_low) = (n[0] + parts.order for n, _ in terms), (c for _, c in terms)
    constant = parts.constant * c
    if high == -low:
        name = "cosh" if c == c_low else "sinh"
        work.rules.append(name)
        return mul(plain(2 * constant, work), call(name, wave.times(high, wave.shown, work)))
    if c == c_low or low < 0 < high:
        return None
    work.rules.append("expm1")
    factor = (
        call("exp", wave.times(low, wave.shown, work))
        if low > 0
        else call("exp", wave.times(high, wave.shown, work))
        if high < 0
        else ONE
    )
    gap = sympy.Integer(high - low) * (1 if high > 0 else -1)  # t^high - t^low = -t^high (t^(low - high) - 1)
    scale = lowered(constant if high > 0 else -constant, work)
    return mul(scale, factor, call("expm1", wave.times(gap, wave.shown, work)))


def rewrite_tanh(parts: Ratio, wave: Wave, work: Workspace) -> Expr | None:
    """(t - 1)/(t + 1) = tanh(w/2)"""
    powers = {sympy.expand(p): m for p, m in parts.factors}
    minus, plus = powers.pop(1 - parts.t, 0), powers.pop(1 + parts.t, 0)
    if powers or parts.order or minus != -plus:
        return None
    work.rules.append("tanh")
    value = call("tanh", wave.times(sympy.Rational(1, 2), wave.shown, work))
    return mul(lowered(parts.constant * (-1) ** minus, work), power(value, number(minus)))


def rewrite_two_sided(parts: Ratio, wave: Wave, work: Workspace) -> Expr:
    """R(t) with t = 1/u for w >= 0 and t = u for w < 0"""
    u = work.let("uv", call("exp", wave.times(sympy.S.NegativeOne, wave.size, work)))
    common, above, below = list[Expr](), list[Expr](), list[Expr]()
    ones = 0
    for p, m in parts.factors:
        if p == 1 - parts.t:
            ones += m
            common.append(power(call("expm1", wave.times(sympy.S.NegativeOne, wave.size, work)), number(m)))
            continue
        reverse = reversed_polynomial(p, parts.t)
        inside = [power(polynomial(q, parts.t, u, work), number(m)) for q in (reverse, p)]
        if reverse == p:
            common.append(inside[0])
        else:
            above.append(inside[0])
            below.append(inside[1])
    order_above, order_below = -parts.growth, parts.order
    shared = max(min(order_above, order_below), 0)
    above.insert(0, tail(order_above - shared, u, wave, "maximum", work))
    below.insert(0, tail(order_below - shared, u, wave, "minimum", work))
    upper, lower = mul(*above), mul(*below)
    work.rules.append("two-sided exponential")
    if upper != lower:  # 1 - t is expm1(-|w|)/u for w >= 0 and -expm1(-|w|) for w < 0
        choice: Expr = Choice(((wave.upper, upper),), mul(number((-1) ** ones), lower))
    else:  # an odd power of 1 - t is 0 at w = 0, and so is the sign
        choice = mul(call("sign", wave.shown), upper) if ones % 2 else upper
    return mul(lowered(parts.constant, work), choice, power(u, number(int(shared))), *common)


def tail(order: sympy.Integer, u: Expr, wave: Wave, part: str, work: Workspace) -> Expr:
    """u^order; where that grows, the exponential of the part of w that is 0 on the other side"""
    if order >= 0:
        return power(u, number(int(order)))
    factor = -order if part == "maximum" else order
    return call("exp", wave.times(factor, call(part, wave.shown, ZERO), work))


def reversed_polynomial(p: sympy.Expr, t: Symbol) -> sympy.Expr:
    """t^deg p(1/t)"""
    poly = sympy.Poly(p, t)
    return sympy.Add(*(c * t ** (poly.degree() - n) for (n,), c in poly.terms()))
