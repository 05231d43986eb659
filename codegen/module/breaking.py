"""Long lines."""

from __future__ import annotations

import textwrap

LONG = 104  # columns of code, its comment excepted
RANKS = ((" + ", " - "), (" for ",), (" * ", " @ "))


def broken(head: str, text: str) -> list[str]:
    """The lines of an assignment: a long one is broken before the outermost plus and minus signs, inside brackets.

    Without such signs it is broken before `for`, else before products; positions, shapes and ranges stay whole.
    """
    if len(head) + len(text) <= LONG:
        return [head + text]
    marks = next((found for found in (_marks(text, rank) for rank in RANKS) if found), {})
    if not marks:
        return [head + text]
    depth = min(marks.values())
    places = {place for place, deep in marks.items() if deep == depth}
    if depth == 0:
        text, places = f"({text})", {place + 1 for place in places}
    rows, columns = [head], list[int]()
    for place, sign in enumerate(text):
        if place in places:
            rows.append(" " * (columns[-1] + 1))
            continue
        rows[-1] += sign
        if sign in "([":
            columns.append(len(rows[-1]) - 1)
        elif sign in ")]":
            columns.pop()
    return rows


def _marks(text: str, words: tuple[str, ...]) -> dict[int, int]:
    """Where the words stand, and how deep in brackets; those in brackets that stay whole are left out."""
    stack: list[bool] = []
    found: dict[int, int] = {}
    for place, sign in enumerate(text):
        if sign in "([":
            stack.append(_stays_whole(text, place))
        elif sign in ")]":
            stack.pop()
        elif not any(stack) and any(text.startswith(word, place) for word in words):
            found[place] = len(stack)
    return found


def _stays_whole(text: str, place: int) -> bool:
    """Are these the brackets of a position, of a range, or of a tuple?"""
    if text[place] == "[":
        return not text[:place].endswith("(")
    if text[:place].endswith("range"):
        return True
    depth = 0
    for sign in text[place + 1 :]:
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            return False
        if depth == 0 and sign == ",":
            return not (text[place - 1 : place].isalnum() or text[place - 1 : place] == "_")
    return False


def head(name: str, arguments: list[str]) -> str:
    """The head of a function, on as many lines as it takes."""
    if arguments[-1] == "*":
        arguments = arguments[:-1]
    indent = " " * (len(name) + 5)
    return textwrap.fill(f"def {name}({', '.join(arguments)}):", 116, subsequent_indent=indent)


def example(arguments: list[str]) -> str:
    """How to minimise, on as many lines as it takes."""
    text = f"minimize(objective(p, {', '.join(arguments)}), pack(p), jac=True)"
    return textwrap.fill(text, 112, initial_indent=" " * 8, subsequent_indent=" " * 12)
