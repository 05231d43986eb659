"""Errors that several gradients share get a name: `delta_a` is dJ/da[p] times functions of entries at p.

A gradient sums such a product against what stands around it, `d.w = Sum d.a f'(z) x` and `d.b = Sum d.a f'(z)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as with_changes

from codegen.rewriting.named import Named
from derive.order.dependence import Statement
from derive.values.binders import Binder, Bound, inside
from derive.values.nodes import Access, Add, Call, Choice, Expr, Mul, Pow, mul
from derive.values.walks import outline, walk

Chosen = dict[str, list[Statement]]  # by the outline of the value


def errors_named(statements: list[Statement], named: Named) -> list[Statement]:
    """The statements of a gradient with a variable for every error that stands in two places or more."""
    alike: Chosen = {}
    for error in (e for s in statements for e in _errors(s)):
        alike.setdefault(outline(error.value), []).append(error)
    chosen = {key: _chosen(errors, named) for key, errors in alike.items() if len(errors) > 1}
    return _defined(statements, chosen, named) if any(chosen.values()) else statements


def _chosen(errors: list[Statement], named: Named) -> list[Statement]:
    """The variables for errors of one outline: each stands for two of them or more, and for all that any other does."""

    def holds(one: Statement, other: Statement) -> bool:
        return named.instance(one, other.value, other.bounds) is not None

    found: list[Statement] = []
    for first in errors:
        uses = sum(holds(first, e) for e in errors)
        wider = any(holds(e, first) and not holds(first, e) for e in errors)
        if uses > 1 and not wider and not any(holds(s, first) for s in found):
            name = f"delta_{named.spoken(first.target.tensor.removeprefix('d.'))}"
            entry = named.named(name, first.value, first.bounds, [])
            found.append(Statement(entry.tensor, entry, first.bounds, first.value))
    return found


def _errors(statement: Statement) -> Iterator[Statement]:
    """Every error in a statement, its letters in the order of the adjoint."""
    for product, bounds in _products(statement.value, statement.bounds):
        error = _error(product)
        if error is not None and error[1] != statement.value:
            adjoint, value = error
            letters = adjoint.letters
            own = tuple(b for x in letters for b in bounds if b.index == x)
            if len(own) == len(letters):
                yield Statement(adjoint.tensor, adjoint, own, value)


def _products(expr: Expr, bounds: tuple[Bound, ...]) -> Iterator[tuple[Mul, tuple[Bound, ...]]]:
    """Every product with the ranges of the letters around it."""
    if isinstance(expr, Mul):
        yield expr, bounds
    for child in expr.children:
        yield from _products(child, inside(expr, bounds))


def _error(product: Mul) -> tuple[Access, Expr] | None:
    """The adjoint in a product, and the product of it with the functions of entries at its letters."""
    adjoints = [f for f in product.factors if isinstance(f, Access) and f.tensor.startswith("d.")]
    if len(adjoints) != 1:
        return None
    letters = set(adjoints[0].letters)
    local = [f for f in product.factors if _is_function(f) and set(f.letters) <= letters]
    return (adjoints[0], mul(adjoints[0], *local)) if local else None


def _is_function(expr: Expr) -> bool:
    """Is it worth a name: computed from entries, without a sum?"""
    parts = list(walk(expr))
    entries = any(isinstance(n, Access) for n in parts)
    return isinstance(expr, (Add, Call, Choice, Pow)) and entries and not any(isinstance(n, Binder) for n in parts)


def _defined(statements: list[Statement], chosen: Chosen, named: Named) -> list[Statement]:
    """The statements with the variables in place of the errors, each defined before its first use."""
    variables = {s.target.tensor: s for errors in chosen.values() for s in errors}
    found: list[Statement] = []
    for statement in statements:
        value = _rewritten(statement.value, statement.bounds, chosen, named)
        for name in [n.tensor for n in walk(value) if isinstance(n, Access) and n.tensor in variables]:
            found.extend([variables.pop(name)] if name in variables else [])
        found.append(with_changes(statement, value=value))
    return found


def _rewritten(expr: Expr, bounds: tuple[Bound, ...], chosen: Chosen, named: Named) -> Expr:
    """An expression with variables in place of the errors."""
    parts = tuple(_rewritten(child, inside(expr, bounds), chosen, named) for child in expr.children)
    error = _error(expr) if isinstance(expr, Mul) else None
    if error is None or not isinstance(expr, Mul):
        return expr.rebuild(parts) if parts else expr
    adjoint, value = error
    entries = (named.instance(s, value, bounds) for s in chosen.get(outline(value), ()))
    entry = next((e for e in entries if e is not None), None)
    if entry is None:
        return expr.rebuild(parts)
    gone = value.children
    factors = zip(expr.factors, parts, strict=True)
    return mul(*(entry if f == adjoint else p for f, p in factors if f == adjoint or f not in gone))
