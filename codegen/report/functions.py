"""The section on scalar functions: each with the law of its derivative, as it was found."""

from __future__ import annotations

from typing import Any

from codegen.latex.formula import formula, symbol
from codegen.latex.names import code, escape, head
from codegen.latex.printer import RELATIONS
from codegen.report.context import Report, listed, paragraph
from derive.calculus.scalars import VALUE
from derive.language.functions import Function
from derive.scalar.laws import Law, branch_laws
from derive.system import calls


def section_functions(report: Report) -> str:
    """Each function of the model with the law of its derivative, derived."""
    found = dict(report.derivation.laws)
    text = []
    for declared in report.system.functions:
        text.append(function_text(report, declared, found.get(declared.name)))
    return "".join(text)


def function_text(report: Report, declared: Function, law: Law | None) -> str:
    """A function, its formula, and the search for its law."""
    look = head(declared.name, declared.latex)
    args = ", ".join(symbol(str(a)) for a in declared.arguments)
    used = listed(
        [
            code(e.id)
            for e in (*report.system.equations, report.system.objective)
            if any(c.function == declared.name for c in calls(e.value))
        ]
        or ["no equation"]
    )
    title = rf"\subsection*{{The function ${look}$, used in {used}}}" + "\n"
    if declared.formula is None:
        return title + paragraph(
            rf"${look}$ stays symbolic: what follows holds for every differentiable ${look}$, and ${look}'$ "
            "stands for its derivative."
        )
    start = rf"\[ {look}({args}) = {formula(declared.formula)} \]" + "\n"
    if law is None:
        return title + start + branches_text(declared, look)
    value = formula(law.steps[0][1])
    steps = [law_step(label, formula(left), formula(right), look) for label, left, right in law.steps]
    closing = rf"\begin{{claim}}{{Law}}\formline{{derivative}}{{{look}' = {formula(law.law)}"
    closing += rf"\qquad\text{{with }} {value} = {look}({args})}}\end{{claim}}"
    return (
        title
        + paragraph(rf"The law of its derivative is found by elimination, with ${value}$ for the value:")
        + "".join(steps)
        + closing
        + "\n\n"
    )


def branches_text(declared: Function, look: str) -> str:
    """A function without one law: a law on each side of its kinks, or none at all."""
    pieces = branch_laws(declared.formula, declared.arguments[0], VALUE)
    if len(pieces) < 2 or any(law is None for _, law in pieces):
        return paragraph(
            f"No law was found: the derivative is not a rational function of the value of ${look}$, so it "
            "is computed from its formula."
        )
    rows = r" \\ ".join(rf"{formula(law)} & \text{{if }} {condition(where)}" for where, law in pieces)
    shown = rf"{look}' = \begin{{cases}} {rows} \end{{cases}}"
    value = formula(VALUE)
    note = (
        f"The formula has kinks: there is one law on each side, with ${value}$ for the value. What holds at a "
        "kink is a convention, kept by the derivation and by the code alike: the branch that contains the point."
    )
    return paragraph(note) + rf"\begin{{claim}}{{Law}}\formline{{derivative}}{{{shown}}}\end{{claim}}" + "\n\n"


def condition(where: Any) -> str:
    """`z > 0`, or several of them."""
    if hasattr(where, "rel_op"):
        return f"{formula(where.lhs)} {RELATIONS[where.rel_op]} {formula(where.rhs)}"
    parts = sorted(where.args, key=str)
    return r"\text{ and }".join(condition(part) for part in parts) if parts else r"\text{always}"


def law_step(label: str, left: str, right: str, look: str) -> str:
    """One line of the search for a law."""
    return rf"\formularow{{1.6em}}{{{left} = {right}}}{{\rulename{{{escape(label)}}}}}" + "\n"
