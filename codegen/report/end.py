"""The last sections: the generated code, what was verified and how, and every rule that was used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from codegen.latex.names import code, escape
from codegen.report.context import Report, count, listed, paragraph
from derive.calculus.rules import RULES
from derive.matrix.nodes import MATRIX_RULES

GRADES = (
    ("proved", "SymPy reduces the difference of both sides to 0."),
    (
        "exact",
        "Both sides are equal rational numbers on random small networks whose functions are random polynomials; "
        "no tolerance "
        "exists.",
    ),
    ("enclosed", "Both sides overlap in ball arithmetic at 170 bits; balls that do not would prove a difference."),
    (
        "black box",
        "Floating-point numbers of code that cannot run on balls, against the enclosure, within its rounding budget.",
    ),
    ("differences", "Central differences of the cost, judged by their own error bar."),
)


class Evidence(Protocol):
    """Why one step is believed."""

    equation: str
    number: int
    grade: str


class Check(Protocol):
    """The worst case of one comparison."""

    equation: str
    check: str
    against: str
    error: float
    unit: str
    where: str
    grade: str
    good: bool


class CertificateLike(Protocol):
    """What the report shows of a certificate; `verify` has the real one."""

    @property
    def sizes(self) -> Sequence[str]: ...
    @property
    def steps(self) -> Sequence[Evidence]: ...
    @property
    def checks(self) -> Sequence[Check]: ...
    @property
    def good(self) -> bool: ...
    @property
    def grade(self) -> str: ...


def verdict(report: Report) -> str:
    """One line for the front page."""
    found = report.certificate
    if found is None:
        return (
            r"\textcolor{muted}{This copy depends on the equations alone. \texttt{gradproof build} verifies them "
            r"and writes the "
            "copy with the measured errors.}"
        )
    mark = r"\textcolor{fore}{\bfseries Verified.}" if found.good else r"\textcolor{back}{\bfseries Not verified.}"
    good = sum(c.good for c in found.checks)
    return (
        rf"{mark} {count(len(found.steps), 'step')} of the derivation checked one by one, weakest grade "
        rf"\emph{{{escape(found.grade)}}}; "
        f"{good} of {count(len(found.checks), 'comparison')} of gradients agree."
    )


def section_code(report: Report) -> str:
    """The generated module as it stands, equations named in its comments."""
    text = report.module_text.encode("ascii", "replace").decode().rstrip("\n").replace(r"\end{", r"\end {")
    return (
        paragraph(
            f"The module {code(report.system.name + '.py')}, as generated from the equations above. Comments "
            f"carry the names of the "
            "equations; it needs nothing but NumPy."
        )
        + r"\begin{lstlisting}"
        + "\n"
        + text
        + "\n"
        + r"\end{lstlisting}"
        + "\n"
    )


def section_verified(report: Report) -> str:
    """How belief is graded, and what was measured."""
    text = [
        paragraph(
            "Every step above is one use of one named rule and is checked by itself. Gradients are computed "
            "in three "
            "independent ways, by the derived equations, by the generated code, and by differences of the "
            "cost, and compared. Belief "
            "is graded, from strong to weak:"
        )
    ]
    text.append(
        r"\begin{description}\setlength{\itemsep}{0.2ex}"
        + "".join(rf"\item[{name}] {what}" + "\n" for name, what in GRADES)
        + r"\end{description}"
        + "\n"
    )
    found = report.certificate
    if found is None:
        text.append(
            paragraph(
                r"\textcolor{muted}{No measured errors are printed here: they are not part of the "
                r"equations.}"
            )
        )
        return "".join(text)
    grades = {name: sum(s.grade == name for s in found.steps) for name, _ in GRADES}
    told = listed([f"{n} {name}" for name, n in grades.items() if n] or ["none"])
    text.append(
        paragraph(
            f"{count(len(found.steps), 'step')} of this derivation: {told}. Sizes: {escape('; '.join(found.sizes))}."
        )
    )
    rows = [
        rf"{escape(c.equation)} & {escape(c.check)} & {escape(c.against)} & {number(c.error)} {escape(c.unit)} & "
        + (r"agrees\\" if c.good else r"\textcolor{back}{disagrees}\\")
        for c in sorted(found.checks, key=lambda c: (c.equation, c.check, c.against))
    ]
    text.append(
        "{\\footnotesize\\begin{longtable}{@{}lllrl@{}}\\toprule\nequation & what & against & "
        "worst error & verdict\\\\"
        "\\midrule\n" + "\n".join(rows) + "\n\\bottomrule\\end{longtable}}\n"
    )
    return "".join(text)


def number(value: float) -> str:
    """`2.3`, `$5.8\\cdot10^{-11}$`."""
    text = f"{value:.2g}"
    mantissa, _, exponent = text.partition("e")
    return rf"${mantissa}\cdot 10^{{{int(exponent)}}}$" if exponent else text


def section_rules(report: Report) -> str:
    """Every rule that was used, with its identity."""
    used = dict.fromkeys(s.rule for a in report.derivation.adjoints for s in a.steps)
    uses: dict[str, list[str]] = {name: [] for name in used}
    for adjoint in report.derivation.adjoints:
        for name in dict.fromkeys(s.rule for s in adjoint.steps):
            uses[name].append(report.label(adjoint))
    rows = [
        rule_row(name, first_line(RULES[name]), listed(uses[name]), f"rule:{name}") for name in RULES if name in used
    ]
    matrix: dict[str, None] = {}
    equations = [(e.target, e.bounds, e.value) for e in (*report.system.equations, report.system.objective)]
    for parts in (*equations, *((a.target, a.bounds, a.value) for a in report.derivation.adjoints)):
        matrix.update(dict.fromkeys(report.forms(*parts).rules))
    other = [
        rule_row(name, first_line(MATRIX_RULES[name]), "", f"matrix:{name}") for name in MATRIX_RULES if name in matrix
    ]
    text = paragraph(
        r"\textbf{chain rule}\enspace The derivative of the objective by $u[p]$ is the sum of "
        r"$\bar v[d]\,\partial v[d]/\partial u[p]$ over all entries $v[d]$ whose equation reads $u$; a "
        r"bar is the derivative of "
        "the objective."
    ) + "".join(rows)
    return text + (r"\subsection*{From index form to matrix form}" + "\n" + "".join(other) if other else "")


def first_line(rule: object) -> str:
    """The identity of a rule: the first line of its docstring."""
    return (rule.__doc__ or "").strip().splitlines()[0].rstrip(".")


def rule_row(name: str, identity: str, used: str, anchor: str) -> str:
    """Name, identity, and where it was used."""
    tail = rf"\\{{\footnotesize\color{{muted}}used in {used}}}" if used else ""
    return rf"\ruleitem{{{anchor}}}{{{escape(name.replace('_', ' '))}}}{{{identity_latex(identity)}{tail}}}" + "\n"


def identity_latex(text: str) -> str:
    """An identity in words and letters: words stay text, the rest becomes mathematics."""
    parts: list[tuple[bool, str]] = []
    tokens = text.split(" ")
    for token, after in zip(tokens, [*tokens[1:], ""], strict=True):
        article = token in ("a", "A") and after.isalpha() and len(after) > 1
        word = article or bool(re.fullmatch(WORD, token)) and not token.startswith("Sum")
        if parts and parts[-1][0] == word:
            parts[-1] = (word, parts[-1][1] + (" " if word else r"\,") + (escape(token) if word else math(token)))
        else:
            parts.append((word, escape(token) if word else math(token)))
    return " ".join(chunk if word else f"${chunk}$" for word, chunk in parts)


WORD = r"\(?[A-Za-z]{2,}[,.;:)]*|\d+,?"
MATH = (
    (r"∂", r"\\partial "),
    (r"Sum_\{([^}]*)\}", r"\\sum_{\1}"),
    (r"Sum_(\w)", r"\\sum_{\1}"),
    (r"\bSum\b", r"\\sum"),
    (r"\b([a-z])bar\b", r"\\bar \1"),
    (r"\bdiag\b", r"\\operatorname{diag}"),
    (r"\*\*(\d)", r"^{\1}"),
    (r"\^T", r"^{\\top}"),
    (r"\^-1", r"^{-1}"),
    (r"<=", r"\\le "),
    (r"(?<=[A-Za-z)])\[([a-z]),([a-z])\]", r"_{\1\2}"),
    (r"(?<=[A-Za-z)])\[([a-z])\]", r"_{\1}"),
    (r"\(1$", r"(\\mathbf{1}"),
    (r"\|([A-Z])\|", r"\\lVert \1\\rVert"),
    (r"\b1(?=\)|\^)", r"\\mathbf{1}"),
    (r"^1$", r"\\mathbf{1}"),
)


def math(token: str) -> str:
    """One token of an identity in mathematics."""
    if token == "o":
        return r"\odot "
    for pattern, look in MATH:
        token = re.sub(pattern, look, token)
    return token
