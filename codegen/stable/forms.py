"""Stable forms: what a user wrote plainly, evaluated without overflow and without cancellation.

`stable` takes 1/(1 + exp(-z)) and answers where(z >= 0, 1, u)/(1 + u), u = exp(-|z|). A rule is tried on the whole
formula first and then on its parts; each rewrite is proved when it is made, and where none applies the formula
stays as it is. A call whose arguments hold neither the argument nor a helper value, `log(2)`, is a Python scalar.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Symbol
from sympy.polys.polyerrors import BasePolynomialError

from codegen.stable.branch import rewrite_extremum, rewrite_folded, rewrite_piecewise
from codegen.stable.exponential import rewrite_exponential
from codegen.stable.logarithm import rewrite_log, rewrite_log1p
from codegen.stable.plain import Workspace, lowered, needed, plain
from codegen.stable.proof import NotProved
from codegen.stable.root import rewrite_arcsinh, rewrite_root_sum
from codegen.stable.special import rewrite_hazard, rewrite_log_gamma, rewrite_log_normal, rewrite_normal
from codegen.stable.sums import rewrite_product, rewrite_root, rewrite_sum
from derive.scalar.charts import rational, real, real_symbol
from derive.scalar.kinks import stepless
from derive.values.nodes import Expr
from derive.values.text import render_expr


@dataclass(frozen=True)
class StableForm:
    """`lets` are helper values computed first, in order; `identity` is a comment for the reader of the code."""

    lets: tuple[tuple[str, Expr], ...]
    value: Expr
    identity: str
    rule: str


def stable(formula: sympy.Expr, argument: Symbol) -> StableForm:
    """A stable form of a scalar formula of `argument`; ValueError for a function that has no NumPy form."""
    symbolic, _ = real(stepless(rational(sympy.sympify(formula))))
    work = Workspace(
        real_symbol(argument), tuple(sorted({argument.name, *(s.name for s in symbolic.free_symbols)})), lower
    )
    value = lowered(symbolic, work)
    lets = needed(value, work.lets)
    rules = tuple(dict.fromkeys(work.rules)) or ("plain",)
    return StableForm(lets, value, identity_of(formula, lets, rules), ", ".join(rules))


def lower(formula: sympy.Expr, work: Workspace) -> Expr:
    """The first rule that fires and is proved; else the node as it is, its parts lowered."""
    for rule in RULES:
        lets, rules = list(work.lets), list(work.rules)
        try:
            result = rule(formula, work)
        except (NotProved, BasePolynomialError):
            result = None
        if result is not None:
            return result
        work.lets[:], work.rules[:] = lets, rules
    return plain(formula, work)


def identity_of(formula: sympy.Expr, lets: tuple[tuple[str, Expr], ...], rules: tuple[str, ...]) -> str:
    """One line for the generated code: the formula, and what it is computed with."""
    if rules == ("plain",):
        return str(formula)
    helpers = " and ".join(f"{name} = {render_expr(value)}" for name, value in lets)
    return f"{formula} with {helpers}, which cannot overflow" if helpers else f"{formula} by {', '.join(rules)}"


RULES = (
    rewrite_piecewise,
    rewrite_folded,
    rewrite_extremum,
    rewrite_log_normal,
    rewrite_log_gamma,
    rewrite_hazard,
    rewrite_normal,
    rewrite_log,
    rewrite_sum,
    rewrite_exponential,
    rewrite_product,
    rewrite_root,
    rewrite_root_sum,
    rewrite_arcsinh,
    rewrite_log1p,
)
