"""Sections that read the derived equations: decay as a prior, and what learns slowly."""

from __future__ import annotations

from codegen.report.context import Report, factors_of, general, listed, paragraph, terms_of
from codegen.report.practice import rate_letter
from derive.derivation import Adjoint, Step
from derive.samples import sample_cost
from derive.system import Tensor
from derive.values.binders import Sum
from derive.values.nodes import MINUS_ONE, ONE, Access, Add, Call, Choice, Count, Expr, Mul, Number, Pow, mul, power
from derive.values.walks import walk


def section_decay(report: Report) -> str:
    """Parameters that their own gradient pulls to zero in proportion to their size: a penalty quadratic in them."""
    found = [(t, c) for t in report.system.role("parameter") for c in (decay(report, t),) if c is not None]
    if not found:
        return ""
    printer = report.printer
    text = []
    for tensor, rate in found:
        entry = printer.access(general(tensor))
        text.append(
            paragraph(
                rf"The gradient by ${entry}$ holds the term ${printer.expr(mul(rate, general(tensor)))}$: each step of "
                rf"descent first shrinks "
                rf"${entry}$ by the factor $1-{rate_letter(report)}\,{printer.expr(rate)}$. This is the derivative of "
                rf"${printer.expr(mul(rate, power(Number(ONE.value * 2), MINUS_ONE)))}$ times the sum of all "
                rf"$({entry})^2$ in the objective."
            )
        )
        text.append(prior(report, tensor, rate))
    free = [t for t in report.system.role("parameter") if t.name not in {f.name for f, _ in found}]
    if free:
        names = listed([f"${printer.access(general(t))}$" for t in free])
        pronoun = "it" if len(free) == 1 else "them"
        rates = listed(sorted({f"${printer.expr(r)}$" for _, r in found}))
        text.append(paragraph(f"There is no decay on {names}: no gradient by {pronoun} holds {rates}."))
    return "".join(text)


def decay(report: Report, tensor: Tensor) -> Expr | None:
    """The number that the gradient by an entry holds times that same entry."""
    rates = []
    for adjoint in report.derivation.adjoints_of(tensor.name):
        own = Access(tensor.name, adjoint.target.at)
        rates += [
            mul(*(f for f in factors_of(t) if f != own), ONE) for t in terms_of(adjoint.value) if own in factors_of(t)
        ]
    return rates[0] if rates and all(r == rates[0] and constant(r) for r in rates) else None


def constant(expr: Expr) -> bool:
    """Numbers, sizes and hyper-parameters only."""
    return all(isinstance(n, (Number, Count, Mul, Add, Pow)) or isinstance(n, Access) and not n.at for n in walk(expr))


def prior(report: Report, tensor: Tensor, rate: Expr) -> str:
    """The penalty as the logarithm of a Gaussian density."""
    found = sample_cost(report.system)
    printer, entry = report.printer, report.printer.access(general(tensor))
    if found is None:
        return ""
    cost, factor = found
    variance = mul(factor, power(rate, MINUS_ONE))
    return paragraph(
        rf"\emph{{Reading.}} If ${printer.access(cost)}$ is the negative logarithm of a likelihood, up to a constant, "
        rf"then minimising "
        rf"${printer.objective()}$ is the same as maximising the posterior of independent Gaussian priors: every "
        rf"${entry}$ with mean 0 and "
        rf"variance ${printer.expr(variance)}$. Larger ${printer.expr(rate)}$ means a narrower prior, and so does "
        rf"more data, unless "
        rf"${printer.expr(rate)}$ is lowered with it."
    )


def section_slow(report: Report) -> str:
    """Where the derived factors are small."""
    text = [entering(report, t) for t in report.system.role("parameter")]
    found = [(a, *saturation(report, a)) for a in report.derivation.computed]
    text += [cancels(report, a) for a, kind, _ in found if kind == "cancels"]
    text.append(survives(report, [(a, slope) for a, kind, slope in found if kind == "survives"]))
    body = "".join(r"\item " + t + "\n" for t in text if t)
    return rf"\begin{{itemize}}\setlength{{\itemsep}}{{0.4ex}}{body}\end{{itemize}}" + "\n" if body else ""


def entering(report: Report, tensor: Tensor) -> str:
    """A gradient that is an error times what entered."""
    for adjoint in sorted(report.derivation.adjoints_of(tensor.name), key=lambda a: not a.name):
        for term in terms_of(adjoint.value):
            body = term.body if isinstance(term, Sum) else term
            errors = [f for f in factors_of(body) if isinstance(f, Access) and f.tensor.startswith("d.")]
            entries = [
                f
                for f in factors_of(body)
                if isinstance(f, Access)
                and f.tensor in report.system.by_name
                and report.system.tensor(f.tensor).role in ("variable", "data")
            ]
            if len(errors) == len(entries) == 1:
                p = report.printer
                return (
                    rf"{report.label(adjoint)} multiplies the error ${p.access(errors[0])}$ by the entering "
                    rf"${p.access(entries[0])}$. "
                    rf"Where ${p.access(entries[0])}$ is near 0, "
                    rf"${p.access(Access(tensor.name, adjoint.target.at))}$ learns slowly, "
                    "whatever the error."
                )
    return ""


def saturation(report: Report, adjoint: Adjoint) -> tuple[str, str]:
    """Whether the derivative of a function `survives` in an adjoint equation or `cancels`; and that derivative."""
    steps = adjoint.steps[max((q for q, s in enumerate(adjoint.steps) if s.rule == "restrict"), default=0) :]
    slopes = [n for step in steps for n in walk(step.after) if isinstance(n, Call) and any(n.orders)]
    if not slopes:
        return "", ""
    if adjoint.of in dict(report.system.errors) and affine_in_entries(adjoint.value):
        return "cancels", ""
    own = [n for n in slopes if slope_of_model(report, n)]
    if not own:
        return "", ""
    left = {n.key for n in walk(adjoint.value)}
    for step in steps:
        if step.rule in ("law", "formula") and any(slope_of_model(report, n) for n in walk(step.before)):
            made = made_by_law(step)
            if made and not any(n.key in left for n in made):
                return "cancels", ""
            return ("survives" if made else ""), report.printer.expr(own[-1])
    return "survives", report.printer.expr(own[-1])


def made_by_law(step: Step) -> list[Expr]:
    """The parts that a law puts in the place of a derivative."""
    before = {n.key for n in walk(step.before)}
    return [
        n
        for n in walk(step.after)
        if n.key not in before
        and isinstance(n, (Add, Call, Pow, Choice))
        and not any(isinstance(m, Sum) for m in walk(n))
        and n.key != step.after.key
    ]


def affine_in_entries(expr: Expr) -> bool:
    """Is it a sum of entries, each times a number: no product of two entries, no function of one?"""
    if any(isinstance(n, (Call, Choice)) or isinstance(n, Pow) and not constant(n) for n in walk(expr)):
        return False
    return all(sum(not constant(f) for f in factors_of(n)) <= 1 for n in walk(expr) if isinstance(n, Mul))


def slope_of_model(report: Report, expr: Expr) -> bool:
    """Is it the derivative of a function that the model declares?"""
    return isinstance(expr, Call) and any(expr.orders) and expr.function in {f.name for f in report.system.functions}


def cancels(report: Report, adjoint: Adjoint) -> str:
    """What follows where it cancels."""
    p = report.printer
    return (
        rf"In {report.label(adjoint)} every derivative of a function cancels: "
        rf"${p.access(adjoint.target)}={p.expr(adjoint.value)}$. A unit that is wrong learns, also if it is saturated."
    )


def survives(report: Report, found: list[tuple[Adjoint, str]]) -> str:
    """What follows where it survives."""
    if not found:
        return ""
    names = listed([f"{report.label(a)} the factor ${slope}$" for a, slope in found])
    verb, errors = (
        ("survives" if len(found) == 1 else "survive"),
        listed([f"${report.printer.access(a.target)}$" for a, _ in found]),
    )
    return (
        f"In {names} {verb}. Where the function is flat, at a saturated unit, {errors} "
        f"{'is' if len(found) == 1 else 'are'} near 0, "
        "and so is every gradient that they feed: such a unit learns slowly even if it is wrong."
    )
