"""The terminal: where text and progress go."""

from __future__ import annotations

import sys
from threading import Timer

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

PIPE_WIDTH = 120


def console(*, error: bool = False) -> Console:
    """The terminal, or 120 columns of plain text where there is none."""
    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, highlight=False, width=None if stream.isatty() else PIPE_WIDTH)


class Late(Progress):
    """A progress line that waits for a while: what takes less leaves no trace."""

    after = 2.0  # seconds

    def start(self) -> None:
        self.timer = Timer(self.after, super().start)
        self.timer.daemon = True
        if not self.disable:
            self.timer.start()

    def stop(self) -> None:
        self.timer.cancel()
        if self.timer.is_alive():
            self.timer.join()
        super().stop()


def progress() -> Progress:
    """A line that says what is being done, gone when it is done; silent where there is no terminal."""
    columns = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
    terminal = console(error=True)
    silent = not terminal.is_terminal
    return Late(*columns, console=terminal, transient=True, disable=silent, redirect_stdout=False)
