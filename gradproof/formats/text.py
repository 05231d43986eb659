"""Findings for a person: a table for every subject, and below it what is wrong."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradproof.findings import Summary
from verify.codes import ERROR, NOTE, UNDECIDED

STYLES = {ERROR: "red", UNDECIDED: "yellow", NOTE: ""}
STORED = ", from its certificate"


def render(summary: Summary, *, details: bool = False) -> RenderableType:
    """The subject, one line for every kind of comparison, the findings, and on request the notes."""
    style = "bold green" if summary.good else "bold red"
    head = Text.assemble((summary.subject, style), f": {summary.head}", STORED if summary.stored else "")
    rows = Table.grid(padding=(0, 2))
    for case in summary.cases:
        mark = Text(case.outcome, style=f"bold {STYLES.get(case.severity, 'green')}")
        *columns, place = [*case.details, *("",) * (3 - len(case.details))]
        rows.add_row(Text(case.name), mark, *map(Text, columns), Text(place, style="dim"))
    found = [Text(str(f), style=STYLES[f.severity]) for f in summary.findings]
    notes = [Text(note, style="dim") for case in summary.cases for note in case.notes if details]
    return Group(head, Padding(Group(rows, *found, *notes), (0, 0, 1, 2), expand=False))
