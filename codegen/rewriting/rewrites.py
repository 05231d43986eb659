"""The rewrites that make code stable: each an identity, the condition under which it holds, and why it is believed.

A row is `proved` if SymPy shows that both sides are equal, else `checked` by balls at 1,000 points; the tests do both.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Abs, asinh, cosh, erf, erfc, exp, gamma, log, loggamma, sinh, sqrt, symbols, tanh

from codegen.program.program import Program
from codegen.stable.forms import stable

a, b, x, y, z = symbols("a b x y z", real=True)
p = sympy.Symbol("p", positive=True)
m = sympy.Symbol("M", real=True)


@dataclass(frozen=True)
class Rewrite:
    """left = right where `condition` holds; `why` is what the right side does not do."""

    name: str
    left: sympy.Expr
    right: sympy.Expr
    why: str
    condition: str = ""
    evidence: str = "proved"


TABLE = (
    Rewrite(
        "two-sided exponential",
        1 / (1 + exp(-z)),
        exp(-Abs(z)) / (1 + exp(-Abs(z))),
        "only exponentials of -|z| are taken, which cannot overflow; likewise for every rational function of exp(z)",
        "z < 0; for z >= 0 the quotient is multiplied by exp(|z|)",
        "checked",
    ),
    Rewrite("tanh", (exp(z) - 1) / (exp(z) + 1), tanh(z / 2), "tanh does not overflow"),
    Rewrite("sinh", exp(z) - exp(-z), 2 * sinh(z), "no difference near z = 0"),
    Rewrite("cosh", exp(z) + exp(-z), 2 * cosh(z), "one function in place of two"),
    Rewrite(
        "expm1", exp(z) - 1, 2 * sinh(z / 2) * exp(z / 2), "expm1(z), which the right side is, keeps its digits near 0"
    ),
    Rewrite(
        "logarithm of exponentials",
        log(1 + exp(z)),
        z + log(1 + exp(-z)),
        "growing powers leave the logarithm; the side with exp(-|z|) is taken",
    ),
    Rewrite("log1p", log(1 + x), log(1 + x), "log1p(x) keeps the digits of a small x", "x > -1"),
    Rewrite("arcsinh", log(x + sqrt(x**2 + 1)), asinh(x), "no cancellation for x < 0"),
    Rewrite(
        "difference of roots",
        sqrt(1 + z**2) - 1,
        z**2 / (1 + sqrt(1 + z**2)),
        "multiplied by the conjugate: no difference near z = 0",
    ),
    Rewrite(
        "logarithm of gamma functions",
        log(gamma(p)),
        loggamma(p),
        "gamma overflows at 35 in float32 and at 171 in float64, its logarithm does not",
        "where the argument of the logarithm is positive",
        "checked",
    ),
    Rewrite("Gaussian integral", 1 - erf(z), erfc(z), "no difference in the tail"),
    Rewrite(
        "logarithm of the Gaussian integral",
        log((1 - erf(z)) / 2),
        log(erfc(z) / 2),
        "log_ndtr is finite where the integral vanishes",
    ),
    Rewrite(
        "quotient by the Gaussian integral",
        exp(-(z**2)) / erfc(z),
        1 / (exp(z**2) * (1 - erf(z))),
        "erfcx, the product below, neither vanishes nor overflows for z > 0",
    ),
    Rewrite(
        "row shift",
        exp(a) / (exp(a) + exp(b)),
        exp(a - m) / (exp(a - m) + exp(b - m)),
        "with M the largest entry of the row, no exponential exceeds 1; likewise for rows of any length",
    ),
    Rewrite(
        "shift of terms",
        log(exp(a) + exp(b) + exp(x)),
        m + log(exp(a - m) + exp(b - m) + exp(x - m)),
        "with M the largest of a, b and x no exponential exceeds 1; likewise quotients, and sums of any terms",
    ),
    Rewrite(
        "logarithm by definition",
        log(exp(a) / (exp(a) + exp(b))),
        a - log(exp(a) + exp(b)),
        "no probability is formed before its logarithm",
    ),
    Rewrite(
        "logarithm of a quotient",
        log(y**2 / p),
        log(y**2) - log(p),
        "the logarithm of a probability q has a form of its own",
        "q > 0",
    ),
    Rewrite(
        "quotient across equations",
        exp(-z) / (1 + exp(-z)) ** 2 * (1 + exp(-z)),
        1 / (1 + exp(z)),
        "f'(z)/p with p = f(z) is one function of z",
    ),
    Rewrite(
        "mean that saturates",
        log((exp(a) + exp(b)) / 2),
        log(exp(a) + exp(b)) - log(2),
        "the mean is found from logarithms of its parts",
    ),
    Rewrite(
        "0 log 0",
        x * log(x),
        sympy.S.Zero,
        "a term whose weight is 0 is 0; at 0 the logarithm is taken of 1",
        "the limit at 0 from above",
    ),
)


def used(program: Program) -> tuple[Rewrite, ...]:
    """The rewrites that the code of a program rests on, in the order of the table."""
    names = set(program.rewrites)
    for helper in program.helpers:
        names |= set(stable(helper.formula, helper.arguments[0]).rule.split(", "))
    return tuple(row for row in TABLE if row.name in names)
