"""The names of the training loop step aside: data keep their names, an option of that name gets an underscore."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codegen.program.naming import free_name

OPTIONS = ("sizes", "rate", "epochs", "batch_size", "restarts", "seed", "callback")
LOCALS = tuple("best restart start found history shuffled samples size epoch rows costs batch given".split())
PARTS = re.compile(r'(\{\{.*?\}\}|""".*?"""|(?<!f)"[^"\n]*")', re.DOTALL)
CODE = re.compile(r"(`[^`]*`)")


def aside(names: Iterable[str]) -> dict[str, str]:
    """The options and local names of the training loop that clash with the names of arguments, and what they become."""
    given = set(names)
    own = (*OPTIONS, *LOCALS)
    return {name: free_name(name, given | set(own)) for name in own if name in given}


def stepped_aside(source: str, names: dict[str, str]) -> str:
    """A template with other names in its code, and where its docstring quotes code; blocks and messages stay."""
    if not names:
        return source
    word = re.compile(rf"\b({'|'.join(names)})\b")

    def renamed(text: str) -> str:
        return word.sub(lambda found: names[found[0]], text)

    parts = PARTS.split(source)
    for q, part in enumerate(parts):
        if q % 2 == 0:
            parts[q] = renamed(part)
        elif part.startswith('"""'):
            parts[q] = "".join(renamed(p) if p.startswith("`") else p for p in CODE.split(part))
    return "".join(parts)
