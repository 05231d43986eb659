"""Certificates and drift as summaries: which comparison is which code, and which line of the model it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from codegen.files.drift import Finding as Drift
from codegen.files.drift import State, Wanted
from gradproof.findings import Case, Finding, Summary, finding
from verify.certificate import Certificate, Check, Score
from verify.codes import ERROR, UNDECIDED, code
from verify.evidence import GRADES, Evidence

if TYPE_CHECKING:
    from derive.derivation import Derivation
    from derive.errors import Source

STEPS = "steps"
OUTCOMES = {"": "agrees", ERROR: "DISAGREES", UNDECIDED: "UNDECIDED"}
KINDS = (  # the beginning of a comparison's name, and what it means if it fails
    ("derivation", "GP301"),
    ("derivative", "GP301"),
    ("code", "GP302"),
    ("cost alone", "GP302"),
    ("differences", "GP303"),
    ("alive", "GP305"),
)

CLAIMS = {"refuted": "GP201", "undecided": "GP202"}
DRIFT = {State.STALE: "GP401", State.EDITED: "GP402", State.MISSING: "GP403", State.ORPHAN: "GP404"}


def summary(
    certificate: Certificate, file: str, sources: Mapping[str, Source] | None = None, *, stored: bool = False
) -> Summary:
    """What a certificate says of a model in a file; `sources` are the lines of its equations, if they are known."""
    c, kinds = certificate, sorted({check.check for check in certificate.checks})
    lines = Lines(c.model, file, sources or {})
    head = f"{len(c.steps)} steps, weakest grade {c.grade}"
    cases = (
        _steps(c, lines),
        *(_case(c, kind, lines) for kind in kinds),
        *_planted(c.mutants, lines),
        *_claims(c, lines),
    )
    return Summary(c.model, file, head, cases, stored)


class Lines:
    """Findings about one model, at the lines of its equations."""

    def __init__(self, model: str, file: str, sources: Mapping[str, Source]) -> None:
        self.model, self.file, self.sources = model, file, sources

    def at(self, name: str, message: str, equation: str, where: str) -> Finding:
        """A finding about an equation, given or derived."""
        source = self.sources.get(equation) or self.sources.get(equation.partition("@")[0])
        file = str(PurePosixPath(self.file).with_name(source.file)) if source else self.file
        title = f"{self.model}: {equation}"
        return finding(name, message, title=title, file=file, line=source.line if source else 0, where=where)


def _steps(c: Certificate, lines: Lines) -> Case:
    counts = ((sum(step.grade == grade for step in c.steps), grade) for grade in GRADES)
    details = (", ".join(f"{count} {grade}" for count, grade in counts if count),)
    found = [lines.at(step_code(s), str(s), s.equation, s.where) for s in c.steps if not s.good]
    if not found and not (c.steps and c.checks):
        found = [lines.at("GP111", "nothing was compared", "J", "")]
    return _judged(Case(STEPS, "", details, tuple(found)))


def _judged(case: Case) -> Case:
    return replace(case, outcome=OUTCOMES[case.severity])


def step_code(step: Evidence) -> str:
    """The code of a step that is not believed."""
    return "GP301" if step.grade == "failed" else "GP305"


def _case(c: Certificate, kind: str, lines: Lines) -> Case:
    checks = [check for check in c.checks if check.check == kind]
    found = tuple(lines.at(check_code(k), str(k), k.equation, k.where) for k in checks if not k.good)
    worst = max(checks, key=lambda check: (not check.good, not check.undecided, check.error))
    size = "" if worst.undecided else f"{worst.error:.2g} {worst.unit}"
    return _judged(Case(kind, "", (f"with {worst.against}", size, f"{worst.equation} at {worst.where}"), found))


def _planted(score: Score | None, lines: Lines) -> Iterator[Case]:
    """What became of the faults that were planted in the code, if there were any."""
    if score is None:
        return
    found = [lines.at("GP304", f"survived: {line}", "generated code", line) for line in score.survived]
    if not score.tried:
        found = [lines.at("GP111", "there is no fault to plant in this code", "generated code", "")]
    notes = [f"{word}: {line}" for word in ("indistinguishable", "equal") for line in getattr(score, word)]
    outcome = "SURVIVED" if score.survived else "agrees" if score.tried else "UNDECIDED"
    yield Case("mutants", outcome, ("", "", str(score)), tuple(found), tuple(notes))


def _claims(c: Certificate, lines: Lines) -> Iterator[Case]:
    """What is known of every formula that the model claims for a derivative."""
    for claim in c.claims:
        at = str(PurePosixPath(lines.file).with_name(claim.file))
        title, where = f"{c.model}: {claim.claim}", claim.where
        found = (
            ()
            if claim.good
            else (finding(CLAIMS[claim.grade], str(claim), title=title, file=at, line=claim.line, where=where),)
        )
        outcome = claim.grade if claim.good else claim.grade.upper()
        basis = claim.basis if claim.good else ""
        yield Case(
            f"claim {claim.claim.partition(' = ')[0]}", outcome, ("", "", f"{claim.file}:{claim.line}  {basis}"), found
        )


def check_code(check: Check) -> str:
    """The code of a comparison that failed."""
    if check.check.startswith("alive"):
        return "GP305"
    return "GP111" if check.undecided else next(name for start, name in KINDS if check.check.startswith(start))


def sources(made: Derivation) -> dict[str, Source]:
    """The lines of all equations: those of the model by their names and variables, and where derived ones come from."""
    system = made.system
    given = {name: e.source for e in system.equations for name in (e.target.tensor, e.id)}
    own = {a.id.partition("@")[0]: a.source for a in made.adjoints} | {a.id: a.source for a in made.adjoints}
    return {"J": system.objective.source, **given, **{name: source for name, source in own.items() if source}}


def drifted(folder: Path, wanted: Iterable[Wanted], found: Iterable[Drift]) -> Summary:
    """What was found about the files of a folder: a case for each that is wanted or found."""
    states = {drift.path.name: drift for drift in found}
    names = sorted({*states, *(name for model in wanted for name in model.texts)})
    cases = (_file(folder / name, states.get(name)) for name in names)
    return Summary(folder.as_posix(), folder.as_posix(), f"{len(names)} files", tuple(cases))


def _file(path: Path, drift: Drift | None) -> Case:
    if drift is None:
        return Case(path.name, "up to date")
    name = DRIFT[drift.state]
    message = "; ".join(drift.details) or code(name).meaning
    return Case(path.name, drift.state, (), (finding(name, message, title=path.name, file=path.as_posix()),))
