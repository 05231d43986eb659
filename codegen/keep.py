"""Which stores are kept, which are filled in parts, and which live within one pass of a loop only."""

from __future__ import annotations

from dataclasses import replace as with_changes

from codegen.array import Read, Span, Store, assigns, values
from codegen.program import Program, Section


def kept(program: Program) -> Program:
    """The program with `local` and `allocated` stores marked, and what each section reads and gives."""
    stores = tuple(_marked(s, program) for s in program.stores)
    sections = tuple(_linked(s, program) for s in program.sections)
    return with_changes(program, stores=stores, sections=sections)


def _marked(store: Store, program: Program) -> Store:
    if store.role not in ("variable", "gradient"):
        return store
    targets = [
        (a.target, tuple(map(id, loops)))
        for section in program.sections
        for a, loops in assigns(section.lines)
        if a.target.store == store.name
    ]
    reads = [
        (v, tuple(map(id, loops)))
        for section in program.sections
        for a, loops in assigns(section.lines)
        for v in values(a.value)
        if isinstance(v, Read) and v.store == store.name
    ]
    if _is_result(store, program) or not targets:
        local = False
    else:
        written, around = targets[0]
        local = (
            bool(around)
            and len(targets) == 1
            and all((r.keys, _points(r), loops) == (written.keys, _points(written), around) for r, loops in reads)
        )
    parts = any(not isinstance(p, Span) or not p.whole for t, _ in targets for p in t.picks)
    return with_changes(store, local=local, allocated=parts and not local)


def _is_result(store: Store, program: Program) -> bool:
    """The objective and the gradients of parameters leave the program."""
    parameters = {s.tensor for s in program.stores if s.role == "parameter"}
    return store.name == "J" or store.tensor.removeprefix("d.") in parameters


def _points(read: Read) -> tuple[object, ...]:
    return tuple(p for p in read.picks if not isinstance(p, Span) or not p.whole)


def _linked(section: Section, program: Program) -> Section:
    written = {a.target.store for a, _ in assigns(section.lines)}
    read = {v.store for a, _ in assigns(section.lines) for v in values(a.value) if isinstance(v, Read)}
    other = {
        v.store
        for s in program.sections
        if s is not section
        for a, _ in assigns(s.lines)
        for v in values(a.value)
        if isinstance(v, Read)
    }
    names = [s.name for s in program.stores]
    return with_changes(
        section,
        reads=tuple(n for n in names if n in read - written),
        gives=tuple(n for n in names if n in written & other),
    )
