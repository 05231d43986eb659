"""Square roots that nearly cancel against a polynomial: multiplied by the conjugate."""

from __future__ import annotations

import sympy

from codegen.stable.plain import Workspace, call, lowered, plain
from codegen.stable.proof import NotProved
from derive.values.nodes import ZERO, Choice, Expr, Relation, add, mul, number, power


def rewrite_root_sum(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """r + q = (r^2 - q^2)/(r - q), r = c sqrt(p): where q is a negative constant, or on the side where q < 0"""
    z = work.z
    roots = [term for term in sympy.Add.make_args(formula) if is_root(term.as_independent(z, as_Add=False)[1])]
    if len(roots) != 1 or not formula.is_Add:
        return None
    root, rest = roots[0], formula - roots[0]
    squared = sympy.expand(root**2)
    if not squared.is_polynomial(z) or not rest.is_polynomial(z) or not root.subs(z, 0).is_positive:
        return None
    top = sympy.factor(sympy.expand(squared - rest**2))
    if sympy.expand((root + rest) * (root - rest) - top) != 0:
        raise NotProved(str(formula))
    if not rest.has(z):
        if not rest.is_negative or top.subs(z, 0) != 0:
            return None
        work.rules.append("difference of roots")
        return mul(plain(top, work), power(add(plain(-rest, work), plain(root, work)), number(-1)))
    if top.has(z) or not top.is_positive:
        return None
    work.rules.append("difference of roots")
    q = plain(rest, work)
    total = work.let("rv", add(call("abs", q), plain(root, work)))
    return Choice(((Relation(">=", q, ZERO), total),), mul(plain(top, work), power(total, number(-1))))


def is_root(formula: sympy.Expr) -> bool:
    """Whether this is a square root."""
    return bool(formula.is_Pow and formula.exp == sympy.S.Half)


def rewrite_arcsinh(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """log(q + sqrt(q^2 + 1)) = arcsinh(q)"""
    if not isinstance(formula, sympy.log) or not formula.args[0].is_Add:
        return None
    terms = formula.args[0].args
    roots = [term for term in terms if is_root(term) and term.has(work.z)]
    if len(roots) != 1:
        return None
    q = formula.args[0] - roots[0]
    if sympy.expand(roots[0].base - q**2 - 1) != 0:
        return None
    work.rules.append("arcsinh")
    return call("arcsinh", lowered(q, work))
