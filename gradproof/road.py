"""The whole road, once: model -> derivation -> module and report -> certificate. Four calls, a record between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from codegen.files import meaning
from codegen.files.drift import Wanted
from codegen.render import render_module
from codegen.report.document import render_report
from codegen.report.end import CertificateLike
from derive import derive
from derive.derivation import Derivation
from gradproof.load import Loaded
from verify.agreement import agree
from verify.certificate import Certificate
from verify.run import load


@dataclass(frozen=True)
class Written:
    """What was made of one model: its derivation, and the texts of its module and its report."""

    loaded: Loaded
    derivation: Derivation
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.derivation.system.name

    @property
    def module_text(self) -> str:
        return self.texts[f"{self.name}.py"]

    @property
    def report_text(self) -> str:
        return self.texts[f"{self.name}.tex"]

    @property
    def wanted(self) -> Wanted:
        """The form in which drift compares it with what is stored."""
        entry = meaning.entry(self.derivation, source=self.loaded.place.source, texts=self.texts)
        return Wanted(self.derivation.system, entry, self.texts)


def derive_model(loaded: Loaded) -> Derivation:
    """Every gradient of a model, with its steps."""
    return derive(loaded.model)


def generate(loaded: Loaded, derivation: Derivation) -> Written:
    """The module and the report of a derivation, in memory."""
    source, name = loaded.place.source, derivation.system.name
    digest = meaning.model_digest(derivation.system)
    module = render_module(derivation, source=source, digest=digest)
    report = render_report(derivation, module, source=source, digest=digest, certificate=None)
    return Written(loaded, derivation, {f"{name}.py": module, f"{name}.tex": report})


def check(written: Written, mutants: int | None = 0) -> Certificate:
    """The agreement of equations, generated code and differences. The stored module is not read.

    At most so many `mutants` of the code are judged as well, all of them if None.
    """
    module = load(written.module_text, written.name)
    return agree(written.derivation.system, written.derivation, module, mutants=mutants)


def finished_report(written: Written, certificate: Certificate | None) -> str:
    """The report with the measured errors of a certificate; without one it is the stored report."""
    if certificate is None:
        return written.report_text
    digest = meaning.model_digest(written.derivation.system)
    return render_report(
        written.derivation,
        written.module_text,
        source=written.loaded.place.source,
        digest=digest,
        certificate=cast(CertificateLike, certificate),
    )
