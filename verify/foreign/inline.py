"""Layouts as text, the way verdicts print them: `(flat(w[2], w[3]), x.T, lam * m) -> flat(w[2], w[3])`."""

from __future__ import annotations

import ast
from typing import Any

from verify.foreign.layout import Flat, Layers, LayoutError, Named

ARROW = "->"


def templates(given: Any) -> tuple[Any, Any]:
    """The templates of arguments and gradient: from text, a dict of both, a pair of them, or the arguments alone."""
    if isinstance(given, str):
        before, _, after = given.partition(ARROW)
        return listed(before), single(after) if after.strip() else None
    if isinstance(given, dict) and "arguments" in given and not set(given) - {"arguments", "returns"}:
        return given["arguments"], given.get("returns")
    return given, None


def listed(text: str) -> list[Any]:
    """The parts of a text with commas, in brackets or not; `x=x.T` is passed by its name."""
    bare = text.strip()
    node = parsed(f"_{bare}" if bare.startswith("(") else f"_({bare})", text)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "_":
        node = parsed(f"_({bare})", text)
    assert isinstance(node, ast.Call)
    by_name = [Named(word.arg, part(word.value)) for word in node.keywords if word.arg]
    return [*map(part, node.args), *by_name]


def single(text: str) -> Any:
    """One template."""
    return part(parsed(text.strip(), text))


def parsed(text: str, whole: str) -> ast.expr:
    """The tree of a text. LayoutError if it is none."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        raise LayoutError(
            f"the layout {whole.strip()} cannot be read", fix="such as w[2], b[2], x.T, lam * m"
        ) from None


def part(node: ast.expr) -> Any:
    """The template of one piece of text."""
    if isinstance(node, (ast.List, ast.Tuple)):
        parts = [part(element) for element in node.elts]
        return parts if isinstance(node, ast.List) else tuple(parts)
    if isinstance(node, ast.Dict):
        return {key_of(key): part(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("flat", "Flat"):
        order = "F" if any(word.arg == "order" and key_of(word.value) == "F" for word in node.keywords) else "C"
        return Flat(*map(ast.unparse, node.args), order="F" if order == "F" else "C")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("layers", "Layers"):
        return Layers(ast.unparse(node.args[0]))
    return ast.unparse(node)


def key_of(node: ast.expr | None) -> Any:
    """The key of a dict, with quotes or without."""
    if isinstance(node, ast.Constant):
        return node.value
    return node.id if isinstance(node, ast.Name) else ast.unparse(node) if node else ""
