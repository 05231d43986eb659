"""A certificate item by item: what is known of each equation by each kind of check, under names that never change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from codegen.files.meaning import model_digest
from codegen.render import render_module
from derive import derive
from derive.derivation import Derivation
from derive.errors import Source
from derive.system import calls
from derive.values.nodes import STOP, Access, Expr, Partial
from gradproof import fingerprint, stored
from gradproof.checking import SAMPLE
from gradproof.load import Loaded
from gradproof.stored import Now
from gradproof.summaries import CLAIMS, Lines, check_code, sources, step_code
from verify.agreement import agree
from verify.certificate import Certificate, Check
from verify.evidence import Evidence
from verify.run import load

STEP, DERIVATION, GENERATED, FLOAT32 = "step", "derivation", "generated", "float32"
COST, DIFFERENCES, MUTANTS, CLAIM = "cost", "differences", "mutants", "claim"
KINDS = (  # the beginning of a comparison's name, and the kind of test that it belongs to
    ("code, float32", FLOAT32),
    ("code", GENERATED),
    ("cost alone", COST),
    ("differences", DIFFERENCES),
    ("", DERIVATION),
)
ALWAYS = (STEP, DERIVATION, GENERATED)  # the others do not apply to every equation
OBJECTIVE = "J"
PLAIN = str.maketrans({" ": None, "[": "(", "]": ")"})  # brackets are parameters in the id of a test


@dataclass(frozen=True)
class Outcome:
    """What is found by one kind of check about one equation; `known` if something was compared."""

    wrong: bool
    known: bool
    text: str


@dataclass(frozen=True)
class Subject:
    """A model with its derivation and the text of its module. It is judged when the first outcome is asked for."""

    loaded: Loaded
    derivation: Derivation
    module: str
    generated: Path

    @staticmethod
    def of(loaded: Loaded, generated: Path) -> Subject:
        """Derive and generate; the folder is that of stored modules. ModelError if it cannot be done."""
        derivation = derive(loaded.model)
        digest = model_digest(derivation.system)
        text = render_module(derivation, source=loaded.place.source, digest=digest)
        return Subject(loaded, derivation, text, generated)

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of every derived equation, by its id: the textbook name if it has one of its own."""
        given = [a.name for a in self.derivation.adjoints]
        own = ((a.id, a.name if a.name and given.count(a.name) == 1 else a.id) for a in self.derivation.adjoints)
        return {OBJECTIVE: OBJECTIVE, **{id: name.translate(PLAIN) for id, name in own}}

    @cached_property
    def tests(self) -> tuple[tuple[str, str], ...]:
        """Equation and kind of every test, in the order of the derivation; "" for the model as a whole."""
        return tuple(dict.fromkeys(self._tests()))

    @cached_property
    def claims(self) -> Mapping[tuple[str, str], int]:
        """The tests of claims, and of each the number of its claim: `claim`, and `claim2` of the same derivative."""
        found: dict[tuple[str, str], int] = {}
        for number, claim in enumerate(self.derivation.system.claims):
            name, kind, times = self._claimed(claim.target), CLAIM, 1
            while (name, kind) in found:
                times += 1
                kind = f"{CLAIM}{times}"
            found[name, kind] = number
        return found

    def _claimed(self, target: Expr) -> str:
        """The equation that a claim is about, if there is one; else `d.z` or `d(a,z)`."""
        if isinstance(target, Partial):
            return f"d({target.of.tensor},{target.by.tensor})"
        assert isinstance(target, Access)
        own = self.derivation.adjoints_of(target.tensor.removeprefix("d."))
        return self.names[own[0].id] if len(own) == 1 else target.tensor

    def _tests(self) -> Iterator[tuple[str, str]]:
        system = self.derivation.system
        parameters = {t.name for t in system.role("parameter")}
        held = any(call.function == STOP for e in (*system.equations, system.objective) for call in calls(e.value))
        kinds = (DERIVATION, GENERATED, FLOAT32, *(() if held else (DIFFERENCES,)))
        yield from ((OBJECTIVE, kind) for kind in (DERIVATION, GENERATED, FLOAT32, COST))
        yield from ((one.target.tensor, DERIVATION) for one in system.stated)
        for adjoint in self.derivation.adjoints:
            yield self.names[adjoint.id], STEP
            if adjoint.of in parameters and not adjoint.inlined:
                yield from ((self.names[adjoint.id], kind) for kind in kinds)
        yield from self.claims
        yield "", MUTANTS

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The lines of the equations, by ids and by the names of tests."""
        known = sources(self.derivation)
        return {**known, **{name: known[id] for id, name in self.names.items() if id in known}}

    def place_of(self, equation: str, kind: str) -> tuple[str, int] | None:
        """File and line of a claim or an equation, if they are known."""
        claim = self.claims.get((equation, kind))
        source = self.sources.get(equation) if claim is None else self.derivation.system.claims[claim].source
        return (str(self.loaded.place.path.with_name(source.file)), source.line) if source else None

    def home(self, found: Check | Evidence) -> tuple[str, str]:
        """The test that a finding belongs to; no finding is without one."""
        equation = self.names.get(found.equation, found.equation)
        kind = STEP if isinstance(found, Evidence) else next(k for start, k in KINDS if found.check.startswith(start))
        wanted = ((equation, kind), (equation, DERIVATION), (OBJECTIVE, kind), (OBJECTIVE, DERIVATION))
        return next(test for test in wanted if test in self.tests)

    def outcome(self, equation: str, kind: str, *, faults: bool) -> Outcome:
        """What one kind of check says of an equation. `faults`: they are planted, for somebody asks about them."""
        certificate = self._certificates(faults)
        if kind == MUTANTS:
            return self._planted(certificate)
        if (equation, kind) in self.claims:
            return self._judgement(certificate, self.claims[equation, kind])
        found: tuple[Check | Evidence, ...] = (*certificate.checks, *certificate.steps)
        mine = [x for x in found if self.home(x) == (equation, kind)]
        wrong = [x for x in mine if not x.good]
        if wrong:
            return Outcome(True, True, "\n\n".join(map(self._told, wrong)))
        if mine:
            return Outcome(False, True, "\n".join(map(str, mine)))
        first = [self._told(x) for x in found if not x.good][:1]
        broken = bool(first) or not (certificate.steps and certificate.checks)
        return Outcome(broken and kind in ALWAYS, False, "\n".join(["nothing was compared at any size", *first]))

    def _planted(self, certificate: Certificate) -> Outcome:
        """What became of planted faults; there are none while something else is wrong."""
        score = certificate.mutants
        if score is None:
            return Outcome(False, False, "no faults are planted in code that is not good")
        lines = [f"GP304 survived: {line}" for line in score.survived]
        lines += [] if score.tried else ["GP111 there is no fault to plant in this code"]
        return Outcome(not score.good, True, "\n".join([str(score), *lines]))

    def _judgement(self, certificate: Certificate, number: int) -> Outcome:
        """What is known of a claim, and its line."""
        claim, source = certificate.claims[number], self.derivation.system.claims[number].source
        if claim.good:
            return Outcome(False, True, str(claim))
        name = CLAIMS[claim.grade]
        return Outcome(True, True, _text(f"{name} {claim}", self._path(source.file), source, name))

    def _path(self, file: str) -> str:
        """A file beside the model's, from the project's folder on."""
        return PurePosixPath(self.loaded.place.source).with_name(file).as_posix()

    def _told(self, found: Check | Evidence) -> str:
        """A finding as the command line says it, and the line of the model that it is about."""
        name = step_code(found) if isinstance(found, Evidence) else check_code(found)
        told = Lines(self.loaded.name, self.loaded.place.source, self.sources).at(
            name, str(found), found.equation, found.where
        )
        return _text(str(told), told.file, self.sources.get(found.equation), name)

    def _certificates(self, faults: bool) -> Certificate:
        return self._with_faults if faults else self._without

    @cached_property
    def _with_faults(self) -> Certificate:
        return self._judged(int(SAMPLE))

    @cached_property
    def _without(self) -> Certificate:
        return self._judged(0)

    def _judged(self, mutants: int) -> Certificate:
        """The certificate that is stored, if it still holds, or a new one."""
        now = Now({"mutants": SAMPLE}, self.generated, fingerprint.sources())
        kept = (c for c in stored.read(self.loaded.place, now) if c.model == self.loaded.name)
        system = self.derivation.system
        return next(kept, None) or agree(system, self.derivation, load(self.module, system.name), mutants=mutants)


def _text(message: str, file: str, source: Source | None, code: str) -> str:
    """A finding, the line of the model that it is about, and where its code is explained."""
    line = f"{file}:{source.line}: {source.text}" if source else file
    return f"{message}\n  {line}\n  what it means: gradproof explain {code}"
