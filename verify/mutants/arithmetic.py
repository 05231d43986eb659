"""Faults in sums, products, quotients, powers, signs and numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from verify.mutants.operator import Operator, Spot, filled, is_number, parsed, pattern

TERMS = (
    pattern("plus to minus", "A + B", "A - B"),
    pattern("minus to plus", "A - B", "A + B"),
    pattern("minus turned", "A - B", "B - A"),
    pattern("left term dropped", "A + B", "B"),
    pattern("right term dropped", "A + B", "A"),
    pattern("minuend dropped", "A - B", "-B"),
    pattern("subtrahend dropped", "A - B", "A"),
    pattern("left term doubled", "A + B", "2 * A + B"),
    pattern("right term doubled", "A + B", "A + 2 * B"),
    pattern("minuend doubled", "A - B", "2 * A - B"),
    pattern("subtrahend doubled", "A - B", "A - 2 * B"),
    pattern("minus sign dropped", "-A", "A"),
    pattern("sum to product", "A + B", "A * B"),
    pattern("sum brackets moved", "A - B + C", "A - (B + C)"),
    pattern("difference brackets moved", "A - B - C", "A - (B - C)"),
)

FACTORS = (
    pattern("times to over", "A * B", "A / B"),
    pattern("over to times", "A / B", "A * B"),
    pattern("over turned", "A / B", "B / A"),
    pattern("product to sum", "A * B", "A + B"),
    pattern("left factor dropped", "A * B", "B"),
    pattern("right factor dropped", "A * B", "A"),
    pattern("dividend dropped", "A / B", "1 / B"),
    pattern("divisor dropped", "A / B", "A"),
    pattern("left factor twice", "A * B", "A * A * B"),
    pattern("right factor twice", "A * B", "A * B * B"),
    pattern("divisor twice", "A / B", "A / B / B"),
    pattern("factor of a sum to its first term", "(A + B) * C", "A + B * C"),
    pattern("factor of a difference to its last term", "(A - B) * C", "A - B * C"),
    pattern("factor to the first term of a difference", "A * (B - C)", "A * B - C"),
    pattern("factor to the first term of a sum", "A * (B + C)", "A * B + C"),
    pattern("divisor of a sum to its last term", "(A + B) / C", "A + B / C"),
    pattern("divisor of a difference to its last term", "(A - B) / C", "A - B / C"),
    pattern("factor below", "A / B * C", "A / (B * C)"),
)

POWERS = (
    pattern("power dropped", "A**B", "A"),
    pattern("exponent up", "A**B", "A**(B + 1)"),
    pattern("exponent twice", "A**B", "A**(2 * B)"),
    pattern("exponent negated", "A**B", "1 / A**B"),
    pattern("power to product", "A**B", "B * A"),
    pattern("square of a sum to sum of squares", "(A + B)**2", "A**2 + B**2"),
    pattern("square of a difference to difference of squares", "(A - B)**2", "A**2 - B**2"),
)


def number(name: str, what: str, new: str) -> Operator:
    """The operator that puts `new` in place of a number N that is no index, axis, or end of a loop."""
    made = pattern(name, "N", new)

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if isinstance(node, ast.Constant) and is_number(node) and not any(map(counts, spot.around)):
            if not node.value and new not in ("N + 1", "N - 1"):
                return  # 0 doubled is 0
            yield from made.change(spot)

    return Operator(name, what, change)


def counts(node: ast.AST) -> bool:
    """Are the numbers in this node places, axes or counts?"""
    if isinstance(node, (ast.keyword, ast.Slice)):
        return True
    return isinstance(node, ast.Subscript) or (isinstance(node, ast.Call) and ast.unparse(node.func) in COUNTING)


COUNTING = ("range", "np.arange", "np.zeros", "np.ones", "np.empty", "np.moveaxis", "np.eye", "np.swapaxes", "np.pad")
NUMBERS = (
    number("number up", "N  ->  N + 1", "N + 1"),
    number("number down", "N  ->  N - 1", "N - 1"),
    number("number doubled", "N  ->  2 N", "2 * N"),
    number("number halved", "N  ->  N / 2", "N / 2"),
    number("number negated", "N  ->  -N", "-N"),
    number("number to 0", "N  ->  0", "0"),
    number("number off by 1e-9", "N  ->  N * 1.000000001", "N * 1.000000001"),
)


def hyper(name: str, new: str) -> Operator:
    """The operator that puts `new` in place of a hyper-parameter h."""
    made = parsed(new)

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if isinstance(node, ast.Name) and node.id in spot.kernels.hypers and not passed_on(spot):
            yield filled(made, {"h": node}, node)

    return Operator(name, f"h  ->  {new}, of a hyper-parameter h", change)


def passed_on(spot: Spot) -> bool:
    """Is the node an argument that one function of the module hands to another?"""
    parent = spot.parent
    return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id.startswith("_")


def another_hyper(spot: Spot) -> Iterator[ast.AST]:
    """Another hyper-parameter that the function has."""
    node, known = spot.node, {a.arg for a in spot.function.args.args}
    hypers = [h for h in spot.kernels.hypers if h in known]
    if isinstance(node, ast.Name) and node.id in hypers and len(hypers) > 1:
        yield ast.copy_location(ast.Name(hypers[hypers.index(node.id) - 1], ast.Load()), node)


HYPERS = (
    hyper("hyper-parameter to 1", "1"),
    hyper("hyper-parameter to 0", "0"),
    hyper("hyper-parameter squared", "h * h"),
    hyper("hyper-parameter negated", "-h"),
    hyper("hyper-parameter inverted", "1 / h"),
    Operator("another hyper-parameter", "h  ->  another one", another_hyper),
)

ARITHMETIC = (*TERMS, *FACTORS, *POWERS, *NUMBERS, *HYPERS)
