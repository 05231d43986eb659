"""Declared facts: orders and equalities of sizes, and sums of data. What cannot hold, or says nothing, is an error."""

from __future__ import annotations

from typing import Any

import sympy

from derive.errors import ModelError
from derive.language.surface import Formula, lift, lift_affine
from derive.system import Tensor, accesses
from derive.values.affine import Affine, Size, Width
from derive.values.binders import Sum
from derive.values.facts import Facts, never_equal
from derive.values.nodes import Expr
from derive.values.text import render_affine, render_expr

TAKES = "L >= 3, or Eq(n(L), n(1)), or Eq(Sum(y[i, j], j), 1)"
ORDERS = (sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt)


def about_sizes(fact: Any, facts: Facts) -> Facts:
    """The facts with one more. Raises ModelError for anything but an order or an equality of sizes that can hold."""
    if isinstance(fact, bool):
        raise ModelError(
            f"Python computed {fact} before it could be declared, as it does for == and !=",
            fix="Eq(n, m) declares that two sizes are equal; that they differ cannot be declared, n >= m + 1 can",
        )
    if fact is sympy.true:
        return facts
    if fact is sympy.false:
        raise ModelError("no sizes satisfy this: a size is at least 1", fix=f"declare what can hold: {TAKES}")
    if not isinstance(fact, (sympy.Eq, *ORDERS)) or fact.atoms(Formula):
        raise ModelError(f"{fact} is not a fact about sizes or sums of data", fix=TAKES)
    if isinstance(fact, sympy.Eq):
        added = _equal(fact, facts)
    else:
        gap = lift_affine(fact.gts) - lift_affine(fact.lts)
        added = facts.with_bounds([gap if isinstance(fact, (sympy.Ge, sympy.Le)) else gap - 1])
    _check_possible(added, fact)
    return added


def _equal(fact: Any, facts: Facts) -> Facts:
    left, right = lift_affine(fact.lhs), lift_affine(fact.rhs)
    if not isinstance(left.alone, (Size, Width)):
        raise ModelError(f"{fact.lhs} is not a size", fix="put the size alone on the left: Eq(n(L), n(1))")
    return Facts((*facts.equal, (left.alone, right)), facts.at_least)


def _check_possible(facts: Facts, fact: Any) -> None:
    """ModelError if a bound, or an equality, is excluded by the other facts."""
    zero = Affine.of(0)
    for q, bound in enumerate(facts.at_least):
        others = Facts(facts.equal, (*facts.at_least[:q], *facts.at_least[q + 1 :]))
        if others.below(zero, bound) is False:
            raise ModelError(f"{fact} cannot hold together with the facts above", fix="declare what can hold")
    for q, (left, right) in enumerate(facts.equal):
        others = Facts((*facts.equal[:q], *facts.equal[q + 1 :]), facts.at_least)
        if never_equal(Affine.of(left), right, others):
            raise ModelError(f"{fact} cannot hold: {render_affine(right)} is another size", fix="declare what can hold")


def sum_of_data(fact: Any, known: dict[str, Tensor]) -> tuple[Expr, Expr]:
    """The two sides of an equality about data. ModelError unless it is a sum of what is given."""
    left, right = fact.lhs.node, lift(fact.rhs)
    for access in (*accesses(left), *accesses(right)):
        if access.tensor not in known or known[access.tensor].role not in ("data", "hyper"):
            raise ModelError(
                f"{access.tensor} is computed, so nothing can be declared of it",
                fix="declare facts of data: model.assume(Eq(Sum(y[i, j], j), 1))",
            )
    if not isinstance(left, Sum):
        raise ModelError(f"{render_expr(left)} is no sum", fix="model.assume(Eq(Sum(y[i, j], j), 1))")
    return left, right
