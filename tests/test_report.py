"""The report: it compiles without a complaint, is the same text under any hash seed, and knows no model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from models import SHIPPED, VARIANTS, derivation
from processes import output_of

from codegen.render import render_module
from codegen.report import pdf
from codegen.report.context import Report
from codegen.report.document import SECTIONS, TEMPLATE, fill, render_report
from codegen.report.end import first_line, identity_latex
from codegen.report.functions import function_text
from codegen.report.pdf import TeXFailed, TeXMissing, compile_pdf, complaints, first_error, tex_available
from derive.calculus.rules import RULES
from derive.library.activations import relu, softplus
from derive.matrix.nodes import MATRIX_RULES

ROOT = Path(__file__).parents[1]
NAMES = (*SHIPPED, *VARIANTS)
# The README promises that the tests pass with Python and git alone; .ci/run installs TeX and fails on these skips.
NO_TEX = "compiles a PDF with pdflatex, which a machine with Python and git alone lacks"
needs_tex = pytest.mark.skipif(not tex_available(), reason=NO_TEX)
DIGEST = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Evidence:
    equation: str
    number: int
    grade: str


@dataclass(frozen=True)
class Check:
    equation: str
    check: str
    against: str
    error: float
    unit: str
    where: str
    grade: str
    good: bool


@dataclass(frozen=True)
class Certificate:
    sizes: tuple[str, ...]
    steps: tuple[Evidence, ...]
    checks: tuple[Check, ...]
    good: bool
    grade: str


def certificate(name: str, *, good: bool = True) -> Certificate:
    steps = tuple(Evidence(a.id, q, "exact") for a in derivation(name).adjoints for q in range(len(a.steps) + 1))
    checks = (
        Check("d.w", "code, 170 bits", "derivation", 2.3e-51, "relative", "w[2][0, 0]", "enclosed", True),
        Check("d.b", "code, float64", "derivation", 1.4, "ulp", "b[2][0]", "enclosed", good),
    )
    return Certificate(("m=2, L=3",), steps, checks, good, "exact")


def text(name: str, found: Certificate | None = None) -> str:
    derived = derivation(name)
    module = render_module(derived, source=f"{name}.py", digest=DIGEST)
    return render_report(derived, module, source=f"{name}.py", digest=DIGEST, certificate=found)


@needs_tex
@pytest.mark.parametrize("name", NAMES)
def test_compiles_without_warnings_or_wide_boxes(name: str) -> None:
    made = compile_pdf(text(name, certificate(name)), name)
    assert made.warnings == ()
    assert made.data.startswith(b"%PDF")


@needs_tex
def test_the_same_text_gives_the_same_bytes() -> None:
    assert compile_pdf(text("theorems"), "theorems").data == compile_pdf(text("theorems"), "theorems").data


SCRIPT = """
import test_report
print(test_report.text("sparse_autoencoder"))
"""


def test_the_same_text_under_any_hash_seed() -> None:
    assert len({output_of(SCRIPT, seed) for seed in ("0", "1", "20")}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_alias_and_every_equation_is_printed(name: str) -> None:
    derived, printed = derivation(name), text(name)
    for adjoint in derived.adjoints:
        assert (adjoint.name or adjoint.id).replace("_", r"\_") in printed
    for equation in (*derived.system.equations, derived.system.objective):
        assert "{" + equation.id.replace("_", r"\_") + "}" in printed


@pytest.mark.parametrize("name", NAMES)
def test_every_step_has_a_rule_and_every_rule_its_identity(name: str) -> None:
    derived, printed = derivation(name), text(name)
    used = {s.rule for a in derived.adjoints for s in a.steps}
    for rule in used:
        assert rf"\hyperlink{{rule:{rule}}}" in printed
        assert rf"\ruleitem{{rule:{rule}}}" in printed
    assert set(re.findall(r"hyperlink\{rule:(\w+)\}", printed)) == used


def section(name: str, title: str) -> str:
    found = re.split(r"\\section\{", text(name))
    return next((part for part in found if part.startswith(title + "}")), "")


def test_sections_appear_by_structure() -> None:
    assert not section("theorems", "Weight decay")
    assert "has no decay" not in section("mlp", "Weight decay")
    assert r"variance $\frac{1}{m\,\lambda}$" in section("mlp", "Weight decay")
    assert "There is no decay on $b^{l}_{j}$" in section("mlp", "Weight decay")
    assert not section("softmax_squared_error", "Weight decay")


def test_what_learns_slowly_follows_from_the_equations() -> None:
    slow = "What learns slowly, and why"
    assert re.search(r"In BP2 .* and BP1 .* survive", section("mlp", slow))
    assert "In BP1 every derivative of a function cancels" in section("sigmoid_cross_entropy", slow)
    assert "In BP1 every derivative of a function cancels" in section("softmax_classifier", slow)
    assert "In BP2 the factor $\\tanh'(z^{l}_{ij})$ survives" in section("softmax_classifier", slow)
    assert "cancels" not in section("softmax_squared_error", slow)
    assert "BP4 multiplies the error" in section("theorems", slow)


def test_the_textbook_factor_only_where_it_follows() -> None:
    assert r"\frac{1}{m}\,\frac{\partial C_{i}}{\partial z^{l}_{ij}}" in section("mlp", "Backward pass")
    assert "couples the samples" in section("sparse_autoencoder", "Backward pass")
    assert "Factor" not in section("theorems", "Backward pass")


def test_column_forms_are_those_of_the_textbooks() -> None:
    backward = section("theorems", "Backward pass")
    assert (
        r"\bigl((\boldsymbol{W}^{l+1})^{\top}\,\boldsymbol{\delta}^{l+1}\bigr) \odot f'(\boldsymbol{z}^{l})" in backward
    )
    assert r"\boldsymbol{\delta}^{l}\,(\boldsymbol{a}^{l-1})^{\top}" in backward


def test_paths() -> None:
    paths = section("theorems", "All paths at once")
    assert r"\delta^{l}_{q_{l}} = \sum_{q_{l+1},\dots,q_{L}} \delta^{L}_{q_{L}}" in paths
    assert r"\prod_{s=l}^{L-1} w^{s+1}_{q_{s+1},q_s}\,f'(z^{s}_{q_s})" in paths


def test_measured_errors_only_with_a_certificate() -> None:
    plain, full = text("mlp"), text("mlp", certificate("mlp"))
    assert "ulp" not in plain.split(r"\begin{lstlisting}")[0]
    assert r"$2.3\cdot 10^{-51}$ relative" in full
    assert "Verified." in full
    assert r"\grade{exact}" in full
    assert "Not verified." in text("mlp", certificate("mlp", good=False))


def test_the_stored_text_holds_no_place_and_no_time() -> None:
    printed = text("mlp")
    assert str(ROOT) not in printed
    assert "/tmp" not in printed
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b|\\today", printed)


def test_titles_cannot_leave_their_place() -> None:
    assert all("\\" not in title for title, _ in SECTIONS)


def test_a_missing_or_unused_value_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"missing .*'title'"):
        fill(TEMPLATE, {})
    with pytest.raises(KeyError, match=r"unused .*'surplus'"):
        fill(TEMPLATE, {"surplus": 1})


def test_the_template_holds_no_formula() -> None:
    skeleton = (ROOT / "codegen" / "templates" / TEMPLATE).read_text()
    assert not re.search(r"\\(sum|frac|delta|lambda|sigma|partial)\b|BP\d", skeleton)


@pytest.mark.parametrize("file", sorted((ROOT / "codegen" / "report").glob("*.py")), ids=lambda f: f.name)
def test_no_section_knows_a_model(file: Path) -> None:
    source = re.sub(r'""".*?"""|#.*', "", file.read_text(), flags=re.DOTALL)
    assert not re.search(r"BP\d|mlp|sigmoid|softmax|\"delta\"|\"w\"|\"z\"", source)


@pytest.mark.parametrize("rule", [*RULES.values(), *MATRIX_RULES.values()], ids=lambda rule: rule.__name__)
def test_identities_print(rule: object) -> None:
    shown = identity_latex(first_line(rule))
    assert shown.count("$") % 2 == 0
    assert "Sum" not in shown
    assert shown.isascii()


@needs_tex
def test_an_error_quotes_the_first_complaint() -> None:
    with pytest.raises(TeXFailed, match=r"bad\.tex:3: Undefined control sequence.* l\.3"):
        compile_pdf("\\documentclass{article}\n\\begin{document}\n\\nothing\n\\end{document}\n", "bad")


@needs_tex
def test_the_shell_stays_closed(tmp_path: Path) -> None:
    target = tmp_path / "made"
    source = f"\\documentclass{{article}}\\begin{{document}}\\immediate\\write18{{touch {target}}}x\\end{{document}}"
    compile_pdf(source, "shell")
    assert not target.exists()


@needs_tex
def test_a_run_that_does_not_end_is_stopped() -> None:
    with pytest.raises(TeXFailed, match="did not finish within 2 s"):
        compile_pdf("\\documentclass{article}\\begin{document}\\def\\x{\\x}\\x\\end{document}", "endless", seconds=2.0)


def test_missing_tex_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "tex_available", lambda: False)
    with pytest.raises(TeXMissing, match=r"pdflatex is not installed; on Debian: apt install .*lmodern"):
        compile_pdf("", "none")


def test_logs_are_read() -> None:
    assert complaints("Overfull \\hbox (3pt too wide)\nfine\nLaTeX Warning: Reference\n") == (
        "Overfull \\hbox (3pt too wide)",
        "LaTeX Warning: Reference",
    )
    assert first_error("ok\n! Emergency stop.\nl.7 \\x\n") == "! Emergency stop. l.7 \\x"


def test_kinks_are_told() -> None:
    derived = derivation("mlp")
    report = Report(derived, "", "mlp.py", DIGEST, None)
    assert r"\begin{cases} 0 & \text{if } z \le 0 \\ 1 & \text{if } z > 0 \end{cases}" in function_text(
        report, relu, None
    )
    assert "No law was found" in function_text(report, softplus, None)
