"""Plain text of the array program, in no target language."""

from __future__ import annotations

from codegen.program.array import (
    ARITHMETIC,
    Assign,
    Contract,
    Cumulative,
    Formal,
    Gather,
    Length,
    Line,
    Linear,
    Literal,
    Map,
    Named,
    Opaque,
    Pick,
    Places,
    Read,
    Reduce,
    Scatter,
    Shifted,
    Span,
    Store,
    Through,
    Total,
    Turn,
    Value,
    When,
)
from derive.values.affine import Affine
from derive.values.text import render_affine, render_range


def list_store(store: Store) -> str:
    """`variable z[l=2..L] (i=1..m, j=1..n(l))`."""
    keys = ", ".join(f"{a.index.name}={render_range(a.lo, a.hi)}" for a in store.keys)
    axes = ", ".join(f"{a.index.name}={render_range(a.lo, a.hi)}" for a in store.axes)
    kind = " in parts" if store.allocated else " local" if store.local else ""
    return f"{store.role}{kind} {store.name}{f'[{keys}]' if keys else ''} ({axes})"


def list_lines(lines: tuple[Line, ...], indent: str = "") -> list[str]:
    """One line of text for each assignment and each loop."""
    found: list[str] = []
    for line in lines:
        if isinstance(line, Assign):
            label = f"  # {line.label or line.id}"
            found.append(f"{indent}{list_value(line.target)} = {list_value(line.value)}{label}")
        else:
            arrow = "down" if line.down else "up"
            found.append(f"{indent}for {line.bound.index.name} = {render_range(line.bound.lo, line.bound.hi)} {arrow}:")
            found.extend(list_lines(line.body, indent + "  "))
    return found


def list_value(value: Value) -> str:
    """One line of text for a value, axes after each part that is read."""
    if isinstance(value, Read):
        return _read(value)
    if isinstance(value, Map):
        args = [list_value(a) for a in value.args]
        infix = value.op in ARITHMETIC and len(args) == 2
        return f"({f' {value.op} '.join(args)})" if infix else f"{value.op}({', '.join(args)})"
    if isinstance(value, Turn):
        return f"turn({list_value(value.value)} to {' '.join(a.index.name for a in value.axes)})"
    if isinstance(value, Reduce):
        return f"reduce {value.op}({list_value(value.value)} over {' '.join(x.name for x in value.over)})"
    if isinstance(value, Contract):
        over = " ".join(x.name for x in value.over)
        return f"contract({list_value(value.left)}, {list_value(value.right)} over {over})"
    if isinstance(value, Total):
        b = value.bound
        name = "total" if value.op == "+" else value.op
        return f"{name}({list_value(value.body)} for {b.index.name} = {render_range(b.lo, b.hi)})"
    if isinstance(value, Scatter):
        return f"scatter({list_value(value.value)} at {list_value(value.index)} to {value.axis.index.name})"
    if isinstance(value, Shifted):
        return f"shift({list_value(value.value)}, {value.over.name} to {value.axis.index.name})"
    if isinstance(value, When):
        return f"when({' and '.join(map(list_value, value.tests))}: {list_value(value.value)})"
    if isinstance(value, Linear):
        return f"{value.op}({', '.join(map(list_value, value.args))})"
    if isinstance(value, Cumulative):
        way = ("down" if value.down else "up") if value.op == "+" else value.op
        return f"cumulate {way}({list_value(value.value)}, {value.over.name} to {value.axis.index.name})"
    if isinstance(value, Opaque):
        return f"{value.name}{list(value.by) if value.by else ''}({', '.join(map(list_value, value.args))})"
    return _atom(value)


def _atom(value: Literal | Named | Formal | Length | Places) -> str:
    if isinstance(value, Literal):
        return str(value.value)
    return value.name if isinstance(value, (Named, Formal)) else f"({render_affine(value.of)})"


def _read(value: Read) -> str:
    keys = f"[{', '.join(map(render_affine, value.keys))}]" if value.keys else ""
    shown = [
        list_value(value.index.args[p.number]) if isinstance(value, Gather) and isinstance(p, Through) else _pick(p)
        for p in value.picks
    ]
    picks = f"({', '.join(shown)})" if shown else ""
    return f"{value.store}{keys}{picks}"


def _pick(pick: Pick) -> str:
    if isinstance(pick, Span):
        step = f" by {pick.step}" if pick.step != 1 else ""
        return (
            pick.axis.index.name
            if pick.whole
            else (f"{pick.axis.index.name}: {render_range(pick.start, pick.stop - 1)}{step}")
        )
    assert isinstance(pick, Affine), type(pick).__name__
    return f"@{render_affine(pick)}"
