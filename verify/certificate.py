"""What was checked for one model, against what, and with which error."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from verify.evidence import GRADES, Evidence, Judged, weakest


@dataclass(frozen=True)
class Check:
    """The worst case of one comparison over all sizes and entries of one equation.

    `error` is in `unit`: ulp of the entry, relative, or bars of a difference. `where` names the entry and the sizes.
    """

    equation: str
    check: str
    against: str
    error: float
    unit: str
    where: str
    grade: str
    good: bool
    why: str = ""

    @property
    def verdict(self) -> str:
        """agrees, DISAGREES, or UNDECIDED where a value could not be compared."""
        return "agrees" if self.good else "UNDECIDED" if self.undecided else "DISAGREES"

    @property
    def undecided(self) -> bool:
        """Was there nothing to compare?"""
        return not self.good and "ndecided" in self.why

    def __str__(self) -> str:
        if self.undecided:
            return f"{self.equation}: {self.check} {self.verdict} at {self.where} ({self.why})"
        return (
            f"{self.equation}: {self.check} {self.verdict} with {self.against}, worst {self.error:.3g} {self.unit} "
            f"at {self.where}{f' ({self.why})' if self.why else ''}"
        )


@dataclass(frozen=True)
class Score:
    """What became of faults that were planted in the code.

    `tried` of `possible` faults: `rejected` ones differ from the derivation at some point, `equal` ones are no faults,
    which is proved, `indistinguishable` ones have its digits, 50 or all, at every point. `survived` are those of which
    only floats are known: they agree within their rounding.
    """

    possible: int
    tried: int
    rejected: int
    equal: tuple[str, ...]
    indistinguishable: tuple[str, ...]
    survived: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Is it known of every fault what it does, and was there one?"""
        return bool(self.tried) and not self.survived

    def __str__(self) -> str:
        left = f", {len(self.survived)} survived" if self.survived else ""
        sample = f" (a sample of {self.possible})" if self.tried < self.possible else ""
        return (
            f"{self.rejected} of {self.tried} rejected, {len(self.equal)} proved equal, "
            f"{len(self.indistinguishable)} indistinguishable{left}{sample}"
        )


@dataclass(frozen=True)
class Certificate:
    """The verdict on one model: every step, every comparison, and the weakest grade of belief."""

    model: str
    sizes: tuple[str, ...]
    steps: tuple[Evidence, ...]
    checks: tuple[Check, ...]
    mutants: Score | None = None
    claims: tuple[Judged, ...] = ()

    @property
    def good(self) -> bool:
        """Nothing failed, something was checked, no fault in the code passed unexplained, and every claim holds."""
        sharp = self.mutants is None or self.mutants.good
        return bool(self.steps) and bool(self.checks) and not self.failures and sharp

    @property
    def failures(self) -> tuple[Evidence | Check | Judged, ...]:
        """Every step that is not believed, every comparison that disagrees and every claim that does not hold."""
        found: list[Evidence | Check | Judged] = [*self.steps, *self.checks, *self.claims]
        return tuple(x for x in found if not x.good)

    @property
    def grade(self) -> str:
        """The weakest grade of the steps."""
        return weakest(self.steps)

    @property
    def worst(self) -> dict[str, float]:
        """The worst error of each kind of comparison."""
        kinds = sorted({c.check for c in self.checks})
        return {kind: max(c.error for c in self.checks if c.check == kind) for kind in kinds}

    def to_json(self) -> str:
        """Sorted JSON, the same text for the same certificate."""
        content = {
            "model": self.model,
            "good": self.good,
            "grade": self.grade,
            "sizes": list(self.sizes),
            "grades": {grade: sum(s.grade == grade for s in self.steps) for grade in GRADES},
            "steps": [asdict(s) for s in self.steps],
            "checks": [asdict(c) for c in self.checks],
            "worst": self.worst,
            **({"claims": [asdict(c) for c in self.claims]} if self.claims else {}),
            **({"mutants": asdict(self.mutants)} if self.mutants else {}),
        }
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
