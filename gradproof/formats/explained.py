"""What `gradproof explain` prints of the table of codes."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradproof.load import UsageError
from gradproof.terminal import console
from verify.codes import CODES, Code, code


def show(name: str | None) -> None:
    """Print one code, or a list of all. UsageError if there is no such code."""
    if name is None:
        console().print(listing())
        return
    try:
        console().print(entry(code(name)))
    except KeyError:
        raise UsageError(f"there is no code {name}; codes are {', '.join(c.code for c in CODES)}") from None


def listing() -> RenderableType:
    """All codes with their names."""
    rows = Table.grid(padding=(0, 2))
    for row in CODES:
        rows.add_row(Text(row.code, style="bold"), row.severity, row.name)
    return rows


def entry(row: Code) -> RenderableType:
    """All that is known of one code."""
    parts = (("meaning", row.meaning), ("likely cause", row.cause), ("what to do", row.remedy))
    rows = Table.grid(padding=(0, 2))
    for name, text in parts:
        rows.add_row(Text(name, style="dim"), Text(text))
    head = Text.assemble((row.code, "bold"), f" {row.name} ({row.severity})")
    return Group(head, Padding(rows, (0, 0, 0, 2), expand=False))
