"""Pictures, drawn from the equations: one unit, the layers, and the paths on which an error travels.

A unit is an equation whose right side sums products of a trained entry and another entry over one letter. Nothing is
drawn for a model that has none.
"""

from __future__ import annotations

from dataclasses import dataclass

from codegen.latex.printer import Printer
from derive.system import Equation, System, accesses
from derive.values.affine import Affine, Index, replace
from derive.values.binders import Bound, Sum
from derive.values.nodes import Access, Add, Call, Mul

STYLE = (
    r"\tikzset{unit/.style={circle,draw=ink,line width=0.5pt,fill=white,minimum size=6.2mm,inner "
    r"sep=0pt,font=\footnotesize},"
    r"wire/.style={draw=hair,line width=0.5pt},flow/.style={draw=ink,line width=0.6pt,-{Stealth[length=4.5pt]}},"
    r"path/.style={draw=back,line width=1.1pt},faint/.style={draw=back!45,line width=0.6pt},"
    r"note/.style={font=\footnotesize\color{muted}}}"
)


@dataclass(frozen=True)
class Unit:
    """A weighted sum and what is made of it: `pre = Sum_k weight * input + bias`, `post = f(pre)`."""

    pre: Equation
    summed: Bound
    weight: Access
    source: Access
    bias: Access | None
    post: Equation | None


def find_unit(system: System) -> Unit | None:
    """The first unit among the equations."""
    for equation in system.equations:
        terms = equation.value.terms if isinstance(equation.value, Add) else (equation.value,)
        for term in terms:
            if (
                isinstance(term, Sum)
                and len(term.bounds) == 1
                and isinstance(term.body, Mul)
                and len(term.body.factors) == 2
            ):
                found = [f for f in term.body.factors if isinstance(f, Access)]
                weights = [f for f in found if system.tensor(f.tensor).role == "parameter"]
                others = [f for f in found if system.tensor(f.tensor).role in ("variable", "data")]
                if len(weights) == len(others) == 1:
                    biases = [t for t in terms if isinstance(t, Access) and system.tensor(t.tensor).role == "parameter"]
                    return Unit(
                        equation,
                        term.bounds[0],
                        weights[0],
                        others[0],
                        biases[0] if biases else None,
                        applied_to(system, equation.target.tensor),
                    )
    return None


def applied_to(system: System, name: str) -> Equation | None:
    """The equation that is nothing but a function of an entry of a variable."""
    for equation in system.equations:
        if isinstance(equation.value, Call) and any(a.tensor == name for a in accesses(equation.value)):
            return equation
    return None


def at(access: Access, letter: Index, place: Affine | int) -> Access:
    """The entry with a place for a letter."""
    found = access.replaced({letter: Affine.of(place)})
    assert isinstance(found, Access)
    return found


def draw_neuron(printer: Printer, unit: Unit) -> str:
    """Inputs, weighted wires, sum, function, output."""
    letter, last = unit.summed.index, unit.summed.hi
    places: list[tuple[float, Affine | int]] = [(1.5, 1), (0.5, 2), (-1.5, last)]
    lines = [r"\begin{tikzpicture}[x=1cm,y=0.78cm]"]
    for q, (height, place) in enumerate(places):
        source, weight = at(unit.source, letter, place), at(unit.weight, letter, place)
        lines.append(rf"\node[unit,minimum size=3mm,fill=tint] (i{q}) at (0,{height}) {{}};")
        lines.append(rf"\node[left=1pt of i{q},font=\small] {{${printer.access(source)}$}};")
        lines.append(
            rf"\draw[flow] (i{q}) -- node[pos=0.42,fill=white,inner sep=1.2pt,font=\footnotesize] "
            rf"{{${printer.access(weight)}$}} (2.55,{0.16 * (1 - q)});"
        )
    lines.append(r"\node at (0,-0.45) {$\vdots$};")
    lines.append(r"\node[unit,minimum size=9mm,font=\normalsize] (s) at (2.9,0) {$\Sigma$};")
    if unit.bias is not None:
        lines.append(rf"\draw[flow] (2.9,1.6) node[above,font=\small] {{${printer.access(unit.bias)}$}} -- (s);")
    pre = printer.access(unit.pre.target)
    if unit.post is None:
        lines.append(rf"\draw[flow] (s) -- (4.3,0) node[right,font=\small] {{${pre}$}};")
    else:
        assert isinstance(unit.post.value, Call)
        head = printer.expr(unit.post.value).split("(")[0]
        lines.append(
            rf"\node[unit,rounded corners=1.5pt,rectangle,minimum size=8.5mm,inner xsep=4pt,fill=tint,"
            rf"font=\small,anchor=west] (f) at (4.25,0) {{${head}$}};"
        )
        lines.append(rf"\draw[flow] (s) -- node[above,font=\small] {{${pre}$}} (f);")
        lines.append(
            rf"\draw[flow] (f.east) -- +(0.6,0) node[right,font=\small] "
            rf"{{${printer.access(unit.post.target)}$}};"
        )
    return "\n".join([*lines, r"\end{tikzpicture}"])


@dataclass(frozen=True)
class Layers:
    """A variable that is layered: its letter, first and last layer, and the letter and last number of its units."""

    tensor: str
    slot: int
    letter: Index
    lo: Affine
    hi: Affine
    unit: Index
    count: Affine


def find_layers(system: System, printer: Printer, unit: Unit) -> Layers | None:
    """The layers that a unit reads, if it reads the layer below."""
    name = unit.source.tensor
    above = sorted(printer.raised.get(name, frozenset()))
    place = unit.pre.target.at[above[0] : above[0] + 1] if len(above) == 1 else ()
    if not place or (unit.source.at[above[0]] - place[0]).number != -1:
        return None
    tensor = system.tensor(name)
    inner = [q for q, p in enumerate(unit.source.at) if p.alone == unit.summed.index]
    if len(inner) != 1:
        return None
    slot, own = tensor.slots[above[0]], tensor.slots[inner[0]]
    return Layers(name, above[0], slot.index, slot.lo, slot.hi, own.index, own.hi)


COLUMNS = (2.0, 1.0, -1.0)


def draw_layers(printer: Printer, unit: Unit, layers: Layers) -> str:
    """Columns of units, fully connected, with dots where layers or units are left out."""
    marks: list[Affine | None] = [layers.lo, layers.lo + 1, None, layers.hi]
    lines = [r"\begin{tikzpicture}[x=1cm,y=0.62cm]"]
    nodes: dict[int, list[str]] = {}
    for c, mark in enumerate(marks):
        if mark is None:
            lines.append(rf"\node at ({2.05 * c},0.5) {{$\cdots$}};")
            continue
        nodes[c] = [f"u{c}{q}" for q in range(3)]
        for name, height in zip(nodes[c], COLUMNS, strict=True):
            lines.append(
                rf"\node[unit,minimum size=4.4mm,fill={'tint' if c == 0 else 'white'}] ({name}) at "
                rf"({2.05 * c},{height}) {{}};"
            )
        lines.append(rf"\node at ({2.05 * c},0.12) {{$\vdots$}};")
        look = substitute_count(printer, layers, mark)
        lines.append(rf"\node[note] at ({2.05 * c},-1.85) {{${look}$ units}};")
        lines.append(
            rf"\node[font=\small] at ({2.05 * c},2.85) "
            rf"{{${printer.affine(Affine.of(layers.letter))}={printer.affine(mark)}$}};"
        )
    for a in nodes[0]:
        lines += [rf"\draw[wire] ({a}) -- ({b});" for b in nodes[1]]
    for c, sign in ((1, 1), (3, -1)):
        for name in nodes[c]:
            lines += [rf"\draw[wire] ({name}) -- +({sign * 0.85},{0.45 * tilt});" for tilt in (-1, 0, 1)]
    weight = at(unit.weight, layers.letter, layers.lo + 1)
    stacked = [q for q, p in enumerate(weight.at) if p == layers.lo + 1]
    if stacked:
        upper = printer.access(Access(weight.tensor, weight.at))
        lines.append(rf"\node[note,fill=white,inner sep=1.5pt,text=ink] at (1.03,0.5) {{${upper}$}};")
    return "\n".join([*lines, r"\end{tikzpicture}"])


def substitute_count(printer: Printer, layers: Layers, place: Affine) -> str:
    """The number of units of a layer."""
    return printer.affine(replace(layers.count, {layers.letter: place}))


def draw_paths(printer: Printer, unit: Unit, layers: Layers) -> str:
    """One weight, and the paths from its unit to the outputs."""
    letter = printer.affine(Affine.of(layers.letter))
    titles = [rf"${letter}-1$", rf"${letter}$", rf"${letter}+1$", r"$\cdots$", f"${printer.affine(layers.hi)}$"]
    lines = [r"\begin{tikzpicture}[x=1cm,y=0.66cm]"]
    for c, title in enumerate(titles):
        lines.append(rf"\node[font=\small] at ({2.4 * c},2.75) {{{title}}};")
        if c == 3:
            lines.append(rf"\node at ({2.4 * c},0.5) {{$\cdots$}};")
            continue
        for q, height in enumerate(COLUMNS):
            on = (c, q) in ((0, 1), (1, 1)) or c in (2, 4)
            look = "draw=back,fill=warm" if on else "draw=hair"
            lines.append(rf"\node[unit,minimum size=4.6mm,{look}] (p{c}{q}) at ({2.4 * c},{height}) {{}};")
        lines.append(rf"\node[text=muted] at ({2.4 * c},0.1) {{$\vdots$}};")
    lines.append(
        r"\draw[path] (p01) -- node[above,fill=white,inner sep=1.2pt,text=back,font=\footnotesize] "
        rf"{{${printer.access(unit.weight)}$}} (p11);"
    )
    lines += [rf"\draw[{'path' if q == 0 else 'faint'}] (p11) -- (p2{q});" for q in range(3)]
    for q in range(3):
        style = "path" if q == 0 else "faint"
        lines += [
            rf"\draw[{'path' if style == 'path' and t == 0 else 'faint'}] (p2{q}) -- "
            rf"+(1.2,{0.4 * t});"
            for t in (-1, 0, 1)
        ]
        lines += [
            rf"\draw[{'path' if q == 2 and t == 0 else 'faint'}] (p4{q}) -- "
            rf"+(-1.2,{0.4 * t});"
            for t in (-1, 0, 1)
        ]
    lines.append(rf"\node[note,left=2pt of p01,text=ink] {{${printer.access(unit.source)}$}};")
    return "\n".join([*lines, r"\end{tikzpicture}"])
