"""Types of the array program: the axes of every value, and what each statement may read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codegen.program.array import (
    ARITHMETIC,
    CHOICE,
    Assign,
    Axes,
    Contract,
    Cumulative,
    Length,
    Line,
    Linear,
    Map,
    Places,
    Read,
    Reduce,
    Repeat,
    Scatter,
    Shifted,
    Span,
    Store,
    Total,
    Turn,
    Value,
    When,
    letters,
)
from codegen.program.walks import parts, values
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound
from derive.values.facts import Facts
from derive.values.text import render_affine


class ProgramError(Exception):
    """A statement whose two sides do not fit; the message names it."""


def check_lines(
    lines: tuple[Line, ...], stores: Mapping[str, Store], known: set[str], facts: Facts, loops: tuple[Index, ...] = ()
) -> set[str]:
    """Type every statement in order; the names of the stores that are written."""
    written: set[str] = set()
    for line in lines:
        if isinstance(line, Repeat):
            inner = (*loops, line.bound.index)
            own = {a.target.store for a in line.body if isinstance(a, Assign)}
            written |= check_lines(line.body, stores, known | written | own, facts, inner)
            continue
        try:
            _check_assign(line, stores, known | written, facts, loops)
        except ProgramError as error:
            raise ProgramError(f"{line.id}: {error}") from None
        written.add(line.target.store)
    return written


def _check_assign(
    line: Assign, stores: Mapping[str, Store], known: set[str], facts: Facts, loops: tuple[Index, ...]
) -> None:
    for value in values(line.value):
        if isinstance(value, Read) and value.store not in known:
            raise ProgramError(f"{value.store} is read before it is computed")
    _check_value(line.value, stores, facts, loops)
    _check_value(line.target, stores, facts, loops)
    _equal(line.value.axes, line.target.axes, facts, "the two sides have")


def _check_value(value: Value, stores: Mapping[str, Store], facts: Facts, loops: tuple[Index, ...]) -> None:
    inner = (*loops, value.bound.index) if isinstance(value, Total) else loops
    for part in parts(value):
        _check_value(part, stores, facts, inner)
    own = letters(value.axes)
    if len(set(own)) < len(own):
        raise ProgramError(f"an axis stands twice: {_shown(value.axes)}")
    allowed = {*loops, *((value.axis.index,) if isinstance(value, Places) else ())}
    for position in positions_of(value):
        for letter in indices(position):
            if letter not in allowed:
                raise ProgramError(f"{letter.name} stands in a position but no loop runs over it")
    if isinstance(value, Read):
        _check_read(value, stores[value.store], facts)
    elif isinstance(value, Scatter):
        if letters(value.value.axes)[: len(value.index.axes)] != letters(value.index.axes):
            raise ProgramError(f"places {_shown(value.index.axes)} meet values {_shown(value.value.axes)}")
    elif isinstance(value, Shifted):
        stretch = next(a for a in value.value.axes if a.index == value.over)
        around = value.before + value.after + (stretch.hi - stretch.lo)
        if not facts.same(around, value.axis.hi - value.axis.lo):
            raise ProgramError(f"{value.over.name} and zeros around it do not fill {_shown((value.axis,))}")
    elif isinstance(value, When):
        for test in value.tests:
            _equal(test.axes, (), facts, "a condition on loop letters has")
    elif isinstance(value, Linear):
        _check_linear(value, facts)
    elif isinstance(value, Cumulative):
        _equal_length(next(a for a in value.value.axes if a.index == value.over), value.axis, facts)
    elif isinstance(value, Map):
        _check_map(value, facts)
    elif isinstance(value, Turn) and {a.key for a in value.axes} != {a.key for a in value.value.axes}:
        raise ProgramError(f"turning {_shown(value.value.axes)} cannot give {_shown(value.axes)}")
    elif isinstance(value, (Reduce, Contract)):
        sides = (value.value,) if isinstance(value, Reduce) else (value.left, value.right)
        for side in sides:
            for letter in value.over:
                if letter not in letters(side.axes):
                    raise ProgramError(f"the sum over {letter.name} meets a value with axes {_shown(side.axes)}")
        if isinstance(value, Contract):
            _agree((*value.left.axes, *value.right.axes), facts)


def positions_of(value: Value) -> Iterator[Affine]:
    """Every integer expression that stands directly in a value."""
    if isinstance(value, (Length, Places)):
        yield value.of
    elif isinstance(value, Read):
        yield from value.keys
        for pick in value.picks:
            if isinstance(pick, Affine):
                yield pick
            elif isinstance(pick, Span) and not pick.whole:
                yield from (pick.start, pick.stop)
    elif isinstance(value, Shifted):
        yield from (value.before, value.after)
    elif isinstance(value, Total):
        yield from (value.bound.lo, value.bound.hi)


def _check_read(value: Read, store: Store, facts: Facts) -> None:
    if len(value.keys) != len(store.keys) or len(value.picks) != len(store.axes):
        raise ProgramError(
            f"{store.name} has {len(store.keys)} keys and {len(store.axes)} axes, "
            f"not {len(value.keys)} and {len(value.picks)}"
        )
    for pick in value.picks:
        if isinstance(pick, Span) and pick.step == 1:
            length = pick.axis.hi - pick.axis.lo + 1
            if not facts.same(pick.stop - pick.start, length):
                raise ProgramError(
                    f"{store.name} is cut to {render_affine(pick.stop - pick.start)} places, "
                    f"but {pick.axis.index.name} has {render_affine(length)}"
                )


def _check_map(value: Map, facts: Facts) -> None:
    _agree(tuple(a for arg in (*value.args, value) for a in arg.axes), facts)
    order = letters(value.axes)
    for arg in value.args:
        places = [order.index(x) for x in letters(arg.axes) if x in order]
        if len(places) < len(arg.axes) or places != sorted(places):
            raise ProgramError(f"{value.op} on {_shown(value.axes)} meets an argument with {_shown(arg.axes)}")
    arity = {"neg": 1, "typed": 1, CHOICE: 3}.get(value.op, 2 if value.op in ARITHMETIC else len(value.args))
    if arity != len(value.args):
        raise ProgramError(f"{value.op} takes {arity} arguments")


def _check_linear(value: Linear, facts: Facts) -> None:
    """Stacked square matrices, the rows of the right side those of the matrix."""
    *stack, row, column = value.args[0].axes
    if not facts.same(row.hi - row.lo, column.hi - column.lo):
        raise ProgramError(f"{value.op} meets a matrix with axes {_shown((row, column))}")
    for side in value.args[1:]:
        *others, own = side.axes[: len(side.axes) - len(value.last)]
        if own.index != row.index or side.axes[len(side.axes) - len(value.last) :] != value.last:
            raise ProgramError(f"{value.op} meets a right side with axes {_shown(side.axes)}")
        _agree((*side.axes, row), facts)
        stack += others
    if not {a.index for a in stack} <= {a.index for a in value.stack}:
        raise ProgramError(f"{value.op} is stacked over {_shown(value.stack)}, but meets {_shown(tuple(stack))}")


def _agree(axes: Axes, facts: Facts) -> None:
    """One letter has one length within a value."""
    seen: dict[Index, Bound] = {}
    for axis in axes:
        first = seen.setdefault(axis.index, axis)
        if not facts.same(axis.hi - axis.lo, first.hi - first.lo):
            raise ProgramError(f"{axis.index.name} has two lengths: {_shown((first,))} and {_shown((axis,))}")


def _equal(left: Axes, right: Axes, facts: Facts, what: str) -> None:
    if letters(left) != letters(right):
        raise ProgramError(f"{what} axes {_shown(left)} and {_shown(right)}")
    _agree((*left, *right), facts)


def _equal_length(one: Bound, two: Bound, facts: Facts) -> None:
    if not facts.same(one.hi - one.lo, two.hi - two.lo):
        raise ProgramError(f"{_shown((one,))} and {_shown((two,))} differ in length")


def _shown(axes: Axes) -> str:
    return "(" + ", ".join(f"{a.index.name}={render_affine(a.lo)}..{render_affine(a.hi)}" for a in axes) + ")"
