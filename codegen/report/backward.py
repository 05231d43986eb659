"""The section that derives every adjoint equation, step by step, each step with the rule that allows it."""

from __future__ import annotations

from itertools import groupby

from codegen.latex.layout import breadth
from codegen.latex.names import code, escape
from codegen.report.context import Report, paragraph
from derive.derivation import Adjoint, Step
from derive.samples import sample_cost
from derive.system import Slot
from derive.values.affine import Affine
from derive.values.nodes import Access, Call, Expr, Partial
from derive.values.walks import walk

LINE = 36.0


def section_backward(report: Report) -> str:
    """Variables in the order in which their adjoints were derived; the steps that regions share are shown once."""
    objective = report.printer.objective()
    text = [
        paragraph(
            rf"The chain rule is used once for each variable: the derivative of ${objective}$ by an entry is the sum, "
            rf"over all entries that "
            "read it, of their derivative times the direct one. Everything else is bookkeeping by the named rules."
        )
    ]
    text.append(factor_text(report))
    for _, group in groupby(report.derivation.adjoints, key=lambda a: a.of):
        text.append(variable_text(report, list(group)))
    return "".join(text)


def factor_text(report: Report) -> str:
    """How our adjoints relate to the textbook's, where that follows from the equations."""
    found = sample_cost(report.system)
    if found is None:
        if report.samples is None:
            return ""
        return paragraph("The objective couples the samples, so no adjoint belongs to one sample alone.")
    cost, factor = found
    printer = report.printer
    letters = [dict(report.system.errors)[name] for name in dict(report.system.errors)]
    if not letters:
        return ""
    name = next(iter(dict(report.system.errors)))
    tensor = report.system.tensor(name)
    entry = printer.access(Access("d." + name, tuple(_at(s) for s in tensor.slots)))
    below = printer.access(Access(name, tuple(_at(s) for s in tensor.slots)))
    cost_look = printer.access(cost)
    return paragraph(
        rf"\emph{{Factor.}} Textbooks differentiate the cost ${cost_look}$ of one sample. Here no sample reads "
        rf"another, and the objective "
        rf"holds ${printer.expr(factor)}$ times the sum of all ${cost_look}$, so "
        rf"\[ {entry} = {printer.expr(factor)}\,\frac{{\partial {cost_look}}}{{\partial {below}}}\,: \] "
        rf"the error here is the textbook's times ${printer.expr(factor)}$. For one sample the two agree."
    )


def _at(slot: Slot) -> Affine:
    return Affine.of(slot.index)


def variable_text(report: Report, regions: list[Adjoint]) -> str:
    """All regions of one variable."""
    printer = report.printer
    shared = common_steps(regions)
    whole = Access("d." + regions[0].of, general(report, regions[0].of))
    quotient = rf"\partial {printer.objective()}/\partial {printer.access(Access(regions[0].of, whole.at))}"
    declared = regions[0].of in dict(report.system.errors)
    title = f"${printer.access(whole)} = {quotient}$" if declared else f"${quotient}$"
    names = ", ".join(sorted(report.label(a) for a in regions if a.name))
    kind = "Lemma" if all(a.inlined for a in regions) else names or report.word_for(regions[0].of)
    text = [rf"\subsection*{{{kind}: \boldmath{title}}}" + "\n"]
    if len(regions) > 1 and shared:
        text.append(chain_text(report, regions[0], whole, shared, first=0))
    for adjoint in regions:
        own = adjoint.steps[len(shared) if len(regions) > 1 else 0 :]
        if len(regions) > 1 and shared:
            place = report.where(report.stacked(adjoint.bounds, adjoint.target)) or at_place(
                report, adjoint.target, whole
            )
            note = ", a region that is empty for the smallest sizes" if adjoint.may_be_empty else ""
            text.append(rf"\caseline{{\emph{{Case}}{place}{note}:}}" + "\n")
        if own:
            text.append(chain_text(report, adjoint, adjoint.target, own, first=len(adjoint.steps) - len(own)))
        text.append(claim_text(report, adjoint))
    return "".join(text)


def at_place(report: Report, target: Access, whole: Access) -> str:
    """` for $l=L$`: the positions at which a region is one place."""
    fixed = [
        rf"${report.printer.affine(w)}={report.printer.affine(p)}$"
        for p, w in zip(target.at, whole.at, strict=True)
        if p != w
    ]
    return " for " + ", ".join(fixed) if fixed else ""


def general(report: Report, name: str) -> tuple[Affine, ...]:
    """The general positions of a variable."""
    return tuple(_at(s) for s in report.system.tensor(name).slots)


def common_steps(regions: list[Adjoint]) -> tuple[Step, ...]:
    """The steps with which all regions begin."""
    shared: list[Step] = []
    for steps in zip(*(a.steps for a in regions), strict=False):
        if any(s.after != steps[0].after or s.rule != steps[0].rule for s in steps):
            break
        shared.append(steps[0])
    return tuple(shared)


def chain_text(report: Report, adjoint: Adjoint, target: Access, steps: tuple[Step, ...], *, first: int) -> str:
    """`target = start = ... = value`, one rule a line; `first` is the number of steps that were shown before."""
    start, shown = steps[0].before, first == 0
    printer = report.printer
    left = printer.access(target)
    lines: list[str] = []
    if shown and start != target and printer.expr(start) != left:
        lines.append(
            rf"\firststep{{{left}}}{{{broken(report, start, left)}}}{{chain "
            rf"rule{graded(report, adjoint, 0)}}}"
        )
    for number, step in enumerate(steps, first + 1):
        body = broken(report, step.after, left)
        macro = rf"\nextstep{{{body}}}" if lines else rf"\firststep{{{left}}}{{{body}}}"
        lines.append(rf"{macro}{{{rule_look(step.rule)}{graded(report, adjoint, number)}}}")
    return "\n".join(lines) + "\n"


def broken(report: Report, expr: Expr, left: str) -> str:
    """`= value`, on several lines if it is wide."""
    lines = report.printer.lines(expr, LINE - breadth(left))
    if len(lines) == 1:
        return f"{{}}= {lines[0]}"
    return r"\begin{aligned}[t] {}={} & " + r" \\ & ".join(lines) + r" \end{aligned}"


def graded(report: Report, adjoint: Adjoint, number: int) -> str:
    """How the step was checked, if a certificate is at hand."""
    grade = report.grades.get((adjoint.id, number))
    return rf"\grade{{{escape(grade)}}}" if grade else ""


def rule_look(rule: str) -> str:
    """The name of a rule, linked to its statement."""
    return rf"\hyperlink{{rule:{rule}}}{{{escape(rule.replace('_', ' '))}}}"


def claim_text(report: Report, adjoint: Adjoint) -> str:
    """The result in a box: index form, matrix forms."""
    forms = report.forms(adjoint.target, adjoint.bounds, adjoint.value)
    where = report.printer.ranges(adjoint.bounds)
    if adjoint.inlined and not adjoint.name:
        return ""
    head = adjoint.name or ""
    title = rf"{escape(head)}{{\normalfont\small\color{{muted}}\enspace {code(adjoint.id)}\enspace ${where}$}}"
    rows = [rf"\formline{{index form}}{{{forms.index}}}"]
    textbook = before_law(report, adjoint)
    if textbook:
        rows.append(rf"\formline{{before the law}}{{{textbook}}}")
    if forms.batch:
        rows.append(rf"\formline{{all samples}}{{{forms.batch}}}")
    if forms.column:
        rows.append(rf"\formline{{{report.column_name}}}{{{forms.column}}}")
    if forms.reason:
        rows.append(rf"\formline{{matrix form}}{{\text{{none: {escape(forms.reason)}}}}}")
    return rf"\begin{{claim}}{{{title}}}" + "\n" + "\n".join(rows) + "\n" + r"\end{claim}" + "\n"


def before_law(report: Report, adjoint: Adjoint) -> str:
    """The matrix form, for one sample, in which the derivative of a function still stands as such."""
    for step in adjoint.steps:
        own = {f.name for f in report.system.functions}
        slopes = [n for n in walk(step.before) if isinstance(n, Call) and any(n.orders) and n.function in own]
        if step.rule in ("law", "formula") and slopes and not any(isinstance(n, Partial) for n in walk(step.before)):
            forms = report.forms(adjoint.target, adjoint.bounds, step.before)
            return forms.column or forms.index
    return ""
