"""Sections with pictures: a unit, the layers, and the paths on which an error travels."""

from __future__ import annotations

from codegen.latex.names import code
from codegen.report.context import Report, factors_of, paragraph
from codegen.report.pictures import Layers, Unit, draw_layers, draw_neuron, draw_paths, find_layers, find_unit
from codegen.report.reading import entering
from derive.derivation import Adjoint
from derive.system import accesses
from derive.values.affine import Affine, Index, replace
from derive.values.binders import Sum
from derive.values.nodes import ONE, Access, Add, Expr, mul


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
        said += (
            rf" Right, the network: ${report.printer.affine(layers.hi)}$ layers of such units; nothing in this "
            rf"document fixes their "
            "number or their widths."
        )
    boxes = "\n\\hfill\n".join(rf"\raisebox{{-0.5\height}}{{{picture}}}" for picture in drawn)
    return r"\noindent\hspace*{\fill}" + boxes + r"\hspace*{\fill}\par\medskip" + "\n" + paragraph(said)


def centred(picture: str) -> str:
    """A picture in the middle of the line."""
    return r"\begin{center}" + "\n" + picture + "\n" + r"\end{center}" + "\n"


def section_paths(report: Report) -> str:
    """The error as a sum over paths, where its equation is one linear recurrence."""
    unit = find_unit(report.system)
    layers = find_layers(report.system, report.printer, unit) if unit else None
    if unit is None or layers is None:
        return ""
    for adjoint in report.derivation.computed:
        found = recurrence(adjoint)
        formula = path_formula(report, adjoint, *found, layers) if found else ""
        if formula:
            name = report.label(adjoint)
            said = f"Put into itself again and again, {name} becomes a sum over all paths from the unit to the outputs."
            picture = centred(draw_paths(report.printer, unit, layers))
            return paragraph(said) + picture + formula + data_part(report, unit)
    return ""


def data_part(report: Report, unit: Unit) -> str:
    """How the gradient of the weight that is drawn follows from the error, if it is an error times what entered."""
    tensor = report.system.tensor(unit.weight.tensor)
    if not entering(report, tensor):
        return ""
    summed = " and summed over the samples" if report.samples else ""
    p, adjoint = report.printer, min(report.derivation.adjoints_of(tensor.name), key=lambda a: not a.name)
    return paragraph(
        f"Times the entering ${p.access(unit.source)}${summed}, it is the part of {report.label(adjoint)} that "
        f"comes from the data: every path from the wire ${p.access(unit.weight)}$ to an output."
    )


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
    run = next((b for b in adjoint.bounds if b.index == level), None)
    if not isinstance(level, Index) or not isinstance(unit, Index) or run is None or run.hi + 1 != layers.hi:
        return ""
    q, s = printer.unused("qrpvu")[0], printer.unused("stch")[0]
    low, top = printer.index(level.name), printer.affine(layers.hi)
    place = {"HERE": f"{q}_{s}", "THERE": f"{q}_{{{s}+1}}", "FIRST": f"{q}_{{{low}}}", "LAST": f"{q}_{{{top}}}"}
    step = mul(*(f for f in factors_of(inner.body) if f != read), *outer, ONE)
    step = step.replaced(
        {level: Affine.of(Index(s)), unit: Affine.of(Index("HERE")), inner.bounds[0].index: Affine.of(Index("THERE"))}
    )
    first, end = with_unit(target, units[0], Index("FIRST")), with_unit(target, units[0], Index("LAST"))
    end = Access(end.tensor, tuple(layers.hi if k == stack[0] else p for k, p in enumerate(end.at)))
    text = (
        rf"{printer.access(first)} = \sum_{{{q}_{{{low}+1}},\dots,{q}_{{{top}}}}} {printer.access(end)} "
        rf"\prod_{{{s}={low}}}^{{{top}-1}} {printer.bracketed(step, 2)}"
    )
    for name, look in place.items():
        text = text.replace(rf"\mathrm{{{name}}}", look)
    counts = [printer.affine(replace(layers.count, {layers.letter: p})) for p in (Affine.of(level) + 1, layers.hi)]
    return (
        rf"\[ {text},\qquad {printer.ranges((run,))} \]"
        + "\n"
        + paragraph(
            rf"A path ${q}_{{{low}}},{q}_{{{low}+1}},\dots,{q}_{{{top}}}$ takes one unit of each layer: "
            rf"there are ${counts[0]}\cdots {counts[1]}$ of them, and each contributes one product. The "
            "recurrence computes this sum without ever listing a path."
        )
    )


def with_unit(target: Access, slot: int, unit: Index) -> Access:
    """The entry with another letter in one slot."""
    return Access(target.tensor, tuple(Affine.of(unit) if q == slot else p for q, p in enumerate(target.at)))
