"""What is said about somebody's gradient."""

from __future__ import annotations

from dataclasses import dataclass

from verify.codes import ERROR, UNDECIDED, code


@dataclass(frozen=True)
class Finding:
    """One thing that was found: its code (`gradproof explain CODE`), the entry, the equation, and both numbers."""

    code: str
    block: str
    message: str
    where: str = ""
    equation: str = ""

    def __str__(self) -> str:
        head = f"{self.code} {self.block}: {self.message}"
        return head + (f" [{self.equation}]" if self.equation else "") + (f" at {self.where}" if self.where else "")


@dataclass(frozen=True)
class Verdict:
    """The judgement on one function. `digits` are those of the formula where it ran on balls, else of its floats.

    `diagnosis` says what is likely wrong, and `equations` are those that it names, as they should be.
    """

    function: str
    against: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    digits: int
    white: bool
    points: int
    entries: int
    layout: str = ""
    diagnosis: tuple[str, ...] = ()
    equations: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Nothing is wrong, and nothing is undecided."""
        return not self.failures and not self.unknown

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(f for f in self.findings if code(f.code).severity == ERROR)

    @property
    def unknown(self) -> tuple[Finding, ...]:
        """What could not be decided."""
        return tuple(f for f in self.findings if code(f.code).severity == UNDECIDED)

    @property
    def word(self) -> str:
        """right, WRONG or UNDECIDED."""
        return "WRONG" if self.failures else "UNDECIDED" if self.unknown else "right"

    @property
    def known(self) -> str:
        """What stands behind a good verdict."""
        how = "the formula itself, on balls" if self.white else "its floats"
        return f"equal to {self.digits} digits at {self.points} points, {self.entries} entries ({how})"

    def __bool__(self) -> bool:
        return self.good

    def __str__(self) -> str:
        known = f": {self.known}" if self.good else ""
        lines = [f"{self.function} against {self.against}: {self.word}{known}"]
        lines += [f"  {finding}" for finding in self.findings]
        lines += [f"  likely: {line}" for line in self.diagnosis]
        lines += [f"  equation: {line}" for line in self.equations]
        lines += [f"  layout: {self.layout}"] if self.layout and not self.good else []
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])
