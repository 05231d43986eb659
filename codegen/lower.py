"""Derivation to array program: order of computation, loops, and where each tensor is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as with_changes

from codegen.lowering.contract import elementwise, spread
from codegen.lowering.elements import lower_expr
from codegen.lowering.functions import functions_of
from codegen.lowering.keep import kept
from codegen.lowering.scope import Scope, make_store, must_loop, nodes, outermost, read
from codegen.program.array import CHOICE, Assign, Line, Map, Read, Reduce, Repeat, Span, Store
from codegen.program.fuse import fused
from codegen.program.measure import unshown
from codegen.program.naming import code_names
from codegen.program.program import Program, Section
from codegen.program.walks import is_untyped
from codegen.rewriting.deltas import errors_named
from codegen.rewriting.rewrite import Rewriter
from codegen.rewriting.shared import shared
from derive.derivation import Derivation
from derive.errors import ModelError, Refused
from derive.graphs import grouped, reached
from derive.order.dependence import Statement, adjoint_statements, statements_of
from derive.order.schedule import Loop, schedule
from derive.regions.gaps import gaps
from derive.system import System, Tensor, accesses
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound, Sum
from derive.values.nodes import Expr


def lower(derivation: Derivation) -> Program:
    """The array program of a derivation, typed and checked. Refused names an equation that has none."""
    try:
        return _lowered(derivation)
    except ModelError as error:
        raise derivation.refused(error) from None


def _lowered(derivation: Derivation) -> Program:
    system = derivation.system
    rewriter = Rewriter(system)
    adjoints = adjoint_statements(derivation)
    forward, cost, gradient = map(rewriter.section, shared([*divided(system), adjoints], rewriter))
    gradient = errors_named(gradient, rewriter)
    helpers, callables = functions_of(system, [*forward, *cost, *gradient], rewriter.helpers)
    names = code_names(system, [*(h.name for h in helpers), *callables], rewriter.tensors)
    tensors, stores = _storage(system, derivation, names, rewriter.tensors)
    scope = Scope(system.facts, tensors, stores, {})
    labels = {a.id: a.name for a in derivation.computed if a.name}
    sections = [
        _section("forward", forward, scope, labels),
        _section("cost", cost, scope, labels),
        _section("gradient", gradient, scope, labels),
    ]
    if system.prediction:
        predicted = _prediction(system, scope)
        stores = stores | {"prediction": Store("prediction", "prediction", "result", axes=predicted.value.axes)}
        sections.append(Section("predict", (predicted,)))
    program = Program(
        system.name,
        tuple(stores.values()),
        tuple(sections),
        helpers,
        callables,
        tuple(names.items()),
        system.facts,
        {t.name: t.values for t in system.tensors if t.values is not None},
        tuple(rewriter.used),
        {s.id: s.source for s in (*forward, *cost, *gradient) if s.source},
        unshown(system.sizes, tuple(stores.values()), system.facts),
    )
    program = kept(program)
    program.check()
    return program


def _storage(
    system: System,
    derivation: Derivation,
    names: dict[str, str],
    made: dict[str, Tensor],
) -> tuple[dict[str, Tensor], dict[str, Store]]:
    tensors = {t.name: t for t in system.tensors} | made | {"J": Tensor("J", "variable", ())}
    tensors |= {f"d.{a.of}": tensors[a.of] for a in derivation.computed}
    stores = {t.name: make_store(names[t.name], t, t.role) for t in tensors.values()}
    holes = [t.name for t in system.role("variable") if any(True for _ in gaps(system, t))]
    stores |= {name: with_changes(stores[name], holes=True) for name in holes}
    stores |= {
        name: with_changes(make_store(names[name], tensors[name], "gradient"), tensor=name)
        for name in tensors
        if name.startswith("d.")
    }
    return tensors, stores


def divided(system: System) -> tuple[list[Statement], list[Statement]]:
    """The equations that the prediction needs, and the others: forward pass and cost."""
    statements = statements_of(system)
    if system.prediction is None:
        return statements[:-1], statements[-1:]
    after = grouped((e.target.tensor, name) for e in system.equations for name in e.reads)
    early = reached((a.tensor for a in accesses(system.prediction.value)), after)
    return (
        [s for s in statements if s.target.tensor in early],
        [s for s in statements if s.target.tensor not in early],
    )


def _section(name: str, statements: Sequence[Statement], scope: Scope, labels: dict[str, str]) -> Section:
    lines: list[Line] = []
    for item in schedule(statements, scope.facts):
        lines.append(_lower_item(item, scope, labels))
    return Section(name, fused(tuple(lines), scope.facts))


def _lower_item(item: Loop | Statement, scope: Scope, labels: dict[str, str]) -> Line:
    if isinstance(item, Loop):
        inside = scope.with_loop(Bound(item.letter, item.lo, item.hi))
        body = tuple(_lower_item(part, inside, labels) for part in item.body)
        return Repeat(Bound(item.letter, item.lo, item.hi), item.down, fused(body, scope.facts))
    return _lower_statement(item, scope, labels)


def _lower_statement(statement: Statement, scope: Scope, labels: dict[str, str]) -> Line:
    """Letters that cannot be axes become loops around the assignment."""
    bounds = tuple(b for b in statement.bounds if b.index not in scope.loops)
    written = [x for p in statement.target.at for x in indices(p)]
    twice = frozenset(b.index for b in bounds if written.count(b.index) > 1)
    looped = must_loop(_both(statement), bounds, scope) | _taps(statement, bounds, scope) | twice
    first = outermost(bounds, looped)
    if first is not None:
        return Repeat(first, False, (_lower_statement(statement, scope.with_loop(first), labels),))
    order = tuple(x for p in statement.target.at if isinstance(x := p.alone, Index) and x not in scope.loops)
    inside = with_changes(scope.with_axes(bounds), order=order)
    try:
        target = read(statement.target, inside)
        value = spread(lower_expr(statement.value, inside), target.axes)
        chosen = isinstance(value, Map) and value.op == CHOICE  # spelled with a type
        if not target.picks and is_untyped(value) and not chosen:
            value = Map("spread", (value,), ())
    except Refused as error:
        raise Refused(
            f"the equation {statement.id} cannot be turned into array code: {error.what}",
            source=error.source or statement.source,
            fix=error.fix,
        ) from None
    return Assign(statement.id, target, value, labels.get(statement.id, ""))


def _taps(statement: Statement, bounds: tuple[Bound, ...], scope: Scope) -> frozenset[Index]:
    """Letters of the target that share a position with a longer summed letter: `s` in Sum_t x[t + s - 1], s few.

    One of the two must be a loop. A range with fewer terms in its length counts as the shorter one, and one of a
    parameter's gradient as shorter than an equal one.
    """
    summed = [b for node in nodes(statement.value) if isinstance(node, Sum) for b in node.bounds]
    name = statement.target.tensor
    parameter = name.startswith("d.") and scope.tensors[name].role == "parameter"
    found: set[Index] = set()
    for access in accesses(statement.value):
        for position in access.at:
            for here in (b for b in bounds if position.coefficient(b.index)):
                for there in (b for b in summed if position.coefficient(b.index)):
                    gap = len((there.hi - there.lo).terms) - len((here.hi - here.lo).terms)
                    if gap > 0 or (gap == 0 and parameter):
                        found.add(here.index)
    return frozenset(found)


def _both(statement: Statement) -> Expr:
    return statement.target + statement.value


def _prediction(system: System, scope: Scope) -> Assign:
    """The value, whether it exceeds the cut, or the place of the largest entry."""
    stated = system.prediction
    assert stated is not None
    bounds = (*stated.bounds, *((stated.over,) if stated.over else ()))
    inside = with_changes(scope.with_axes(bounds), order=tuple(b.index for b in bounds))
    value = lower_expr(stated.value, inside)
    if stated.cut is not None:
        value = elementwise(">", (value, lower_expr(stated.cut, inside)), inside.order)
    if stated.over is not None:
        value = Reduce("argmax", value, (stated.over.index,))
    picks = tuple(Span(a, Affine.of(0), a.hi - a.lo + 1, whole=True) for a in value.axes)
    return Assign("prediction", Read("prediction", (), picks), value)
