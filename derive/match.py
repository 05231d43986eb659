"""Comparing expressions up to the names of bound letters, and finding one as an instance of another."""

from __future__ import annotations

from derive.affine import Affine, Index, Node, replace
from derive.expression import (
    Access,
    Binder,
    Bound,
    Bracket,
    Call,
    Choice,
    Expr,
    Extreme,
    Functional,
    positions,
    substitute,
)

Binding = dict[Node, Affine]


def canonical(expr: Expr, depth: int = 0) -> Expr:
    """The expression with bound letters named by depth and order, so that equal meanings have equal keys."""
    if isinstance(expr, Binder):
        names: Binding = {b.index: Affine.of(Index(f"~{depth + q}")) for q, b in enumerate(expr.bounds)}
        bounds = tuple(
            Bound(Index(f"~{depth + q}"), replace(b.lo, names), replace(b.hi, names)) for q, b in enumerate(expr.bounds)
        )
        bodies = tuple(canonical(substitute(body, names), depth + len(bounds)) for body in expr.children)
        return expr.bind(bounds, bodies)
    children = expr.children
    return expr.rebuild(tuple(canonical(child, depth) for child in children)) if children else expr


def same(left: Expr, right: Expr) -> bool:
    """Are the two expressions equal up to the names of bound letters?"""
    return left == right or canonical(left) == canonical(right)


def match(pattern: Expr, expr: Expr, letters: frozenset[Index], binding: Binding | None = None) -> Binding | None:
    """Positions for `letters` that turn `pattern` into `expr`, or None if there are none."""
    found = dict(binding or {})
    if not _match(canonical(pattern), canonical(expr), letters, found):
        return None
    return found


def _match(pattern: Expr, expr: Expr, letters: frozenset[Index], found: Binding) -> bool:
    if type(pattern) is not type(expr) or len(pattern.children) != len(expr.children):
        return False
    if not pattern.children and not positions(pattern):
        return pattern == expr
    if isinstance(pattern, Access) and pattern.tensor != expr.tensor:  # type: ignore[attr-defined]
        return False
    if isinstance(pattern, Call):
        assert isinstance(expr, Call)
        if (pattern.function, pattern.orders) != (expr.function, expr.orders):
            return False
    if isinstance(pattern, Bracket) and pattern.op != expr.op:  # type: ignore[attr-defined]
        return False
    if isinstance(pattern, Functional) and pattern.name != expr.name:  # type: ignore[attr-defined]
        return False
    if isinstance(pattern, Extreme) and pattern.op != expr.op:  # type: ignore[attr-defined]
        return False
    if isinstance(pattern, Choice):
        assert isinstance(expr, Choice)
        if [c.op for c, _ in pattern.branches] != [c.op for c, _ in expr.branches]:
            return False
    own, other = positions(pattern), positions(expr)
    if len(own) != len(other) or not all(_bind(p, q, letters, found) for p, q in zip(own, other, strict=True)):
        return False
    if not all(_match(p, q, letters, found) for p, q in zip(pattern.children, expr.children, strict=True)):
        return False
    if isinstance(pattern, Binder) and isinstance(expr, Binder):
        pairs = zip(pattern.bounds, expr.bounds, strict=False)
        ends = all(replace(p.lo, found) == q.lo and replace(p.hi, found) == q.hi for p, q in pairs)
        return len(pattern.bounds) == len(expr.bounds) and ends
    return True


def _bind(pattern: Affine, position: Affine, letters: frozenset[Index], found: Binding) -> bool:
    letter = pattern.letter
    if letter and letter in letters and letter not in found:
        found[letter] = position
        return True
    return replace(pattern, found) == position
