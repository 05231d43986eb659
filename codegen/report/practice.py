"""Sections for use: one iteration in the order of computation, and the check by differences."""

from __future__ import annotations

from codegen.latex.matrix import MatrixPrinter
from codegen.latex.names import escape, letter
from codegen.latex.printer import Printer
from codegen.report.context import Report, general, paragraph
from derive.matrix.forms import MatrixForm, matrix_form
from derive.order.dependence import Statement, adjoint_statements, statements_of
from derive.order.schedule import Loop, schedule
from derive.values.nodes import Access


def section_iteration(report: Report) -> str:
    """The order of computation as the schedule finds it, and the update."""
    system = report.system
    forward, backward = statements_of(system), adjoint_statements(report.derivation)
    names = {a.id: a.name for a in report.derivation.adjoints if a.name}
    lines = [r"\pseudo{0}{\textit{forward}}{}"]
    for item in schedule(forward, system.facts):
        lines += pseudo(report, item, 0, names)
    lines.append(r"\pseudo{0}{\textit{backward}}{}")
    for item in schedule(backward, system.facts):
        lines += pseudo(report, item, 0, names)
    lines.append(r"\pseudo{0}{\textit{update}}{}")
    for tensor in system.role("parameter"):
        entry = symbol_of(report, general(tensor))
        slope = symbol_of(report, general(tensor, "d."))
        above = report.printer.raised[tensor.name]
        ranges = [
            rf"{report.printer.index(s.index.name)}={report.printer.extent(s.lo, s.hi)}"
            for q, s in enumerate(tensor.slots)
            if q in above
        ]
        where = r"\enspace\text{for }" + ",".join(ranges) if ranges else ""
        lines.append(rf"\pseudo{{0}}{{${entry} \leftarrow {entry} - {rate_letter(report)}\,{slope}{where}$}}{{}}")
    return (
        r"\begin{algorithm}"
        + "\n"
        + "\n".join(lines)
        + "\n"
        + r"\end{algorithm}"
        + "\n"
        + paragraph(iteration_notes(report))
    )


def rate_letter(report: Report) -> str:
    """A letter for the length of a step that the model does not use."""
    taken = {t.name for t in report.system.tensors} | set(report.system.letters) | set(report.system.sizes)
    return next("\\" + name for name in ("alpha", "eta", "varepsilon") if name not in taken)


def symbol_of(report: Report, access: Access) -> str:
    """The matrix symbol of an entry, or the entry where it has no such form."""
    tensor = report.system.tensor(access.tensor.removeprefix("d."))
    below = len(tensor.slots) - len(report.printer.raised[tensor.name])
    printer = Printer(report.system, inline=True)
    return MatrixPrinter(printer).symbol(access, below) if 0 < below <= 2 else printer.access(access)


def pseudo(report: Report, item: Loop | Statement, depth: int, names: dict[str, str]) -> list[str]:
    """A loop with its body indented, or one line."""
    p = Printer(report.system, inline=True)
    if isinstance(item, Loop):
        first, last = (item.hi, item.lo) if item.down else (item.lo, item.hi)
        run = rf"{p.index(item.letter.name)}={p.affine(first)},\dots,{p.affine(last)}"
        head = rf"\pseudo{{{depth}}}{{\textbf{{for}} ${run}$}}{{}}"
        return [head, *(line for part in item.body for line in pseudo(report, part, depth + 1, names))]
    form = matrix_form(report.system, item.target, item.bounds, item.value)
    if isinstance(form, MatrixForm):
        printer = MatrixPrinter(p)
        text = rf"{printer.matrix(form.left)} \leftarrow {printer.matrix(form.right)}"
    else:
        text = rf"{p.access(item.target)} \leftarrow {p.expr(item.value)}"
    free = report.stacked(item.bounds, item.target)
    where = r"\enspace\text{for }" + p.ranges(free) if free and depth == 0 else ""
    return [rf"\pseudo{{{depth}}}{{${text}{where}$}}{{{escape(names.get(item.id, item.id))}}}"]


def iteration_notes(report: Report) -> str:
    """Step length, mini-batches, starting values."""
    notes = [
        rf"${rate_letter(report)}>0$ is the length of a step. Parameters start at small random numbers: equal ones "
        rf"would stay equal, since "
        "equal units get equal gradients. Descent finds a local optimum, so several starts are worth their time."
    ]
    if report.samples is not None:
        m = letter(report.samples.name)
        notes.append(
            rf"With mini-batches, ${m}$ is the number of samples in the batch at hand and every mean is "
            rf"taken over that batch; "
            "a product over the sample index accumulates over its samples."
        )
    return " ".join(notes)


def section_differences(report: Report) -> str:
    """Central differences: what they show and how well."""
    j = report.printer.objective()
    theta = r"\theta"
    return (
        paragraph(
            rf"Let ${theta}$ be all parameters in one vector and $e_i$ its unit vectors. Each entry of the gradient is "
            rf"approached by"
        )
        + (
            rf"\[ \frac{{\partial {j}}}{{\partial {theta}_i}} \approx \frac{{{j}({theta}+\varepsilon "
            rf"e_i)-{j}({theta}-\varepsilon e_i)}}"
            rf"{{2\,\varepsilon}},\qquad \text{{error}}\approx "
            rf"\frac{{\varepsilon^2}}{{6}}\,\Bigl\lvert\frac{{\partial^3 "
            rf"{j}}}{{\partial "
            rf"{theta}_i^3}}\Bigr\rvert+\frac{{u\,\lvert {j}\rvert}}{{\varepsilon}} \]" + "\n"
        )
        + paragraph(
            r"where $u$ is the rounding unit. With the classical $\varepsilon=10^{-4}$ in double precision usually "
            r"four "
            r"digits or more "
            r"agree; where the gradient is tiny or the function has a kink, right code can look wrong and wrong code "
            r"right. So the "
            r"differences are an illustration with an error bar, and the proofs below are the judge. Once the "
            r"gradient is "
            r"right, cost and "
            r"gradient can be handed to L-BFGS or conjugate gradients."
        )
    )
