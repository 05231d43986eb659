"""Summed letters have scopes: each sum of an equation has letters of its own."""

from __future__ import annotations

from derive.values.affine import Affine, Index
from derive.values.binders import Binder, Sum, rebind
from derive.values.nodes import Expr


def scoped(expr: Expr, seen: dict[str, int]) -> Expr:
    """Each sum has its own letters: the second j of an equation may have another range than the first."""
    while isinstance(expr, Sum) and isinstance(expr.body, Sum):  # they become one when a letter changes
        expr = Sum(expr.body.body, (*expr.bounds, *expr.body.bounds))
    if isinstance(expr, Binder):
        letters: dict[Index, Index] = {}
        for bound in expr.bounds:
            name = bound.index.name
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                letters[bound.index] = Index(f"{name}#{seen[name]}")
        expr = _relabelled(expr, letters)
    children = expr.children
    return expr.rebuild(tuple(scoped(child, seen) for child in children)) if children else expr


def unscoped(expr: Expr) -> Expr:
    """The letters as they were written."""
    children = expr.children
    expr = expr.rebuild(tuple(unscoped(child) for child in children)) if children else expr
    if isinstance(expr, Binder):
        return _relabelled(
            expr, {b.index: Index(b.index.name.split("#")[0]) for b in expr.bounds if "#" in b.index.name}
        )
    return expr


def _relabelled(expr: Binder, letters: dict[Index, Index]) -> Expr:
    bounds = rebind(expr.bounds, letters)
    values = {old: Affine.of(new) for old, new in letters.items()}
    bodies = tuple(body.replaced(values) for body in expr.children)
    return expr.bind(bounds, bodies)
