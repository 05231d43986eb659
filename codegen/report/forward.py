"""Sections on what is given: notation, equations, and the forward pass as matrices."""

from __future__ import annotations

from codegen.latex.formula import symbol
from codegen.latex.layout import breadth
from codegen.latex.names import code, escape, head, letter
from codegen.report.context import Report, count, listed, paragraph
from derive.system import Equation, Tensor
from derive.values.affine import Affine, Index, Width
from derive.values.nodes import Access

HALF = 17.0
ROLES = {"data": "given", "parameter": "trained", "hyper": "chosen number", "variable": "computed"}


def section_notation(report: Report) -> str:
    """Every symbol, its meaning, the ranges of its indices, its name in code."""
    printer, system = report.printer, report.system
    rows = [
        row(
            f"${letter(name)}$",
            "number of samples" if report.samples and name == report.samples.name else "size",
            "",
            name,
        )
        for name in system.sizes
    ]
    rows += [
        row(f"${width_look(report, name)}$", "size that depends on a position", "", name) for name in system.widths
    ]
    for tensor in system.tensors:
        rows.append(row(f"${entry(report, tensor)}$", meaning(report, tensor), shape(report, tensor), tensor.name))
    for name, error in system.errors:
        tensor = system.tensor(name)
        shown = printer.access(letters_of(tensor, "d."))
        quotient = rf"\partial {printer.objective()}/\partial {entry(report, tensor)}"
        rows.append(row(f"${shown}$", rf"error ${quotient}$", shape(report, tensor), error))
    for declared in system.functions:
        look = head(declared.name, declared.latex)
        args = ", ".join(symbol(str(a)) for a in declared.arguments)
        what = "scalar function, by its formula" if declared.formula is not None else "scalar function, any"
        rows.append(row(f"${look}({args})$", what, "", declared.name))
    for opaque in system.functionals:
        rows.append(row(f"${letter(opaque)}$", "scalar function of vectors, any", "", opaque))
    text = (
        "{\\small\\renewcommand{\\arraystretch}{1.22}\n\\begin{longtable}{@{}lUVl@{}}\\toprule\n"
        "symbol & meaning & range of its indices & in code\\\\\\midrule\\endhead\n" + "\n".join(rows) + "\n"
        "\\bottomrule\\end{longtable}}\n"
    )
    notes = ["What stands above a letter numbers layers or steps; a power of such an entry is written with brackets."]
    if report.samples:
        notes.append(
            r"Samples are rows. Bold capitals are matrices of all samples, bold small letters columns of one sample, "
            r"$\odot$ and $\oslash$ multiply and divide entry by entry, and $\mathbf{1}$ is a column or matrix of ones."
        )
    else:
        notes.append(
            r"Bold letters are columns and matrices, $\odot$ multiplies entry by entry, "
            r"$\mathbf{1}$ is a column of ones."
        )
    notes.append(r"$[\,i=p\,]$ is Kronecker's delta: 1 where $i=p$, otherwise 0; $[\,l\le L\,]$ likewise.")
    return text + paragraph(" ".join(notes))


def width_look(report: Report, name: str) -> str:
    """A width at the letter of the first range that it ends."""
    for tensor in report.system.tensors:
        for slot in tensor.slots:
            width = slot.hi.alone
            if isinstance(width, Width) and width.name == name and isinstance(width.at.alone, Index):
                return report.printer.affine(slot.hi)
    return letter(name)


def row(*cells: str) -> str:
    """A line of the notation table; the last cell is a name in code."""
    return " & ".join((*cells[:-1], code(cells[-1]))) + r"\\"


def letters_of(tensor: Tensor, prefix: str = "") -> Access:
    """The general entry of a tensor."""
    return Access(prefix + tensor.name, tuple(Affine.of(s.index) for s in tensor.slots))


def entry(report: Report, tensor: Tensor) -> str:
    """The general entry of a tensor."""
    return report.printer.access(letters_of(tensor))


def meaning(report: Report, tensor: Tensor) -> str:
    """A word for a tensor, from its role and from what defines it."""
    if tensor.name == report.system.objective.target.tensor:
        return "objective"
    if tensor.role != "variable":
        return ROLES[tensor.role]
    ids = [code(e.id) for e in report.system.equations_of(tensor.name)]
    return f"computed by {listed(ids)}"


def shape(report: Report, tensor: Tensor) -> str:
    """The ranges of a tensor's slots."""
    return ", ".join(
        rf"${report.printer.index(s.index.name)}={report.printer.extent(s.lo, s.hi)}$" for s in tensor.slots
    )


def section_equations(report: Report) -> str:
    """The equations in index form, in the order of the model file."""
    system = report.system
    text = [
        paragraph(
            f"{count(len(system.equations), 'equation')} and one objective, read from {code(report.source)}. "
            "The name at the "
            "right is the name of the equation in the code and in the checks."
        )
    ]
    for equation in (*system.equations, system.objective):
        text.append(given(report, equation))
    facts = declared_facts(report)
    if facts:
        text.append(paragraph(r"\medskip Declared facts: " + ", ".join(facts) + ". Nothing undeclared is used."))
    return "".join(text)


def given(report: Report, equation: Equation) -> str:
    """One equation, its ranges and its name."""
    shown = report.printer.equation(equation.target, equation.value, 30.0)
    return rf"\given{{{shown}}}{{{report.printer.ranges(equation.bounds)}}}{{{escape(equation.id)}}}" + "\n"


def declared_facts(report: Report) -> list[str]:
    """Lower bounds, equal sizes, and sums with a known value."""
    printer, facts = report.printer, report.system.facts
    bounds = []
    for bound in facts.at_least:
        if any(o.terms == bound.terms and o.constant < bound.constant for o in facts.at_least):
            continue
        positive = Affine(tuple((a, c) for a, c in bound.terms if c > 0), 0)
        rest = positive - bound
        bounds.append(rf"${printer.affine(positive)}\ge {printer.affine(rest)}$")
    equal = [f"${printer.affine(Affine.of(a))}={printer.affine(b)}$" for a, b in facts.equal]
    sums = [f"${printer.expr(left)}={printer.expr(right)}$" for left, right in report.system.sums]
    return bounds + equal + sums


def section_forward(report: Report) -> str:
    """The equations again as matrices, for all samples and for one."""
    text = [
        paragraph(
            "Each equation in matrix form, by the rules listed at the end."
            + (" The second form holds for one sample, with its entries as a column." if report.one else "")
        )
    ]
    for equation in (*report.system.equations, report.system.objective):
        forms = report.forms(equation.target, equation.bounds, equation.value)
        where = report.printer.ranges(report.stacked(equation.bounds, equation.target))
        if not (forms.batch or forms.column):
            text.append(
                rf"\given{{{forms.index}}}{{}}{{{escape(equation.id)}}}"
                + "\n"
                + paragraph(rf"\hspace*{{1.6em}}{{\small\color{{muted}}No matrix form: {escape(forms.reason)}.}}")
            )
            continue
        first = forms.batch or forms.column
        if forms.batch and forms.column and breadth(forms.batch) < HALF and breadth(forms.column) < HALF:
            text.append(rf"\twoforms{{{forms.batch}}}{{{forms.column}}}{{{escape(equation.id)}}}" + "\n")
            continue
        text.append(rf"\given{{{first}}}{{{where}}}{{{escape(equation.id)}}}" + "\n")
        if forms.batch and forms.column:
            text.append(rf"\formularow{{1.6em}}{{{forms.column}}}{{\rulename{{{report.column_name}}}}}\medskip" + "\n")
    return "".join(text)
