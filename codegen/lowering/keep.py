"""Which stores are kept, which are filled in parts, and which live within one pass of a loop only."""

from __future__ import annotations

from dataclasses import replace as with_changes

from codegen.program.array import Read, Span, Store
from codegen.program.program import Program, Section
from codegen.program.walks import assigns, values

Uses = dict[str, list[tuple[Read, tuple[int, ...]]]]  # of each store, with the loops around


def kept(program: Program) -> Program:
    """The program with `local` and `allocated` stores marked, and what each section reads and gives."""
    targets, reads = _uses(program)
    stores = tuple(_marked(s, program, targets.get(s.name, []), reads.get(s.name, [])) for s in program.stores)
    sections = tuple(_linked(s, program) for s in program.sections)
    return with_changes(program, stores=stores, sections=sections)


def _uses(program: Program) -> tuple[Uses, Uses]:
    """Where each store is written, and where it is read."""
    targets: Uses = {}
    reads: Uses = {}
    for section in program.sections:
        for line, loops in assigns(section.lines):
            around = tuple(map(id, loops))
            targets.setdefault(line.target.store, []).append((line.target, around))
            for value in values(line.value):
                if isinstance(value, Read):
                    reads.setdefault(value.store, []).append((value, around))
    return targets, reads


def _marked(
    store: Store,
    program: Program,
    targets: list[tuple[Read, tuple[int, ...]]],
    reads: list[tuple[Read, tuple[int, ...]]],
) -> Store:
    if store.role not in ("variable", "gradient"):
        return store
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
