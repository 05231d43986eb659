"""Long lines."""

from __future__ import annotations

LONG = 104  # columns of code, its comment excepted


def broken(head: str, text: str) -> list[str]:
    """The lines of an assignment: a long one is broken before the outermost plus and minus signs, inside brackets."""
    if len(head) + len(text) <= LONG:
        return [head + text]
    depth = min(_signs(text), default=None)
    if depth is None:
        return [head + text]
    if depth == 0:
        text, depth = f"({text})", 1
    rows, columns = [head], list[int]()
    for place, sign in enumerate(text):
        if len(columns) == depth and text[place : place + 3] in (" + ", " - "):
            rows.append(" " * (columns[-1] + 1))
            continue
        rows[-1] += sign
        if sign in "([":
            columns.append(len(rows[-1]) - 1)
        elif sign in ")]":
            columns.pop()
    return rows


def _signs(text: str) -> list[int]:
    """How deep in brackets every plus and minus sign stands."""
    depth, found = 0, []
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if text[place : place + 3] in (" + ", " - "):
            found.append(depth)
    return found
