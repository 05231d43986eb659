"""Random initial parameters: the sizes that a user states, and one line for every parameter."""

from __future__ import annotations

from dataclasses import replace as with_changes

from codegen.module.allocation import over_keys
from codegen.module.spelling import Speller
from codegen.program.array import Store
from codegen.program.measure import sizes_in
from codegen.program.program import Program
from derive.regions.regions import extent
from derive.system import System, accesses
from derive.values.affine import Affine, Index, Size, Width
from derive.values.binders import Bound, Sum
from derive.values.nodes import Access, Expr
from derive.values.text import render_affine

SMALL = "0.1"  # entries that no sum runs over, such as biases


def sizes_meaning(program: Program) -> str:
    """What `sizes` is: the widths in order, or a dict of sizes."""
    plain, widths, _ = _stated(program)
    if len(widths) == 1 and not plain:
        name, (lo, hi) = next(iter(widths.items()))
        return f"sizes = {name}({render_affine(lo)}), ..., {name}({render_affine(hi)}), such as (3, 3, 1)."
    shown = [f'"{name}": 3' for name in plain] + [f'"{name}": (3, 3, 1)' for name in widths]
    return f"sizes = {{{', '.join(shown)}}}, with other numbers."


def initial_lines(system: System, program: Program, speller: Speller) -> str:
    """The body of `initial`."""
    speller = with_changes(speller, widths_named=True)
    plain, widths, top = _stated(program)
    single = len(widths) == 1 and not plain
    lines = []
    for name, (lo, hi) in widths.items():
        source = "sizes" if single else f'sizes["{name}"]'
        code = speller.names[name]
        lines.append(f"{code} = dict(enumerate({source}, {render_affine(lo)}))")
        if name in top:
            offset = (lo - hi + Size(top[name]) - 1).constant
            shift = f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else ""
            lines.append(f"{speller.names[top[name]]} = len({source}){shift}")
            least = max(
                [
                    lo.constant + 1 - offset,
                    *(-b.constant for b in program.facts.at_least if (b - Size(top[name])).number is not None),
                ]
            )
            lines.append(f"if len({source}) < {least - offset} or min({source}) < 1:")
            lines.append(
                f'    raise ValueError(f"sizes must be at least {least - offset} positive widths, not {{sizes}}")'
            )
    lines += [f'{speller.names[name]} = sizes["{name}"]' for name in plain]
    for left, right in program.facts.equal:
        if all(
            isinstance(a, Size) or a.name in widths
            for a in sizes_in(Affine.of(left) - right)
            if isinstance(a, (Size, Width))
        ):
            one, two = speller.affine(Affine.of(left)), speller.affine(right)
            lines.append(f"if {one} != {two}:")
            fact = f"{render_affine(Affine.of(left))} = {render_affine(right)}"
            lines.append(f'    raise ValueError(f"sizes must have {fact}, not {{sizes}}")')
    lines.append("draw = np.random.default_rng(seed).standard_normal")
    parameters = [s for s in program.stores if s.role == "parameter"]
    lines += [line for store in parameters for line in _draw(store, system, speller)]
    lines.append("return {" + ", ".join(f'"{s.name}": {s.name}' for s in parameters) + "}")
    return "\n".join(f"    {line}" for line in lines)


def _stated(program: Program) -> tuple[list[str], dict[str, tuple[Affine, Affine]], dict[str, str]]:
    """Sizes to be stated, widths with the range of their positions, and the size that the length of a width gives."""
    plain: dict[str, None] = {}
    widths: dict[str, tuple[Affine, Affine]] = {}
    for store in (s for s in program.stores if s.role == "parameter"):
        for axis in (*store.keys, *store.axes):
            for atom in sizes_in(axis.hi - axis.lo + 1) + sizes_in(axis.hi):
                if isinstance(atom, Width):
                    widths[atom.name] = _reach(atom, store.keys, widths.get(atom.name), program)
                elif isinstance(atom, Size):
                    plain[atom.name] = None
    top = {
        name: hi.terms[0][0].name
        for name, (_, hi) in widths.items()
        if len(hi.terms) == 1 and isinstance(hi.terms[0][0], Size)
    }
    return [name for name in plain if name not in top.values()], widths, top


def _reach(
    width: Width, keys: tuple[Bound, ...], known: tuple[Affine, Affine] | None, program: Program
) -> tuple[Affine, Affine]:
    own = extent(width.at, keys)
    if known is None:
        return own.lo, own.hi
    lo = own.lo if program.facts.below(own.lo, known[0]) else known[0]
    return lo, own.hi if program.facts.below(known[1], own.hi) else known[1]


def _draw(store: Store, system: System, speller: Speller) -> list[str]:
    """`w[l] = draw((n[l], n[l - 1])) / n[l - 1]**0.5`"""
    summed = _summed(store, system)
    shape = ", ".join(speller.affine(a.hi - a.lo + 1) for a in store.axes)
    inputs = [speller.affine(a.hi - a.lo + 1) for a in store.axes if a.index in summed]
    drawn = f"draw(({shape}{',' if len(store.axes) == 1 else ''}))"
    count = (
        inputs[0]
        if len(inputs) == 1 and " " not in inputs[0].partition("[")[0]
        else f"({' * '.join(f'({i})' for i in inputs)})"
    )
    scaled = f"{drawn} / {count}**0.5" if inputs else f"{SMALL} * {drawn}"
    if not store.keys:
        return [f"{store.name} = ({scaled}).astype(dtype)"]
    return [f"{store.name} = {over_keys(f'({scaled}).astype(dtype)', store, speller)}"]


def _summed(store: Store, system: System) -> set[Index]:
    """The letters of the store's axes that are summed where an equation reads it first."""
    tensor = system.tensor(store.tensor)
    for equation in (e for e in system.equations if store.tensor in e.reads):
        for bound, access in _inside_sums(equation.value, set()):
            if access.tensor == store.tensor:
                return {slot.index for slot, p in zip(tensor.slots, access.at, strict=True) if p.alone in bound}
    return set()


def _inside_sums(expr: Expr, bound: set[Index]) -> list[tuple[set[Index], Access]]:
    inner = bound | {b.index for b in expr.bounds} if isinstance(expr, Sum) else bound
    found = [(inner, a) for a in accesses(expr)] if not expr.children else []
    for child in expr.children:
        found += _inside_sums(child, inner)
    return found
