"""What the text of a file defines, and the same compiled with exact numbers."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from verify.foreign.exact import Exact


def place_of(code: CodeType) -> tuple[int, str]:
    """The line and the name of a function."""
    return code.co_firstlineno, code.co_qualname


@lru_cache
def parsed(text: str) -> ast.Module:
    """A text as a tree, which nobody changes."""
    return ast.parse(text)


@lru_cache
def written(text: str) -> dict[tuple[int, str], list[CodeType]]:
    """The functions of a text as Python compiles them, by line and name."""
    found: dict[tuple[int, str], list[CodeType]] = {}
    for code in codes(compile(text, "", "exec", dont_inherit=True)):
        found.setdefault(place_of(code), []).append(code)
    return found


@lru_cache
def definitions(text: str) -> dict[str, list[ast.stmt]]:
    """What a text defines, by name: at its top level, and functions and classes under its conditions and loops too."""
    found: dict[str, list[ast.stmt]] = {}
    for node in statements(parsed(text)):
        if is_definition(node) and (isinstance(node, BODIES) or node in parsed(text).body):
            for name in defined(node):
                found.setdefault(name, []).append(node)
    return found


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a text in order, but not those of its functions and classes."""
    for inside in ast.iter_child_nodes(node):
        if isinstance(inside, ast.stmt):
            yield inside
        if not isinstance(inside, BODIES):
            yield from statements(inside)


def lines_of(text: str, live: Mapping[str, Any], names: Iterable[str]) -> frozenset[int]:
    """The lines at which the definitions stand that names have now; of several the last, if nothing tells."""
    found = set[int]()
    for name in names:
        nodes, starts = definitions(text)[name], begins(live.get(name))
        running = [node for node in nodes if any(node.lineno <= line <= (node.end_lineno or 0) for line in starts)]
        found.add((running or nodes)[-1].lineno)
    return frozenset(found)


def begins(value: Any) -> list[int]:
    """The lines at which a function, or the functions of a class, begin in their file."""
    own = [value, *vars(value).values()] if isinstance(value, type) else [value]
    return [one.__code__.co_firstlineno for one in own if isinstance(one, FunctionType)]


@lru_cache
def exact_definitions(text: str, file: str, lines: frozenset[int]) -> CodeType:
    """The definitions at some lines with exact numbers."""
    return exact_code([node for node in statements(parsed(text)) if is_definition(node) and node.lineno in lines], file)


@lru_cache
def inner_definition(text: str, line: int) -> ast.FunctionDef | None:
    """The function that begins at a line."""
    return next((n for n in ast.walk(parsed(text)) if isinstance(n, ast.FunctionDef) and first_line(n) == line), None)


@lru_cache
def exact_inner(text: str, file: str, line: int) -> CodeType:
    """The function that begins at a line, with exact numbers and without its decorators."""
    bare = copy.deepcopy(inner_definition(text, line))
    assert bare is not None
    bare.decorator_list = []
    return exact_code([bare], file)


def plain(code: CodeType) -> tuple[Any, ...]:
    """The constants of a function that are no functions."""
    return tuple(repr(c) for c in code.co_consts if not isinstance(c, CodeType))


def codes(code: CodeType) -> Iterator[CodeType]:
    """A piece of code and those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def first_line(node: ast.FunctionDef) -> int:
    """Where Python says that a function begins."""
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


BODIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_definition(node: ast.stmt) -> bool:
    """A function, a class, or a constant made of literals."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return True
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    allowed = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
    numbers = all(isinstance(part, allowed) for part in ast.walk(node.value))
    return numbers and any(
        isinstance(part, ast.Constant) and type(part.value) is float for part in ast.walk(node.value)
    )


def defined(node: ast.stmt) -> set[str]:
    """The names that a statement of a file defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def names_in(node: ast.AST) -> set[str]:
    """Every name that a piece of text mentions."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


@lru_cache
def closure(text: str, wanted: frozenset[str]) -> set[str]:
    """The wanted names, and all that the definitions of a text among them need."""
    found, waiting, own = set[str](), list(wanted), definitions(text)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [inner for node in own.get(name, ()) for inner in names_in(node)]
    return found


def exact_code(nodes: list[Any], file: str) -> CodeType:
    """Definitions with exact numbers."""
    tree = ast.Module([Exact().visit(copy.deepcopy(node)) for node in nodes], [])
    return compile(ast.fix_missing_locations(tree), file, "exec")
