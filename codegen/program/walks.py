"""Walks over the array program: the values inside a value, the assignments inside loops."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.program.array import (
    CHOICE,
    Assign,
    Contract,
    Cumulative,
    Formal,
    Gather,
    Line,
    Linear,
    Map,
    Opaque,
    Places,
    Read,
    Reduce,
    Repeat,
    Scatter,
    Shifted,
    Total,
    Turn,
    Value,
    When,
)


def parts(value: Value) -> tuple[Value, ...]:
    """The values directly inside."""
    if isinstance(value, (Map, Opaque, Linear)):
        return value.args
    if isinstance(value, (Turn, Reduce, Shifted, Cumulative)):
        return (value.value,)
    if isinstance(value, Scatter):
        return (value.index, value.value)
    if isinstance(value, When):
        return (*value.tests, value.value)
    if isinstance(value, Gather):
        return (value.index,)
    if isinstance(value, Contract):
        return (value.left, value.right)
    return (value.body,) if isinstance(value, Total) else ()


def values(value: Value) -> Iterator[Value]:
    """The value and everything inside it."""
    yield value
    for part in parts(value):
        yield from values(part)


def is_untyped(value: Value) -> bool:
    """Is it made of numbers and sizes alone? Such a value does not have the type of the arrays of itself."""
    if isinstance(value, Map) and value.op == CHOICE:
        return all(map(is_untyped, value.args[1:]))
    if isinstance(value, (Read, Formal, Opaque, Linear, Scatter, Places)) or (
        isinstance(value, Map) and value.op == "typed"
    ):
        return False
    return all(map(is_untyped, parts(value)))


def assigns(lines: tuple[Line, ...], loops: tuple[Repeat, ...] = ()) -> Iterator[tuple[Assign, tuple[Repeat, ...]]]:
    """Every assignment with the loops around it, outermost first."""
    for line in lines:
        if isinstance(line, Assign):
            yield line, loops
        else:
            yield from assigns(line.body, (*loops, line))
