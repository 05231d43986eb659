"""Walks over expressions: every node, every node with the ranges around it, and rewriting from the leaves up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from derive.values.binders import Bound, inside
from derive.values.nodes import Expr


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node, parents first, from left to right."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def walk_inside(expr: Expr, bounds: tuple[Bound, ...]) -> Iterator[tuple[Expr, tuple[Bound, ...]]]:
    """Every node in prefix order, with the ranges of the letters around it."""
    yield expr, bounds
    for child in expr.children:
        yield from walk_inside(child, inside(expr, bounds))


def transform(expr: Expr, rewrite: Callable[[Expr], Expr]) -> Expr:
    """Apply `rewrite` to every node, children first."""
    children = expr.children
    if children:
        changed = tuple(transform(child, rewrite) for child in children)
        if any(new is not old for new, old in zip(changed, children, strict=True)):
            expr = expr.rebuild(changed)
    return rewrite(expr)


def transform_inside(expr: Expr, bounds: tuple[Bound, ...], rewrite: Callable[[Expr, tuple[Bound, ...]], Expr]) -> Expr:
    """Rewrite every node, children first, given the ranges of the letters around it."""
    children = expr.children
    if children:
        inner = inside(expr, bounds)
        expr = expr.rebuild(tuple(transform_inside(child, inner, rewrite) for child in children))
    return rewrite(expr, bounds)


def outline(expr: Expr) -> str:
    """What all instances of an expression share: its entries and functions, without their positions."""
    parts = (getattr(n, "tensor", None) or getattr(n, "function", None) or type(n).__name__ for n in walk(expr))
    return " ".join(parts)
