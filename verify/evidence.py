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


def failures(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Those that are not believed."""
    return tuple(e for e in evidence if not e.good)


def weakest(evidence: tuple[Evidence, ...]) -> str:
    """The weakest grade among them."""
    return max((e.grade for e in evidence), key=GRADES.index, default="not visited")
