"""Checking of arguments: the lines that list every array with the sizes of its axes."""

from __future__ import annotations

from dataclasses import replace as with_changes

from codegen.module.spelling import Speller
from codegen.program.array import Store
from codegen.program.measure import measure_size, measure_width, sizes_in
from codegen.program.program import Program
from derive.errors import Refused
from derive.values.affine import Affine, Node, Size, Width, replace
from derive.values.text import render_affine


def number_names(program: Program) -> tuple[str, ...]:
    """Names of hyper-parameters."""
    return tuple(s.name for s in program.stores if s.role == "hyper")


def scalar_names(program: Program, role: str) -> tuple[str, ...]:
    """Names of what is one number: no axes, no keys, and no place."""
    return tuple(s.name for s in program.stores if s.role == role and not (s.axes or s.keys or s.integer))


def array_lines(program: Program, speller: Speller) -> str:
    """The body of `_arrays`."""
    stores = [s for s in program.stores if s.role in ("parameter", "data")]
    parameters = [s for s in stores if s.role == "parameter"]
    quoted = ", ".join(f'"{s.name}"' for s in parameters)
    lines = [
        f'_keys("parameters", parameters, [{quoted}])',
        f"{', '.join(s.name for s in parameters)} = {', '.join(_quoted(s) for s in parameters)}",
    ]
    lines += _size_lines(program, stores, speller)
    for store in sorted(stores, key=lambda s: s.role != "parameter"):
        lines += _store_lines(store, program, speller)
        if store is parameters[-1]:
            lines += _equal_lines(program, speller)
    lines += [line for store in stores for line in _compound_lines(store, speller)]
    lines += [line for bound in program.facts.at_least for line in _fact_lines(bound, speller, "\n".join(lines))]
    return "\n".join(f"    {line}" for line in lines)


def _compound_lines(store: Store, speller: Speller) -> list[str]:
    """A length such as 2 q + 1 is compared with what other arrays, or the array itself, say of q."""
    lines: list[str] = []
    for number, axis in enumerate(store.axes if not store.keys else ()):
        length = axis.hi - axis.lo + 1
        names = [a.name for a in sizes_in(length) if isinstance(a, Size)]
        if length.alone or not names or len(names) < len(length.terms):
            continue
        text = speller.affine(length)
        shown = f"{store.name} must have {render_affine(length)} = {{{text}}} places along axis {number}"
        test = f"{store.name}.shape[{number}] != {text}"
        lines += _test_lines(
            test,
            f"{shown}, but has {{{store.name}.shape[{number}]}}",
            names,
            with_changes(speller, used={store.name: None}),
        )
    return lines


def _fact_lines(bound: Affine, speller: Speller, before: str) -> list[str]:
    """A declared order of sizes, such as T >= F, is compared with the arrays, unless that was done before."""
    names = [a.name for a, _ in bound.terms if isinstance(a, Size)]
    if len(names) < len(bound.terms) or (len(names) == 1 and f"if {speller.names[names[0]]} < " in before):
        return []
    more = Affine(tuple((a, c) for a, c in bound.terms if c > 0), max(bound.constant, 0))
    less = more - bound
    if more == bound or (more - less).constant + sum(c for _, c in more.terms) >= 0 and less.number is not None:
        return []
    shown = f"{render_affine(more)} must be at least {render_affine(less)}, but is {{{speller.affine(more)}}}"
    return _test_lines(f"{speller.affine(more)} < {speller.affine(less)}", shown, names, with_changes(speller, used={}))


def _test_lines(test: str, error: str, names: list[str], speller: Speller) -> list[str]:
    """Raise the error if the test holds, where all arrays that show the sizes are given."""
    try:
        bound = [f"{speller.names[n]} = {speller.size(n)}" for n in names if n not in speller.program.unshown]
    except Refused:
        return []
    given = [s.name for s in speller.program.stores if s.role == "data" and s.name in speller.used]
    given += [speller.names[name] for name in dict.fromkeys(names) if name in speller.program.unshown]
    lines = [
        *(f'{name} = data["{name}"]' for name in given),
        *bound,
        f"if {test}:",
        f'    raise ValueError(f"{error}")',
    ]
    wanted = " and ".join(f'"{name}" in data' for name in given)
    return [f"if {wanted}:", *(f"    {line}" for line in lines)] if given else lines


def _quoted(store: Store) -> str:
    return f'parameters["{store.name}"]'


def _size_lines(program: Program, stores: list[Store], speller: Speller) -> list[str]:
    """The sizes that stand in keys or inside widths."""
    wanted: dict[str, None] = {}
    for store in stores:
        for axis in store.keys:
            wanted.update(
                dict.fromkeys(a.name for end in (axis.lo, axis.hi) for a in sizes_in(end) if isinstance(a, Size))
            )
        for axis in store.axes:
            widths = [a for a, _ in axis.hi.terms if isinstance(a, Width)]
            wanted.update(dict.fromkeys(a.name for w in widths for a in sizes_in(w.at) if isinstance(a, Size)))
    lines = []
    for name in wanted:
        measure = measure_size(name, program.stores)
        if measure.axis is None:
            entry = measure.store
            lines.append(
                f"if not isinstance({entry}, dict) or not {entry} or not all(type(key) is int for key in {entry}):"
            )
            lines.append(f'    raise ValueError("{entry} must be a dict of arrays, keyed as in the equations")')
        lines.append(f"{speller.names[name]} = {speller.measured(measure)}")
        least = _least(program, name)
        if least is not None:
            lines.append(f"if {speller.names[name]} < {least}:")
            shown = f"{name} must be at least {least}, but {measure.store} gives {{{speller.names[name]}}}"
            lines.append(f'    raise ValueError(f"{shown}")')
    return lines


def _least(program: Program, name: str) -> int | None:
    """The declared lower bound of a size."""
    bounds = [-b.constant for b in program.facts.at_least if (b - Size(name)).number is not None]
    return max(bounds) if bounds and max(bounds) > 1 else None


def _store_lines(store: Store, program: Program, speller: Speller) -> list[str]:
    labels = [_label(a.hi - a.lo + 1, program, speller) for a in store.axes]
    sizes = f"({', '.join(labels)}{',' if len(labels) == 1 else ''})"
    if store.integer:
        return _integer_lines(store, program, speller, sizes)
    if not store.keys:
        source = store.name if store.role == "parameter" else f'data["{store.name}"]'
        line = f'yield "{store.name}", {source}, {sizes}'
        return [line] if store.role == "parameter" else [f'if "{store.name}" in data:', f"    {line}"]
    letters = [speller.letter(k.index) for k in store.keys]
    key = letters[0] if len(letters) == 1 else f"({', '.join(letters)})"
    loops = " ".join(
        f"for {x} in range({speller.span(k.lo, k.hi + 1)})" for x, k in zip(letters, store.keys, strict=True)
    )
    shown = f'f"{store.name}[{{{letters[0]}}}]"' if len(letters) == 1 else f'f"{store.name}[{{{key}}}]"'
    lines = [
        f'_keys("{store.name}", {store.name}, [{key} {loops}])',
        f"yield from (({shown}, {store.name}[{key}], {sizes}) {loops})",
    ]
    if store.role == "parameter":
        return lines
    given = f'if "{store.name}" in data:'
    return [given, *(f"    {line}" for line in (f'{store.name} = data["{store.name}"]', *lines))]


def _integer_lines(store: Store, program: Program, speller: Speller, sizes: str) -> list[str]:
    """The lines of integer data: how many places there are is read off other arrays."""
    lo, hi = program.values[store.tensor]
    count, name = hi - lo + 1, store.name
    own = with_changes(speller, used={})
    named = [a.name for a in sizes_in(count) if isinstance(a, Size)]
    bound = [f"{own.names[n]} = {own.size(n)}" for n in named if n not in program.unshown]
    bound += [f'{own.names[n]} = data.get("{own.names[n]}", np.inf)' for n in named if n in program.unshown]
    text = own.affine(count)
    first = next(s for s in program.stores if s.role == "parameter")
    dtype = f"next(iter({first.name}.values())).dtype" if first.keys else f"{first.name}.dtype"
    shown = [s.name for s in program.stores if s.role == "data" and s.name in own.used]
    wanted = [f'"{n}" in data' for n in dict.fromkeys((name, *shown))]
    return [
        f"if {' and '.join(wanted)}:",
        *(f'    {n} = data["{n}"]' for n in shown),
        *(f"    {line}" for line in bound),
        f'    yield "{name}", _places("{name}", data["{name}"], {text}, {dtype}), {sizes}',
    ]


def _equal_lines(program: Program, speller: Speller) -> list[str]:
    """For every declared equality of a width, an array that shows it once more, with the size that it equals."""
    lines = []
    for left, right in program.facts.equal:
        try:
            shown = measure_width(left, {}, program.stores, program.facts) if isinstance(left, Width) else None
        except Refused:
            shown = None
        if shown is None or shown.offset or shown.axis is None:
            continue
        store = program.store(shown.store)
        at: dict[Node, Affine] = {k.index: p for k, p in zip(store.keys, shown.keys, strict=True)}
        axes = [replace(a.hi - a.lo + 1, at) for a in store.axes]
        axes[shown.axis] = right
        labels = [_label(length, program, speller) for length in axes]
        keys = f"[{', '.join(map(speller.affine, shown.keys))}]" if shown.keys else ""
        spoken = f'f"{store.name}[{{{keys[1:-1]}}}]"' if keys else f'"{store.name}"'
        sizes = f"({', '.join(labels)}{',' if len(labels) == 1 else ''})"
        lines.append(f"yield {spoken}, {store.name}{keys}, {sizes}")
    return lines


def _label(length: Affine, program: Program, speller: Speller) -> str:
    """A size as text; positions inside a width are evaluated when the module runs."""
    length = program.facts.canonical(length)
    widths = [a for a, _ in length.terms if isinstance(a, Width) and a.at.number is None]
    if not widths:
        return f'"{render_affine(length)}"'
    shown = render_affine(length)
    for width in widths:
        shown = shown.replace(f"({render_affine(width.at)})", f"({{{speller.affine(width.at)}}})")
    return f'f"{shown}"'
