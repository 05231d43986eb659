"""Comparing expressions up to the names of bound letters, and finding one as an instance of another."""

from __future__ import annotations

from collections.abc import Iterator

from derive.values.affine import Affine, Index, Node, indices, replace
from derive.values.binders import Binder, Bound, Extreme, Functional, MatrixFunction
from derive.values.nodes import Access, Bracket, Call, Choice, Expr
from derive.values.walks import outline

Binding = dict[Node, Affine]


def canonical(expr: Expr, depth: int = 0) -> Expr:
    """The expression with bound letters named by depth and order, so that equal meanings have equal keys."""
    if isinstance(expr, Binder):
        names: Binding = {b.index: Affine.of(Index(f"~{depth + q}")) for q, b in enumerate(expr.bounds)}
        bounds = tuple(
            Bound(Index(f"~{depth + q}"), replace(b.lo, names), replace(b.hi, names)) for q, b in enumerate(expr.bounds)
        )
        bodies = tuple(canonical(body.replaced(names), depth + len(bounds)) for body in expr.children)
        return expr.bind(bounds, bodies)
    children = expr.children
    return expr.rebuild(tuple(canonical(child, depth) for child in children)) if children else expr


def same(left: Expr, right: Expr) -> bool:
    """Are the two expressions equal up to the names of bound letters?"""
    return left == right or canonical(left) == canonical(right)


def class_of(expr: Expr) -> str:
    """What `match` compares first: an expression is an instance of patterns of its own class only."""
    return outline(canonical(expr))


def match(pattern: Expr, expr: Expr, letters: frozenset[Index], binding: Binding | None = None) -> Binding | None:
    """Positions for `letters` that turn `pattern` into `expr`, or None if there are none."""
    found, wanted = dict(binding or {}), canonical(expr)
    if not _match(canonical(pattern), wanted, letters, found):
        return None
    if not letters:
        return found
    # A letter may have stood inside a larger position before it was found, or stand for what only the other side binds.
    bound_there = {*_letters(found, letters)} - {*expr.letters}
    return None if bound_there or canonical(pattern.replaced(found)) != wanted else found


def _letters(found: Binding, letters: frozenset[Index]) -> Iterator[Index]:
    return (x for letter in letters if letter in found for x in indices(found[letter]))


def _head(expr: Expr) -> tuple[object, ...]:
    """What two nodes must share besides their positions and children."""
    if isinstance(expr, Access):
        return (expr.tensor,)
    if isinstance(expr, Call):
        return expr.function, expr.orders
    if isinstance(expr, (Bracket, Extreme, MatrixFunction)):
        return (expr.op,)
    if isinstance(expr, Functional):
        return expr.name, tuple(k for k, _ in expr.by)
    if isinstance(expr, Choice):
        return tuple(c.op for c, _ in expr.branches)
    return () if expr.children or expr.places else (expr.key,)


def _match(pattern: Expr, expr: Expr, letters: frozenset[Index], found: Binding) -> bool:
    if type(pattern) is not type(expr) or _head(pattern) != _head(expr):
        return False
    if len(pattern.children) != len(expr.children):
        return False
    own, other = pattern.places, expr.places
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
    """Equal positions, where one letter that is not bound yet takes the value that makes them so."""
    known = replace(pattern, found)
    waiting = [x for x in indices(pattern) if x in letters and x not in found]
    if len(waiting) == 1 and (count := known.coefficient(waiting[0])):
        value = (position - known + Affine.of(waiting[0]) * count).over(count)
        if value is not None and not any(x.name.startswith("~") for x in indices(value)):
            found[waiting[0]] = value
            return True
    return known == position
