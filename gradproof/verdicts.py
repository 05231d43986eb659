"""Certificates, PDFs and the table that `build` closes with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from codegen.files.write import write_if_changed
from codegen.report.pdf import TeXFailed, TeXMissing, compile_pdf, tex_available
from gradproof.road import Written, finished_report
from verify.certificate import Certificate, Score

PDF_NEEDS_TEX = "needs TeX"


@dataclass(frozen=True)
class Row:
    """One line of the closing table."""

    certificate: Certificate
    equations: int
    pdf: str
    complaints: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.certificate.good and not self.complaints


def publish(written: Written, certificate: Certificate, folder: Path) -> Row:
    """Store the certificate and, where there is TeX, the PDF; the line for the closing table."""
    write_if_changed(folder / f"{written.name}-certificate.json", certificate.to_json())
    system = written.derivation.system
    equations = len(system.equations) + 1 + len(written.derivation.adjoints)
    if not tex_available():
        return Row(certificate, equations, PDF_NEEDS_TEX)
    try:
        path, complaints = compile_report(written, certificate, folder)
    except TeXFailed as error:
        incomplete = ".sty' not found" in str(error) or ".cls' not found" in str(error)
        return Row(certificate, equations, *((PDF_NEEDS_TEX, ()) if incomplete else ("failed", (str(error),))))
    return Row(certificate, equations, str(path), complaints)


def compile_report(written: Written, certificate: Certificate | None, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Compile the report to a PDF in `folder`, and what TeX complained of. TeXMissing where there is no TeX."""
    made = compile_pdf(finished_report(written, certificate), written.name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{written.name}.pdf"
    path.write_bytes(made.data)
    return path, made.warnings


def closing(rows: Iterable[Row]) -> RenderableType:
    """The closing table, and below it whatever is wrong."""
    table = Table(title="everything derived, generated, verified, reported", title_style="bold", title_justify="left")
    for heading in ("model", "equations", "steps checked", "worst error", "weakest grade", "report"):
        numbers = heading in ("equations", "steps checked", "worst error")
        table.add_column(heading, justify="right" if numbers else "left")
    parts: list[RenderableType] = [table]
    rows = tuple(rows)
    for row in rows:
        c = row.certificate
        mark = Text(c.model, style="green" if row.good else "bold red")
        grade = Text(c.grade, style="" if c.good else "red")
        table.add_row(mark, str(row.equations), str(len(c.steps)), worst(c), grade, row.pdf)
    parts += [verdict(row.certificate) for row in rows if not row.certificate.good]
    parts += [Text(f"{row.pdf}: {line}", style="red") for row in rows for line in row.complaints]
    if any(row.pdf == PDF_NEEDS_TEX for row in rows):
        missing = f"No PDFs: {TeXMissing()}. The reports are in LaTeX beside the generated code."
        parts.append(Text(missing, style="yellow"))
    return Group(*parts)


def worst(certificate: Certificate) -> str:
    """The largest error of the generated code in units in the last place."""
    errors = [c.error for c in certificate.checks if c.unit == "ulp"]
    return f"{max(errors):.2g} ulp" if errors else "none"


def verdict(certificate: Certificate, *, details: bool = False) -> RenderableType:
    """What was checked for one model, and everything that failed; `details` lists the mutants that are not rejected."""
    c = certificate
    style = "bold green" if c.good else "bold red"
    head = Text.assemble((c.model, style), f": {len(c.steps)} steps, weakest grade {c.grade}")
    rows = Table.grid(padding=(0, 2))
    for kind in sorted({k.check for k in c.checks}):
        case = max((k for k in c.checks if k.check == kind), key=lambda k: (not k.good, k.error))
        mark = Text(case.verdict, style="green" if case.good else "bold red")
        rows.add_row(
            kind,
            mark,
            Text(f"with {case.against}"),
            Text("" if case.undecided else f"{case.error:.2g} {case.unit}"),
            Text(f"{case.equation} at {case.where}", style="dim"),
        )
    failures = [Text(str(f), style="red") for f in c.failures]
    faults = score(c.mutants, details=details) if c.mutants else ()
    return Group(head, Padding(Group(rows, *faults, *failures), (0, 0, 1, 2), expand=False))


def score(found: Score, *, details: bool) -> tuple[Text, ...]:
    """The score of the planted faults, those that survived, and on request the others that were not rejected."""
    lines = [Text(f"mutants   {found}", style="" if found.good else "bold red")]
    lines += [Text(f"survived: {line}", style="red") for line in found.survived]
    for word in ("indistinguishable", "equal") if details else ():
        lines += [Text(f"{word}: {line}", style="dim") for line in getattr(found, word)]
    return tuple(lines)
