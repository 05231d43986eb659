"""Certificates, PDFs and the table that `build` closes with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from codegen.files.write import write_if_changed
from codegen.report.pdf import TeXFailed, TeXMissing, compile_pdf, tex_available
from gradproof.findings import Summary
from gradproof.formats import text
from gradproof.road import Written, finished_report
from gradproof.summaries import sources, summary
from verify.certificate import Certificate

PDF_NEEDS_TEX = "needs TeX"


@dataclass(frozen=True)
class Row:
    """One line of the closing table."""

    certificate: Certificate
    summary: Summary
    equations: int
    pdf: str
    complaints: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.summary.good and not self.complaints


def publish(written: Written, certificate: Certificate, folder: Path) -> Row:
    """Store the certificate and, where there is TeX, the PDF; the line for the closing table."""
    write_if_changed(folder / f"{written.name}-certificate.json", certificate.to_json())
    system = written.derivation.system
    found = summary(certificate, written.loaded.place.source, sources(written.derivation))
    equations = len(system.equations) + 1 + len(written.derivation.adjoints)
    row = partial(Row, certificate, found, equations)
    if not tex_available():
        return row(PDF_NEEDS_TEX)
    try:
        path, complaints = compile_report(written, certificate, folder)
    except TeXFailed as error:
        incomplete = ".sty' not found" in str(error) or ".cls' not found" in str(error)
        return row(*((PDF_NEEDS_TEX, ()) if incomplete else ("failed", (str(error),))))
    return row(str(path), complaints)


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
        grade = Text(c.grade, style="" if row.summary.good else "red")
        table.add_row(mark, str(row.equations), str(len(c.steps)), worst(c), grade, row.pdf)
    parts += [text.render(row.summary) for row in rows if not row.summary.good]
    parts += [Text(f"{row.pdf}: {line}", style="red") for row in rows for line in row.complaints]
    if any(row.pdf == PDF_NEEDS_TEX for row in rows):
        missing = f"No PDFs: {TeXMissing()}. The reports are in LaTeX beside the generated code."
        parts.append(Text(missing, style="yellow"))
    return Group(*parts)


def worst(certificate: Certificate) -> str:
    """The largest error of the generated code in units in the last place."""
    errors = [c.error for c in certificate.checks if c.unit == "ulp"]
    return f"{max(errors):.2g} ulp" if errors else "none"
