"""A model file read as text: its declarations and equations as Python syntax.

It imports nothing of the project, so it shares no reading of ranges, sums, products or functions with it. Only what
the grammar writes is understood; anything else is `Unread`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

Range = tuple[ast.expr, ast.expr]
BINDERS = ("Sum", "Max", "Min", "Product")


class Unread(Exception):
    """Something that this reader does not understand."""


@dataclass(frozen=True)
class Declared:
    """A given tensor: the text of its slots; a slot that is a letter runs over `over`; places of integer data."""

    role: str
    slots: tuple[ast.expr, ...]
    over: tuple[str, ast.expr, ast.expr] | None = None
    values: Range | None = None


@dataclass(frozen=True)
class Written:
    """An equation: its left side, its right side, and the ranges that are stated around it."""

    target: str
    at: tuple[ast.expr, ...]
    value: ast.expr
    stated: Mapping[str, Range]


@dataclass
class Text:
    """The statements of a model file."""

    sizes: list[str] = field(default_factory=list)
    widths: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    given: dict[str, Declared] = field(default_factory=dict)
    equations: list[Written] = field(default_factory=list)
    facts: list[ast.expr] = field(default_factory=list)
    objective: ast.expr = field(default_factory=lambda: ast.Constant(0))

    def statement(self, line: ast.stmt, stated: Mapping[str, Range]) -> None:
        """One statement under stated ranges."""
        if isinstance(line, ast.With):
            letter, low, high = call_of(line.items[0].context_expr, "over").args
            for inner in line.body:
                self.statement(inner, {**stated, name_of(letter): (low, high)})
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Subscript):
            name, at = entry_of(line.targets[0])
            self.equations.append(Written(name, at, line.value, stated))
        elif isinstance(line, (ast.Assign, ast.Expr)):
            self.declaration(call_of(line.value))
        else:
            raise Unread(ast.unparse(line))

    def declaration(self, call: ast.Call) -> None:
        """`model.sizes(...)` and its like."""
        assert isinstance(call.func, ast.Attribute)
        what = call.func.attr
        names = [n for a in call.args if isinstance(a, ast.Constant) for n in str(a.value).split()]
        if what in ("sizes", "width", "indices"):
            {"sizes": self.sizes, "width": self.widths, "indices": self.letters}[what].extend(names)
        elif what == "hyper":
            self.given.update({n: Declared("hyper", ()) for n in names})
        elif what in ("parameters", "data", "integers"):
            options = {k.arg: k.value for k in call.keywords if k.arg == "over"}
            over = options.get("over")
            parts = tuple(over.elts) if isinstance(over, ast.Tuple) else ()
            for keyword in call.keywords:
                if keyword.arg and keyword.arg != "over" and isinstance(keyword.value, ast.Tuple):
                    slots = tuple(keyword.value.elts)
                    run = (name_of(parts[0]), parts[1], parts[2]) if len(parts) == 3 else None
                    values = (parts[0], parts[1]) if len(parts) == 2 else None
                    self.given[keyword.arg] = Declared(what, slots, run, values)
        elif what == "assume":
            self.facts += call.args
        elif what == "minimise":
            self.objective = call.args[0]
        elif what != "variables":
            raise Unread(ast.unparse(call))


def read_text(text: str) -> Text:
    """The statements of a model file."""
    found = Text()
    (block,) = (line for line in ast.parse(text).body if isinstance(line, ast.With))
    for line in block.body:
        found.statement(line, {})
    return found


def call_of(node: ast.expr, name: str = "") -> ast.Call:
    if not isinstance(node, ast.Call) or (name and getattr(node.func, "attr", "") != name):
        raise Unread(ast.unparse(node))
    return node


def name_of(node: ast.expr) -> str:
    """The name, if the expression is one; else empty."""
    return node.id if isinstance(node, ast.Name) else ""


def entry_of(node: ast.Subscript) -> tuple[str, tuple[ast.expr, ...]]:
    """The tensor and the positions of an entry."""
    return name_of(node.value), tuple(node.slice.elts) if isinstance(node.slice, ast.Tuple) else (node.slice,)


def accesses(node: ast.expr, letter: str) -> Iterator[tuple[str, tuple[ast.expr, ...]]]:
    """Entries in an expression, without those under a sum that binds this letter."""
    if isinstance(node, ast.Call) and any(letter == b for b, _ in bound(node, (letter,))):
        return
    if isinstance(node, ast.Subscript):
        yield entry_of(node)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from accesses(child, letter)


def bound(call: ast.Call, letters: Collection[str]) -> list[tuple[str, Range | None]]:
    """The letters that a sum, a maximum or a minimum over letters binds, with their ranges if these are stated."""
    found: list[tuple[str, Range | None]] = []
    for arg in call.args[1:] if name_of(call.func) in BINDERS else ():
        if isinstance(arg, ast.Tuple):
            found.append((name_of(arg.elts[0]), (arg.elts[1], arg.elts[2])))
        elif name_of(arg) in letters:
            found.append((name_of(arg), None))
    return found
