"""What a command found, in the form that every printer takes, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verify.codes import ERROR, UNDECIDED, code

GOOD, FINDINGS, UNUSABLE, INTERNAL, OPEN = range(5)
EXITS = "0 good, 1 findings, 2 usage or model error, 3 internal error, 4 nothing wrong found but something undecided"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, not known, or worth knowing (`severity`).

    `file` is a path from the project's folder on, `line` 0 if none is meant; `title` says what it is about, `where` at
    which entry and sizes; `likely` are lines that say which mistake it may be, or where it begins.
    """

    code: str
    severity: str
    message: str
    file: str
    line: int
    title: str
    where: str
    likely: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code} {self.message}"

    @property
    def whole(self) -> str:
        """The message with what is likely wrong, for printers that show each finding alone."""
        return "\n".join([self.message, *(f"likely: {line}" for line in self.likely)])


@dataclass(frozen=True)
class Case:
    """One kind of comparison: its outcome in a word, what is shown beside it, and what it found.

    `notes` are lines for those who ask for details.
    """

    name: str
    outcome: str
    details: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def severity(self) -> str:
        """The gravest severity of its findings, "" if there is nothing to say."""
        found = {f.severity for f in self.findings}
        return next((s for s in (ERROR, UNDECIDED) if s in found), "")


@dataclass(frozen=True)
class Summary:
    """What was found about one subject, a model or a function; `stored` if its certificate says so."""

    subject: str
    file: str
    head: str
    cases: tuple[Case, ...]
    stored: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for case in self.cases for f in case.findings)

    @property
    def good(self) -> bool:
        """Nothing is wrong and nothing undecided."""
        return not any(case.severity for case in self.cases)


def finding(name: str, message: str, *, title: str, file: str = "", line: int = 0, where: str = "") -> Finding:
    """A finding with the severity of its code."""
    return Finding(name, code(name).severity, message, file, line, title, where)


def exit_code(findings: Iterable[Finding]) -> int:
    """FINDINGS if something is wrong, OPEN if something is undecided, else GOOD."""
    found = {f.severity for f in findings}
    return FINDINGS if ERROR in found else OPEN if UNDECIDED in found else GOOD
