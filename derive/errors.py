"""Errors of the language and of the calculus: what is wrong, where it stands, and the likely fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where an equation was written: file, line number, and the text of the line."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def counted(number: int, one: str, several: str) -> str:
    """`1 index`, `2 indices`."""
    return f"{number} {one if number == 1 else several}"


class ModelError(Exception):
    """An equation or a declaration that cannot be meant: `what`, its `source` line, and a `fix`."""

    def __init__(self, what: str, *, source: Source | None = None, fix: str = "") -> None:
        self.what, self.source, self.fix = what, source, fix
        head = f"{source}\n  {what}" if source else what
        super().__init__(f"{head}\n  fix: {fix}" if fix else head)

    def at(self, source: Source) -> ModelError:
        """The same error with its place, if it has none yet."""
        return self if self.source else type(self)(self.what, source=source, fix=self.fix)


class Refused(ModelError):
    """A construct that is understood but not supported; the message names it."""


class RuleDidNotApply(Exception):
    """A rule was asked to act and found nothing to act on; the message says what it looked for."""


@contextmanager
def located(source: Source | None) -> Iterator[None]:
    """An error that has no place yet gets this one."""
    try:
        yield
    except ModelError as error:
        raise (error.at(source) if source else error) from None
