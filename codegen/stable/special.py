"""Gamma functions and the Gaussian integral: logarithms that are not taken of what overflows, tails that do not cancel.

Phi(v) = (1 + erf(v/sqrt(2)))/2 is `ndtr`, log Phi is `log_ndtr`; erfcx(u) = exp(u^2) erfc(u).
"""

from __future__ import annotations

from itertools import combinations

import sympy

from codegen.stable.composed import factors_of, raised
from codegen.stable.plain import Workspace, call, lowered, plain
from derive.values.nodes import ZERO, Call, Choice, Constant, Expr, Number, Relation, add, mul, number, power

LOGS = {"gamma": "gammaln", "beta": "betaln"}


def log_of_gammas(expr: Expr) -> Expr | None:
    """log(c gamma(x)^p beta(a, b)^q) = log(c) + p log gamma(x) + q log beta(a, b), for c > 0"""
    terms: list[Expr] = []
    rest: list[Expr] = []
    for factor in factors_of(expr):
        base, exponent = raised(factor)
        if isinstance(base, Call) and base.function in LOGS and not any(base.orders):
            terms.append(mul(exponent, call(LOGS[base.function], *base.args)))
        else:
            rest.append(factor)
    if not terms or not all(map(is_positive, rest)):
        return None
    return add(*([call("log", mul(*rest))] if rest else []), *terms)


def is_positive(factor: Expr) -> bool:
    """A positive number, an exponential, a square root, or a power of such."""
    base, exponent = raised(factor)
    if isinstance(exponent, Number) and exponent.value.denominator % 2 == 0:
        return True
    if isinstance(base, Number):
        return base.value > 0
    return isinstance(base, Constant) or (isinstance(base, Call) and base.function == "exp" and not any(base.orders))


def rewrite_log_gamma(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """The logarithm of a product of gamma and beta functions, without the product."""
    if not isinstance(formula, sympy.log) or not formula.has(sympy.gamma, sympy.beta):
        return None
    found = log_of_gammas(lowered(formula.args[0], work))
    if found is not None:
        work.rules.append("logarithm of gamma functions")
    return found


def normal(formula: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """(c, v) if the formula is c Phi(v): c + c erf(v/sqrt(2)) = c erfc(-v/sqrt(2)) = 2 c Phi(v)"""
    if formula.is_Mul:
        found = [(factor, pair) for factor in formula.args for pair in [normal(factor)] if pair is not None]
        if len(found) != 1:
            return None
        ((factor, (scale, v)),) = found
        return formula / factor * scale, v
    if isinstance(formula, sympy.erfc):
        return sympy.Integer(2), -sympy.sqrt(2) * formula.args[0]
    if not formula.is_Add or len(formula.args) != 2:
        return None
    for one, other in (formula.args, formula.args[::-1]):
        tails = [f for f in sympy.Mul.make_args(other) if isinstance(f, (sympy.erf, sympy.erfc))]
        if len(tails) != 1:
            continue
        ratio, u = sympy.cancel(other / tails[0] / one), tails[0].args[0]
        if isinstance(tails[0], sympy.erf) and ratio in (1, -1):
            return 2 * one, sympy.expand(ratio * sympy.sqrt(2) * u)
        if isinstance(tails[0], sympy.erfc) and ratio == -sympy.S.Half:
            return one, sympy.expand(sympy.sqrt(2) * u)
    return None


def tail(v: sympy.Expr, work: Workspace) -> Expr:
    """2 Phi(v) = erfc(-v/sqrt(2)): the one whose argument has no root of 2"""
    if any(node == sympy.sqrt(2) for node in sympy.preorder_traversal(v)):
        return call("erfc", lowered(-v / sympy.sqrt(2), work))
    return mul(number(2), call("ndtr", lowered(v, work)))


def rewrite_normal(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """c + c erf(u), c - c erf(u) and c erfc(u) by the Gaussian integral, which does not cancel in its left tail."""
    pairs = combinations(formula.args, 2) if formula.is_Add else [(formula,)]
    for parts in pairs:
        found = None if formula.is_Mul else normal(sympy.Add(*parts))
        if found is not None:
            scale, v = found
            work.rules.append("Gaussian integral")
            rest = formula - sympy.Add(*parts)
            value = mul(lowered(scale / 2, work), tail(v, work))
            return value if rest == 0 else add(value, lowered(rest, work))
    return None


def rewrite_log_normal(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """log(c Phi(v)) = log(c) + log Phi(v), c > 0"""
    terms = sympy.Add.make_args(formula)
    logs = [(t, normal(t.args[0])) for t in terms if isinstance(t, sympy.log) and t.has(work.z)]
    if len(logs) != 1 or any(t.has(work.z) for t in terms if t != logs[0][0]):
        return None
    ((term, found),) = logs
    if found is None or not found[0].is_positive:
        return None
    work.rules.append("logarithm of the Gaussian integral")
    rest = sympy.expand(sympy.expand_log(formula - term + sympy.log(found[0]), force=True))
    value = call("log_ndtr", lowered(found[1], work))
    return value if rest == 0 else add(lowered(rest, work), value)


def rewrite_hazard(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """exp(-v^2/2)/Phi(v) = 2/erfcx(-v/sqrt(2)): of two numbers that vanish for v < 0, of none"""
    if not formula.is_Mul:
        return None
    below = [f for f in formula.args if f.is_Pow and f.exp == -1]
    tails = [(f, pair) for f in below for pair in [normal(1 / f)] if pair is not None]
    waves = [f for f in formula.args if isinstance(f, sympy.exp) and f.has(work.z)]
    if len(tails) != 1 or len(waves) != 1:
        return None
    (divisor, (scale, v)), wave = tails[0], waves[0]
    if sympy.expand(wave.args[0] + v**2 / 2) != 0:
        return None
    work.rules.append("quotient by the Gaussian integral")
    place = lowered(v, work)
    low, high = call("minimum", place, ZERO), call("maximum", place, ZERO)
    left = mul(number(2), power(call("erfcx", mul(plain(-1 / sympy.sqrt(2), work), low)), number(-1)))
    right = mul(lowered(wave, work), power(call("ndtr", high), number(-1)))
    rest = lowered(formula / divisor / wave / scale, work)
    return mul(rest, Choice(((Relation(">=", place, ZERO), right),), left))
