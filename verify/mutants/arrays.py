"""Faults in matrix products, transposes, sums over axes, and the shapes of arrays."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from verify.mutants.operator import Operator, Spot, integer, moved, pattern

PRODUCTS = (
    pattern("operands of @ swapped", "A @ B", "B @ A"),
    pattern("left operand transposed", "A @ B", "A.T @ B"),
    pattern("right operand transposed", "A @ B", "A @ B.T"),
    pattern("product transposed", "A @ B", "(A @ B).T"),
    pattern("product of matrices entry by entry", "A @ B", "A * B"),
    pattern("transpose dropped", "A.T", "A"),
    pattern("outer product turned", "A.T @ B", "B.T @ A"),
    pattern("brackets of a product of matrices dropped", "(A @ B) * C", "A @ (B * C)"),
    pattern("contraction over other axes", "np.tensordot(A, B, (C, D))", "np.tensordot(A, B, (D, C))"),
    pattern("contraction swapped", "np.tensordot(A, B, (C, D))", "np.tensordot(B, A, (D, C))"),
    pattern("axes swapped", "A.transpose(B, C, D)", "A.transpose(C, B, D)"),
    pattern("axes turned", "A.transpose(B, C, D)", "A.transpose(B, D, C)"),
    pattern("order of axes dropped", "A.transpose(ETC)", "A"),
)

SUMS = (
    pattern("sum to mean", "A.sum(ETC)", "A.mean(ETC)"),
    pattern("sum to largest", "A.sum(ETC)", "A.max(ETC)"),
    pattern("sum to product of the entries", "A.sum(ETC)", "A.prod(ETC)"),
    pattern("sum dropped", "A.sum(ETC)", "A"),
    pattern("sum without the last", "A.sum(ETC)", "A[:-1].sum(ETC)"),
    pattern("sum without the first", "A.sum(ETC)", "A[1:].sum(ETC)"),
    pattern("sum without the last column", "A.sum(ETC)", "A[..., :-1].sum(ETC)"),
    pattern("sum of absolute values", "A.sum(ETC)", "np.abs(A).sum(ETC)"),
    pattern("product of entries to sum", "A.prod(ETC)", "A.sum(ETC)"),
    pattern("largest to smallest", "A.max(ETC)", "A.min(ETC)"),
    pattern("smallest to largest", "A.min(ETC)", "A.max(ETC)"),
    pattern("place of the largest to that of the smallest", "A.argmax(ETC)", "A.argmin(ETC)"),
    pattern("place of the smallest to that of the largest", "A.argmin(ETC)", "A.argmax(ETC)"),
    pattern("cumulative product to sum", "np.cumprod(ETC)", "np.cumsum(ETC)"),
)


def on_keyword(name: str, what: str, keyword: str, change: str) -> Operator:
    """The operator that changes the keyword of a call: `up` and `down` an axis, `flip` a truth value, or `drop` it."""

    def change_keyword(spot: Spot) -> Iterator[ast.AST]:
        call = spot.node
        if not isinstance(call, ast.Call):
            return
        for q, word in enumerate(call.keywords):
            number = integer(word.value)
            value: ast.expr | None = None
            if word.arg != keyword:
                continue
            if change == "flip" and isinstance(word.value, ast.Constant):
                value = ast.Constant(not word.value.value)
            elif change in ("up", "down") and number is not None:
                value = moved(word.value, 1 if change == "up" else -1)
            if value is not None or change == "drop":
                kept = [ast.keyword(keyword, value)] if value is not None else []
                words = [*call.keywords[:q], *kept, *call.keywords[q + 1 :]]
                yield ast.copy_location(ast.Call(call.func, call.args, words), call)

    return Operator(name, what, change_keyword)


def axis_added(spot: Spot) -> Iterator[ast.AST]:
    """A sum over everything becomes one over the first axis."""
    call = spot.node
    if not isinstance(call, ast.Call) or call.args or call.keywords:
        return
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("sum", "max", "min", "prod"):
        yield ast.copy_location(ast.Call(call.func, [], [ast.keyword("axis", ast.Constant(0))]), call)


AXES = (
    on_keyword("axis after", "axis=k  ->  axis=k + 1", "axis", "up"),
    on_keyword("axis before", "axis=k  ->  axis=k - 1", "axis", "down"),
    on_keyword("axis dropped", "axis=k  ->  all axes", "axis", "drop"),
    on_keyword("axis not kept", "keepdims=True  ->  keepdims=False", "keepdims", "flip"),
    Operator("axis added", "A.sum()  ->  A.sum(axis=0)", axis_added),
)


def next_axis(spot: Spot) -> Iterator[ast.AST]:
    """`x.shape[0]` becomes `x.shape[1]`, or `x.shape[-1]`."""
    node = spot.node
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
        number = integer(node.slice)
        if number is not None:
            yield ast.copy_location(ast.Subscript(node.value, ast.Constant(1 - number % 2), ast.Load()), node)


def resized(by: int) -> Operator:
    """The operator that changes a size, such as `m`."""

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in sizes(spot.function):
            yield ast.copy_location(moved(node, by), node)

    name, what = ("size up", "m  ->  m + 1") if by > 0 else ("size down", "m  ->  m - 1")
    return Operator(name, f"{what}, of a size m", change)


def another_size(spot: Spot) -> Iterator[ast.AST]:
    """Another size that the function knows."""
    node, known = spot.node, sizes(spot.function)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known and len(known) > 1:
        yield ast.copy_location(ast.Name(known[known.index(node.id) - 1], ast.Load()), node)


def sizes(function: ast.FunctionDef) -> tuple[str, ...]:
    """The names that a function gives to sizes: what stands in a shape, or is the last key of a parameter."""
    found: dict[str, None] = {}
    for line in function.body:
        if isinstance(line, ast.Assign):
            for target, value in paired(line.targets[0], line.value):
                if isinstance(target, ast.Name) and (".shape[" in ast.unparse(value) or is_last_key(value)):
                    found[target.id] = None
    return tuple(found)


def paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """`a, b = c, d` is a = c and b = d."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def is_last_key(value: ast.expr) -> bool:
    """Is it `max(w)`?"""
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "max" for n in ast.walk(value))


SHAPES = (
    pattern("last key to first key", "max(A)", "min(A)"),
    pattern("ones for zeros", "np.zeros(ETC)", "np.ones(ETC)"),
    pattern("zeros for ones", "np.ones_like(A)", "np.zeros_like(A)"),
    pattern("ones for a unit matrix", "np.eye(A, dtype=B)", "np.ones((A, A), dtype=B)"),
    pattern("triangle without its diagonal", "np.tri(A, dtype=B)", "np.tri(A, k=-1, dtype=B)"),
    pattern("triangle to a square", "np.tri(A, dtype=B)", "np.ones((A, A), dtype=B)"),
    pattern("the other triangle", "np.tri(A, dtype=B)", "np.tri(A, dtype=B).T"),
    Operator("another axis of a shape", "x.shape[0]  ->  x.shape[1]", next_axis),
    resized(1),
    resized(-1),
    Operator("another size", "m  ->  another size", another_size),
)

ARRAYS = (*PRODUCTS, *SUMS, *AXES, *SHAPES)
