"""A mutation operator is a row: a name, what it changes, and the function that does it, often a pair of patterns.

In a pattern A to D stand for any expression, N for a number, F for a function of the generated module, and ETC for all
arguments of a call.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ANYTHING = frozenset("ABCD")
NUMBER, FUNCTION, REST = "N", "F", "ETC"


@dataclass(frozen=True)
class Kernels:
    """What is known of the code: its functions that lead to the gradient, and the names of what is given to it."""

    functions: tuple[ast.FunctionDef, ...]
    parameters: tuple[str, ...]
    data: tuple[str, ...]
    hypers: tuple[str, ...]

    def function(self, name: str) -> ast.FunctionDef | None:
        """The function of that name."""
        return next((f for f in self.functions if f.name == name), None)


@dataclass(frozen=True)
class Spot:
    """A node of a function, with the nodes around it, the function first."""

    node: ast.AST
    around: tuple[ast.AST, ...]
    kernels: Kernels

    @property
    def parent(self) -> ast.AST:
        return self.around[-1]

    @property
    def function(self) -> ast.FunctionDef:
        found = self.around[0]
        assert isinstance(found, ast.FunctionDef)
        return found


Change = Callable[[Spot], Iterator[ast.AST]]


@dataclass(frozen=True)
class Operator:
    """One kind of fault. `change` yields what may stand in place of a node: an expression, or a statement."""

    name: str
    what: str
    change: Change


def pattern(name: str, old: str, new: str) -> Operator:
    """The operator that puts `new` in place of every expression like `old`."""
    sought, made = parsed(old), parsed(new)

    def change(spot: Spot) -> Iterator[ast.AST]:
        found: dict[str, ast.AST] = {}
        if matches(sought, spot.node, found, spot.kernels):
            yield filled(made, found, spot.node)

    return Operator(name, f"{old}  ->  {new}", change)


def parsed(text: str) -> ast.expr:
    """The expression of a text."""
    return ast.parse(text, mode="eval").body


def matches(sought: ast.AST, node: ast.AST, found: dict[str, ast.AST], kernels: Kernels) -> bool:
    """Is the node like the pattern? `found` collects what its letters stand for."""
    if isinstance(sought, ast.Name) and sought.id in {*ANYTHING, NUMBER, FUNCTION}:
        return stands(sought.id, node, kernels) and same(found.setdefault(sought.id, node), node)
    if type(sought) is not type(node):
        return False
    if isinstance(sought, ast.Call) and isinstance(node, ast.Call) and takes_all(sought):
        found[REST] = node
        return matches(sought.func, node.func, found, kernels)
    for name, value in ast.iter_fields(sought):
        theirs = getattr(node, name)
        if name in ("ctx", "kind"):
            continue
        if isinstance(value, list):
            if len(value) != len(theirs):
                return False
            if not all(matches(a, b, found, kernels) for a, b in zip(value, theirs, strict=True)):
                return False
        elif isinstance(value, ast.AST):
            if not (isinstance(theirs, ast.AST) and matches(value, theirs, found, kernels)):
                return False
        elif value != theirs:
            return False
    return not isinstance(getattr(node, "ctx", None), ast.Store)


def stands(letter: str, node: ast.AST, kernels: Kernels) -> bool:
    """May the letter of a pattern stand for this node?"""
    if letter == NUMBER:
        return is_number(node)
    if letter == FUNCTION:
        return isinstance(node, ast.Name) and kernels.function(node.id) is not None
    return isinstance(node, ast.expr) and not isinstance(node, (ast.Slice, ast.Starred))


def takes_all(call: ast.Call) -> bool:
    """Is it a call whose only argument is ETC?"""
    return len(call.args) == 1 and isinstance(call.args[0], ast.Name) and call.args[0].id == REST


def filled(made: ast.expr, found: dict[str, ast.AST], node: ast.AST) -> ast.expr:
    """A new expression with its letters replaced, at the place of a node in the text."""

    class Filler(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.AST:
            return copy.deepcopy(found[name.id]) if name.id in found else name

        def visit_Call(self, call: ast.Call) -> ast.AST:
            if takes_all(call):
                whole = found[REST]
                assert isinstance(whole, ast.Call)
                call.args, call.keywords = copy.deepcopy(whole.args), copy.deepcopy(whole.keywords)
                call.func = self.visit(call.func)
                return call
            return self.generic_visit(call)

    new: ast.expr = Filler().visit(copy.deepcopy(made))
    return ast.copy_location(new, node)


def same(one: ast.AST, other: ast.AST) -> bool:
    """Are two nodes the same text?"""
    return one is other or ast.dump(one) == ast.dump(other)


def is_number(node: ast.AST) -> bool:
    """Is it a literal number?"""
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def integer(node: ast.AST | None) -> int | None:
    """The integer that is written there, if one is."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = integer(node.operand)
        return None if value is None else -value
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def moved(node: ast.expr, by: int) -> ast.expr:
    """The expression plus an integer."""
    number = integer(node)
    if number is not None:
        return ast.Constant(number + by)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        known = integer(node.right)
        if known is not None:
            shift = by + (known if isinstance(node.op, ast.Add) else -known)
            return moved(node.left, shift) if shift else copy.deepcopy(node.left)
    return ast.BinOp(copy.deepcopy(node), ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))
