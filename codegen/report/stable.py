"""The section on stable forms: every rewrite that the generated code rests on."""

from __future__ import annotations

from codegen.latex.formula import formula
from codegen.latex.names import escape
from codegen.lower import lower
from codegen.report.context import Report, paragraph
from codegen.rewriting.rewrites import Rewrite, used


def section_stable(report: Report) -> str:
    """The rewrites that keep the code within floating-point numbers: identity, condition, and why it is believed."""
    rows = used(lower(report.derivation))
    if not rows:
        return ""
    lines = [rf"\[ {formula(row.left)} = {formula(row.right)} \]" + "\n" + paragraph(described(row)) for row in rows]
    return paragraph(
        "Overflow and cancellation are kept away by rewriting what was written. Each rewrite is an identity; "
        "it is shown for one case."
    ) + "".join(lines)


def described(row: Rewrite) -> str:
    """Name, condition, purpose and evidence of a rewrite."""
    holds = f" It holds for {escape(row.condition)}." if row.condition else ""
    why = f"{row.evidence} by SymPy" if row.evidence == "proved" else "checked by balls at 1,000 points"
    return rf"\textbf{{{escape(row.name[:1].upper() + row.name[1:])}}} ({why}): {escape(row.why)}.{holds}"
