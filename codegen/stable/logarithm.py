"""Logarithms of rational functions of t = exp(w): the growing powers of t leave the logarithm as multiples of w.

log(C t^v Prod p(t)^m) = growth max(w, 0) + order min(w, 0) + log C + Sum m log p(u), u = exp(-|w|), each p(u)
read from its constant term: log1p. Near a zero at w = 0 the sum cancels; there it is log1p(R - 1), R - 1 factored.
"""

from __future__ import annotations

from functools import reduce

import sympy
from sympy import Symbol

from codegen.stable.exponential import Ratio, Wave, factored, is_exponential, reversed_polynomial, wave_of
from codegen.stable.plain import Workspace, call, lowered, plain, polynomial
from codegen.stable.proof import prove
from derive.scalar.charts import exponential_family
from derive.values.nodes import MINUS_ONE, ONE, ZERO, Choice, Expr, Relation, add, mul, number, power

Terms = list[sympy.Expr]
LogTerm = tuple[sympy.Expr, sympy.Expr]  # coefficient, what stands inside the logarithm


def rewrite_log(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """c log(R(t)), and sums of such with constants and multiples of w, in stable form; None if it is no such."""
    z = work.z
    logs, lines, constants, rest = sort_terms(formula, z)
    found = exponential_family(tuple(inside for _, inside in logs), z) if logs else None
    if found is None or any(ratio.has(z) for ratio in found[2]):
        return None
    t, exponent, ratios = found
    if exponent.could_extract_minus_sign():
        ratios, exponent = tuple(ratio.xreplace({t: 1 / t}) for ratio in ratios), -exponent
    whole = [factored(ratio, t)[0] for ratio in ratios]
    if not all(part.constant.is_positive and all(positive(p, t) for p, _ in part.factors) for part in whole):
        return None
    k = common_power(whole)
    parts = [(c, shrunk(part, k)) for (c, _), part in zip(logs, whole, strict=True)]
    wave = wave_of(k * exponent, formula, work)
    slopes = [sympy.cancel(line / (k * exponent)) for line in lines]
    rest += [line for line, slope in zip(lines, slopes, strict=True) if slope.has(z)]
    slope = sympy.Add(*(slope for slope in slopes if not slope.has(z)))
    built = assemble(parts, slope, sympy.Add(*constants), wave, t, work)
    w = wave.rate * wave.variable
    inside = [ratio.xreplace({t: sympy.exp(w / k)}) for ratio in ratios]
    source = sympy.Add(*(c * sympy.log(x) for (c, _), x in zip(logs, inside, strict=True)), slope * w, *constants)
    prove(source, wave.variable, built, work, logarithmic=True)
    work.rules.append("logarithm of exponentials")
    return add(*(lowered(term, work) for term in rest), built)


def sort_terms(formula: sympy.Expr, z: Symbol) -> tuple[list[LogTerm], Terms, Terms, Terms]:
    """The terms of a sum: logarithms of exponentials, polynomials in z, constants, and all others."""
    logs: list[LogTerm] = []
    lines, constants, rest = Terms(), Terms(), Terms()
    for term in sympy.Add.make_args(formula):
        factor, own = term.as_independent(z, as_Add=False)
        if isinstance(own, sympy.log) and is_exponential(own, z):
            logs.append((factor, own.args[0]))
        elif not term.has(z):
            constants.append(term)
        else:
            (lines if term.is_polynomial(z) else rest).append(term)
    return logs, lines, constants, rest


def common_power(parts: list[Ratio]) -> int:
    """The largest k such that all factors are polynomials in t^k."""
    degrees = [n for part in parts for p, _ in part.factors for (n,) in sympy.Poly(p, part.t).monoms()]
    return max(1, int(reduce(sympy.igcd, degrees, 0)))


def shrunk(part: Ratio, k: int) -> Ratio:
    """The same in T = t^k, T again called t; the power in front may become a fraction."""
    factors = tuple(
        (sympy.Add(*(c * part.t ** (n // k) for (n,), c in sympy.Poly(p, part.t).terms())), m) for p, m in part.factors
    )
    return Ratio(part.t, part.constant, sympy.Rational(part.order, k), factors)


def positive(p: sympy.Expr, t: Symbol) -> bool:
    """Whether a polynomial is seen to be positive for t > 0."""
    poly = sympy.Poly(p, t)
    if all(c.is_positive for c in poly.coeffs()):
        return True
    return not poly.free_symbols_in_domain and p.subs(t, 1) > 0 and poly.count_roots(0, None) == 0


def assemble(
    parts: list[tuple[sympy.Expr, Ratio]],
    slope: sympy.Expr,
    constant: sympy.Expr,
    wave: Wave,
    t: Symbol,
    work: Workspace,
) -> Expr:
    """growth max(w, 0) + order min(w, 0) + constant + Sum c m log p(u), and its near form if it vanishes at w = 0"""
    growth = slope + sympy.Add(*(c * part.growth for c, part in parts))
    order = slope + sympy.Add(*(c * part.order for c, part in parts))
    constant += sympy.Add(*(c * sympy.log(part.constant) for c, part in parts))
    powers: dict[sympy.Expr, sympy.Expr] = {}
    for c, part in parts:
        for p, m in part.factors:
            powers[p] = powers.get(p, 0) + c * m
    u = work.let("uv", call("exp", wave.times(sympy.S.NegativeOne, wave.size, work)))
    logs = []
    for p, m in powers.items():
        if m == 0:
            continue
        reverse = reversed_polynomial(p, t)
        if reverse == p and (unit := p.subs(t, 0)) != 1:
            constant, p, reverse = constant + m * sympy.log(unit), sympy.expand(p / unit), sympy.expand(p / unit)
        logs.append(mul(plain(sympy.factor(m), work), log_of_either(reverse, p, t, u, wave, work)))
    constant = sympy.expand(sympy.expand_log(constant, force=True, factor=True))
    far = add(ramp(growth, order, wave, work), *logs, plain(constant, work))
    at_zero = constant + sympy.Add(*(m * sympy.log(p.subs(t, 1)) for p, m in powers.items()))
    if sympy.expand(sympy.expand_log(at_zero, force=True, factor=True)) != 0:
        return far
    near = near_zero(parts, slope, wave, t, work)
    return far if near is None else Choice(((Relation("<", wave.size, ONE), near),), far)


def log_of_either(reverse: sympy.Expr, p: sympy.Expr, t: Symbol, u: Expr, wave: Wave, work: Workspace) -> Expr:
    """log q(u) for w >= 0, log p(u) for w < 0"""
    above, below = (log_of(q, t, u, work) for q in (reverse, p))
    return above if above == below else Choice(((wave.upper, above),), below)


def log_of(p: sympy.Expr, t: Symbol, u: Expr, work: Workspace) -> Expr:
    """log p(u); log1p(p(u) - 1) if p(0) = 1"""
    if p.subs(t, 0) == 1:
        return call("log1p", polynomial(p - 1, t, u, work))
    return call("log", polynomial(p, t, u, work))


def ramp(growth: sympy.Expr, order: sympy.Expr, wave: Wave, work: Workspace) -> Expr:
    """growth max(w, 0) + order min(w, 0)"""
    growth, order = sympy.factor(growth), sympy.factor(order)
    if growth == order:
        return wave.times(growth, wave.shown, work)
    if growth == -order:
        return wave.times(growth, wave.size, work)
    return add(
        wave.times(growth, call("maximum", wave.shown, ZERO), work),
        wave.times(order, call("minimum", wave.shown, ZERO), work),
    )


def near_zero(
    parts: list[tuple[sympy.Expr, Ratio]], slope: sympy.Expr, wave: Wave, t: Symbol, work: Workspace
) -> Expr | None:
    """c log R = c log1p(R - 1), R(1) = 1; (t - 1)^m t^(-m/2) = (2 sinh(w/2))^m"""
    first = parts[0][0]
    weights = [sympy.cancel(c / first) for c, _ in parts]
    if not all(weight.is_Rational for weight in weights) or not sympy.cancel(slope / first).is_Rational:
        return None
    unit = first * reduce(sympy.gcd, weights)
    product = sympy.Mul(t ** sympy.cancel(slope / unit), *(part.formula ** sympy.cancel(c / unit) for c, part in parts))
    root = sympy.ilcm(1, 1, *(e.q for e in [x.exp for x in product.atoms(sympy.Pow) if x.base == t]))
    product = product.subs(t, t**root)
    rest, _ = factored(product / product.subs(t, 1) - 1, t)
    powers = {p: m for p, m in rest.factors if p != 1 - t}
    m = sum(n for p, n in rest.factors if p == 1 - t)
    plus = powers.pop(1 + t, 0) if powers.get(1 + t, 0) == m else 0  # (t^2 - 1)^m: t stands for exp(w/2)
    scale = sympy.Rational(2 if plus else 1, root)
    if m <= 0:
        return None
    if not powers and 2 * rest.order == -m * (2 if plus else 1):
        inner = call("minimum", wave.size, ONE) if m % 2 == 0 else clamp(wave)
        sinh = call("sinh", wave.times(scale / 2, inner, work))
        inside = mul(plain(rest.constant * (-2) ** m, work), power(sinh, number(int(m))))
    else:
        step = wave.times(sympy.Rational(1, root), clamp(wave), work)
        grown = call("exp", step)
        rest_factors = [power(polynomial(p, t, grown, work), number(n)) for p, n in powers.items()]
        if plus:
            rest_factors.append(power(add(ONE, grown), number(plus)))
        inside = mul(
            plain(rest.constant * (-1) ** m, work),
            power(call("expm1", step), number(int(m))),
            power(grown, number(rest.order)),
            *rest_factors,
        )
    return mul(plain(unit, work), call("log1p", inside))


def clamp(wave: Wave) -> Expr:
    """The variable, kept within 1 of 0: a branch that is not taken must not overflow either."""
    return call("maximum", call("minimum", wave.shown, ONE), MINUS_ONE)


def rewrite_log1p(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """log(1 + x) = log1p(x)"""
    if not isinstance(formula, sympy.log) or not formula.args[0].is_Add:
        return None
    one, rest = formula.args[0].as_independent(work.z, as_Add=True)
    if one != 1:
        return None
    work.rules.append("log1p")
    return call("log1p", lowered(rest, work))
