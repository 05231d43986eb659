"""The terminal: where text and progress go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress

PIPE_WIDTH = 120


def console(*, error: bool = False) -> Console:
    """The terminal, or 120 columns of plain text where there is none."""
    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, highlight=False, width=None if stream.isatty() else PIPE_WIDTH)


def progress() -> Progress:
    """A line that says what is being done, gone when it is done; silent where there is no terminal."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
    terminal = console(error=True)
    return Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal)
