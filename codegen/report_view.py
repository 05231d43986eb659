"""Sections that read the derived equations: pictures, paths, decay, what learns slowly, one iteration, the check."""

from __future__ import annotations

from codegen.latex import brackets
from codegen.latex_matrix import MatrixPrinter
from codegen.latex_names import code, escape, letter
from codegen.latex import Printer
from codegen.pictures import Layers, draw_layers, draw_neuron, draw_paths, find_layers, find_unit
from codegen.report_context import Report, listed, paragraph
from derive.affine import Affine, Index
from derive.derivation import Adjoint
from derive.expression import (
    MINUS_ONE, ONE, Access, Add, Call, Choice, Count, Expr, Mul, Number, Pow, Sum, mul, power, substitute, walk,
)
from derive.matrix import MatrixForm, matrix_form
from derive.samples import sample_cost
from derive.schedule import Loop, Statement, schedule
from derive.system import Tensor, accesses


def section_pictures(report: Report) -> str:
    """A unit and the layers, side by side where both exist."""
    unit = find_unit(report.system)
    if unit is None:
        return ""
    drawn = [draw_neuron(report.printer, unit)]
    layers = find_layers(report.system, report.printer, unit)
    said = f"Left, one unit: the equation {code(unit.pre.id)}" + (f", then {code(unit.post.id)}." if unit.post else ".")
    if layers is None:
        said = said.removeprefix("Left, o").join(("O", ""))
    else:
        drawn.append(draw_layers(report.printer, unit, layers))
        said += (rf" Right, the network: ${report.printer.affine(layers.hi)}$ layers of such units; nothing in this document fixes their "
                 "number or their widths.")
    boxes = "\n\\hfill\n".join(rf"\raisebox{{-0.5\height}}{{{picture}}}" for picture in drawn)
    return r"\noindent\hspace*{\fill}" + boxes + r"\hspace*{\fill}\par\medskip" + "\n" + paragraph(said)


def terms_of(expr: Expr) -> tuple[Expr, ...]:
    return expr.terms if isinstance(expr, Add) else (expr,)


def factors_of(expr: Expr) -> tuple[Expr, ...]:
    return expr.factors if isinstance(expr, Mul) else (expr,)


# paths


def section_paths(report: Report) -> str:
    """The error as a sum over paths, where its equation is one linear recurrence."""
    found = [(a, step) for a in report.derivation.computed for step in (recurrence(a),) if step is not None]
    unit = find_unit(report.system)
    layers = find_layers(report.system, report.printer, unit) if unit else None
    if not found or unit is None or layers is None:
        return ""
    adjoint, (inner, outer) = found[0]
    text = [paragraph(rf"Put into itself again and again, {report.label(adjoint)} becomes a sum over all paths from the unit to the outputs.")]
    text.append(r"\begin{center}" + "\n" + draw_paths(report.printer, unit, layers) + "\n" + r"\end{center}" + "\n")
    text.append(path_formula(report, adjoint, inner, outer, layers))
    return "".join(text)


def recurrence(adjoint: Adjoint) -> tuple[Sum, tuple[Expr, ...]] | None:
    """`d.v[l] = (Sum_k d.v[l+1, k] ...) ...`: the sum and the other factors, if that is the whole right side."""
    factors = factors_of(adjoint.value)
    sums = [f for f in factors if isinstance(f, Sum) and any(a.tensor == adjoint.target.tensor for a in accesses(f))]
    if len(sums) != 1 or len(sums[0].bounds) != 1:
        return None
    if sum(a.tensor == adjoint.target.tensor for a in accesses(adjoint.value)) != 1 or isinstance(sums[0].body, Add):
        return None
    return sums[0], tuple(f for f in factors if f is not sums[0])


def path_formula(report: Report, adjoint: Adjoint, inner: Sum, outer: tuple[Expr, ...], layers: Layers) -> str:
    """The product over the layers of what one step of the recurrence multiplies by."""
    printer, target = report.printer, adjoint.target
    read = next(a for a in accesses(inner) if a.tensor == target.tensor)
    moved = [q for q, (p, r) in enumerate(zip(target.at, read.at, strict=True)) if p != r]
    stack = [q for q in moved if (read.at[q] - target.at[q]).number == 1]
    units = [q for q in moved if q not in stack]
    if len(stack) != 1 or len(units) != 1 or read.at[units[0]].alone != inner.bounds[0].index:
        return ""
    level, unit = target.at[stack[0]].alone, target.at[units[0]].alone
    assert isinstance(level, Index) and isinstance(unit, Index)
    s, here, there = Index("s"), Index("PATHHERE"), Index("PATHTHERE")
    step = mul(*(f for f in factors_of(inner.body) if f != read), *outer, ONE)
    step = substitute(step, {level: Affine.of(s), unit: Affine.of(here), inner.bounds[0].index: Affine.of(there)})
    first = printer.access(with_unit(target, units[0], Index("PATHFIRST")))
    top = printer.affine(layers.hi)
    end = Access(target.tensor, tuple(layers.hi if q == stack[0] else Affine.of(Index("PATHLAST")) if q == units[0] else p
                                      for q, p in enumerate(target.at)))
    lower = letter(level.name)
    text = (rf"{first} = \sum_{{q_{{{lower}+1}},\dots,q_{{{top}}}}} {printer.access(end)} \prod_{{s={lower}}}^{{{top}-1}} "
            rf"{printer.bracketed(step, 2)}")
    for name, look in (("PATHHERE", "q_s"), ("PATHTHERE", "q_{s+1}"), ("PATHFIRST", f"q_{lower}"), ("PATHLAST", f"q_{top}")):
        text = text.replace(rf"\mathrm{{{name}}}", look)
    count = report.printer.affine(layers.count).replace(f"_{{{lower}}}", f"_{{{lower}+1}}")
    return rf"\[ {text} \]" + "\n" + paragraph(
        rf"A path $q_{lower},q_{{{lower}+1}},\dots,q_{top}$ takes one unit of each layer: there are ${count}\cdots "
        rf"{report.printer.affine(layers.count).replace(f'_{{{lower}}}', f'_{{{top}}}')}$ of them, and each contributes one product. "
        "The recurrence computes this sum without ever listing a path.")


def with_unit(target: Access, slot: int, unit: Index) -> Access:
    return Access(target.tensor, tuple(Affine.of(unit) if q == slot else p for q, p in enumerate(target.at)))


# decay


def section_decay(report: Report) -> str:
    """Parameters that their own gradient pulls to zero in proportion to their size: a penalty quadratic in them."""
    found = [(t, c) for t in report.system.role("parameter") for c in (decay(report, t),) if c is not None]
    if not found:
        return ""
    printer = report.printer
    text = []
    for tensor, rate in found:
        entry = printer.access(general(tensor))
        text.append(paragraph(
            rf"The gradient by ${entry}$ holds the term ${printer.expr(mul(rate, general(tensor)))}$: each step of descent first shrinks "
            rf"${entry}$ by the factor $1-\alpha\,{printer.expr(rate)}$. This is the derivative of "
            rf"${printer.expr(mul(rate, power(Number(ONE.value * 2), MINUS_ONE)))}$ times the sum of all "
            rf"$({entry})^2$ in the objective."))
        text.append(prior(report, tensor, rate))
    free = [t for t in report.system.role("parameter") if t.name not in {f.name for f, _ in found}]
    if free:
        names = listed([f"${printer.access(general(t))}$" for t in free])
        rates = listed(sorted({f"${printer.expr(r)}$" for _, r in found}))
        text.append(paragraph(f"There is no decay on {names}: their gradients, derived above, do not hold {rates}."))
    return "".join(text)


def decay(report: Report, tensor: Tensor) -> Expr | None:
    """The number that the gradient by an entry holds times that same entry."""
    rates = []
    for adjoint in report.derivation.adjoints_of(tensor.name):
        own = Access(tensor.name, adjoint.target.at)
        rates += [mul(*(f for f in factors_of(t) if f != own), ONE) for t in terms_of(adjoint.value) if own in factors_of(t)]
    return rates[0] if rates and all(r == rates[0] and constant(r) for r in rates) else None


def constant(expr: Expr) -> bool:
    """Numbers, sizes and hyper-parameters only."""
    return all(isinstance(n, (Number, Count, Mul, Add, Pow)) or isinstance(n, Access) and not n.at for n in walk(expr))


def general(tensor: Tensor, prefix: str = "") -> Access:
    """The general entry of a tensor."""
    return Access(prefix + tensor.name, tuple(Affine.of(s.index) for s in tensor.slots))


def prior(report: Report, tensor: Tensor, rate: Expr) -> str:
    """The penalty as the logarithm of a Gaussian density."""
    found = sample_cost(report.system)
    printer, entry = report.printer, report.printer.access(general(tensor))
    if found is None:
        return ""
    cost, factor = found
    variance = mul(factor, power(rate, MINUS_ONE))
    return paragraph(
        rf"\emph{{Reading.}} If ${printer.access(cost)}$ is the negative logarithm of a likelihood, up to a constant, then minimising "
        rf"${printer.objective()}$ is the same as maximising the posterior of independent Gaussian priors: every ${entry}$ with mean 0 and "
        rf"variance ${printer.expr(variance)}$. Larger ${printer.expr(rate)}$ means a narrower prior, and so does more data, unless "
        rf"${printer.expr(rate)}$ is lowered with it.")


# what learns slowly


def section_slow(report: Report) -> str:
    """Where the derived factors are small."""
    text = [entering(report, t) for t in report.system.role("parameter")]
    found = [(a, *saturation(report, a)) for a in report.derivation.computed]
    text += [cancels(report, a, slope) for a, kind, slope in found if kind == "cancels"]
    text.append(survives(report, [(a, slope) for a, kind, slope in found if kind == "survives"]))
    body = "".join(r"\item " + t + "\n" for t in text if t)
    return rf"\begin{{itemize}}\setlength{{\itemsep}}{{0.4ex}}{body}\end{{itemize}}" + "\n" if body else ""


def entering(report: Report, tensor: Tensor) -> str:
    """A gradient that is an error times what entered."""
    for adjoint in report.derivation.adjoints_of(tensor.name):
        for term in terms_of(adjoint.value):
            body = term.body if isinstance(term, Sum) else term
            errors = [f for f in factors_of(body) if isinstance(f, Access) and f.tensor.startswith("d.")]
            entries = [f for f in factors_of(body) if isinstance(f, Access) and f.tensor in report.system.by_name
                       and report.system.tensor(f.tensor).role in ("variable", "data")]
            if len(errors) == len(entries) == 1:
                p = report.printer
                return (rf"{report.label(adjoint)} multiplies the error ${p.access(errors[0])}$ by the entering ${p.access(entries[0])}$. "
                        rf"Where ${p.access(entries[0])}$ is near 0, ${p.access(Access(tensor.name, adjoint.target.at))}$ learns slowly, "
                        "whatever the error.")
    return ""


def saturation(report: Report, adjoint: Adjoint) -> tuple[str, str]:
    """Whether the derivative of a function of the model `survives` in an adjoint equation or `cancels`; and that derivative."""
    slopes = [n for step in adjoint.steps for n in walk(step.after) if slope_of_model(report, n)]
    if not slopes:
        return "", ""
    look = report.printer.expr(slopes[-1])
    left = {n.key for n in walk(adjoint.value)}
    for step in adjoint.steps:
        if step.rule in ("law", "formula") and any(slope_of_model(report, n) for n in walk(step.before)):
            before = {n.key for n in walk(step.before)}
            new = [n for n in walk(step.after) if n.key not in before and isinstance(n, (Add, Call, Pow, Choice))
                   and not any(isinstance(m, Sum) for m in walk(n)) and n.key != step.after.key]
            if not new:
                return "", ""
            return ("survives" if any(n.key in left for n in new) else "cancels"), look
    return "survives", look


def slope_of_model(report: Report, expr: Expr) -> bool:
    """Is it the derivative of a function that the model declares?"""
    return isinstance(expr, Call) and any(expr.orders) and expr.function in {f.name for f in report.system.functions}


def cancels(report: Report, adjoint: Adjoint, slope: str) -> str:
    p = report.printer
    return (rf"In {report.label(adjoint)} the factor ${slope}$ cancels: ${p.access(adjoint.target)}={p.expr(adjoint.value)}$ holds no "
            "derivative of a function. A unit that is wrong and saturated still learns.")


def survives(report: Report, found: list[tuple[Adjoint, str]]) -> str:
    if not found:
        return ""
    names = listed([f"{report.label(a)} the factor ${slope}$" for a, slope in found])
    verb, errors = ("survives" if len(found) == 1 else "survive"), listed([f"${report.printer.access(a.target)}$" for a, _ in found])
    return (f"In {names} {verb}. Where the function is flat, at a saturated unit, {errors} {'is' if len(found) == 1 else 'are'} near 0, "
            "and so is every gradient that they feed: such a unit learns slowly even if it is wrong.")


# one iteration


def section_iteration(report: Report) -> str:
    """The order of computation as the schedule finds it, and the update."""
    system = report.system
    forward = [Statement(e.id, e.target, e.bounds, e.value) for e in (*system.equations, system.objective)]
    backward = [Statement(a.id, a.target, a.bounds, a.value) for a in report.derivation.computed]
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
        ranges = [rf"{letter(s.index.name)}={report.printer.extent(s.lo, s.hi)}" for q, s in enumerate(tensor.slots) if q in above]
        where = r"\enspace\text{for }" + ",".join(ranges) if ranges else ""
        lines.append(rf"\pseudo{{0}}{{${entry} \leftarrow {entry} - {rate(report)}\,{slope}{where}$}}{{}}")
    return r"\begin{algorithm}" + "\n" + "\n".join(lines) + "\n" + r"\end{algorithm}" + "\n" + paragraph(iteration_notes(report))


def rate(report: Report) -> str:
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
        head = rf"\pseudo{{{depth}}}{{\textbf{{for}} ${letter(item.letter.name)}={p.affine(first)},\dots,{p.affine(last)}$}}{{}}"
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
    notes = [rf"${rate(report)}>0$ is the length of a step. Parameters start at small random numbers: equal ones would stay equal, since "
             "equal units get equal gradients. Descent finds a local optimum, so several starts are worth their time."]
    if report.samples is not None:
        m = letter(report.samples.name)
        notes.append(rf"With mini-batches, ${m}$ is the number of samples in the batch at hand and every mean is taken over that batch; "
                     "a product over the sample index accumulates over its samples.")
    return " ".join(notes)


def section_differences(report: Report) -> str:
    """Central differences: what they show and how well."""
    j = report.printer.objective()
    theta = r"\theta"
    return paragraph(
        rf"Let ${theta}$ be all parameters in one vector and $e_i$ its unit vectors. Each entry of the gradient is approached by") + (
        rf"\[ \frac{{\partial {j}}}{{\partial {theta}_i}} \approx \frac{{{j}({theta}+\varepsilon e_i)-{j}({theta}-\varepsilon e_i)}}"
        rf"{{2\,\varepsilon}},\qquad \text{{error}}\approx \frac{{\varepsilon^2}}{{6}}\,\Bigl\lvert\frac{{\partial^3 {j}}}{{\partial "
        rf"{theta}_i^3}}\Bigr\rvert+\frac{{u\,\lvert {j}\rvert}}{{\varepsilon}} \]" + "\n") + paragraph(
        r"where $u$ is the rounding unit. With the classical $\varepsilon=10^{-4}$ in double precision usually four digits or more "
        r"agree; where the gradient is tiny or the function has a kink, right code can look wrong and wrong code right. So the "
        r"differences are an illustration with an error bar, and the proofs below are the judge. Once the gradient is right, cost and "
        r"gradient can be handed to L-BFGS or conjugate gradients.")


__all__ = ["brackets", "section_decay", "section_differences", "section_iteration", "section_paths", "section_pictures", "section_slow"]
