"""Why a step is believed, and how strongly.

Evidence is graded: proved (SymPy reduces the difference to 0, and the numbers agree), exact (equal rationals over
oracles), enclosed (balls of 170 bits that overlap), failed, or not visited (no size reaches the region).
"""

from __future__ import annotations

from dataclasses import dataclass

GRADES = ("proved", "exact", "enclosed", "not visited", "failed")


@dataclass(frozen=True)
class Evidence:
    """Why one step is believed, or where it fails: the place and both values. `number` is 0 for the start."""

    equation: str
    number: int
    rule: str
    grade: str
    where: str = ""
    before: str = ""
    after: str = ""

    @property
    def good(self) -> bool:
        return self.grade in GRADES[:3]

    def __str__(self) -> str:
        tail = f" at {self.where}: {self.before} is not {self.after}" if self.where else ""
        return f"{self.equation} step {self.number} ({self.rule}): {self.grade}{tail}"


HOLDS = ("proved", "exact", "enclosed")


@dataclass(frozen=True)
class Judged:
    """The verdict on a formula that the author of a model claims for a derivative.

    `grade` is one of HOLDS, refuted, or undecided; `points` says at how many places both sides were compared. A
    refutation names one of them, `where`, with the derivative and the value of the claimed formula there; `why` says
    which term is wrong, or what could not be decided.
    """

    claim: str
    file: str
    line: int
    grade: str
    points: int = 0
    where: str = ""
    derived: str = ""
    claimed: str = ""
    why: str = ""

    @property
    def good(self) -> bool:
        return self.grade in HOLDS

    @property
    def basis(self) -> str:
        """What the verdict rests on, in a few words."""
        if self.grade == "proved":
            return f"SymPy reduces the difference to 0; the same at {self.points} points"
        if self.grade == "refuted":
            return f"at {self.where}: {self.derived}, claimed {self.claimed}"
        digits = "equal fractions" if self.grade == "exact" else "equal to 50 digits"
        return f"{digits} at {self.points} points, not proved" if self.good else self.why

    def __str__(self) -> str:
        tail = f"; {self.why}" if self.grade == "refuted" and self.why else ""
        return f"{self.claim}: {self.grade}, {self.basis}{tail}"


def failures(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Those that are not believed."""
    return tuple(e for e in evidence if not e.good)


def weakest(evidence: tuple[Evidence, ...]) -> str:
    """The weakest grade among them."""
    return max((e.grade for e in evidence), key=GRADES.index, default="not visited")
