"""The keys that a function may look up in a dict: the strings in it and in what it calls in the same file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

MOST = 24


def keys_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The words among the strings of a function and of the functions and classes of its file that it names."""
    own = getattr(function, "__func__", function)
    if not isinstance(own, FunctionType):
        return ()
    waiting, seen, found = [own], set[CodeType](), dict[str, None]()
    while waiting:
        one = waiting.pop(0)
        for code in inner(one.__code__):
            if code in seen:
                continue
            seen.add(code)
            found |= dict.fromkeys(text for text in strings(code.co_consts) if text.isidentifier())
            waiting += [f for name in code.co_names for f in functions(one.__globals__.get(name), own)]
    return tuple(found)[:MOST]


def inner(code: CodeType) -> Iterator[CodeType]:
    """A piece of code and those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from inner(constant)


def strings(constants: tuple[Any, ...]) -> Iterator[str]:
    """Strings among constants, also in tuples."""
    for constant in constants:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from strings(constant)


def functions(value: Any, own: FunctionType) -> Iterator[FunctionType]:
    """The functions that a name stands for, if they are of the same file."""
    members = vars(value).values() if isinstance(value, type) else [value]
    for member in members:
        if isinstance(member, FunctionType) and member.__code__.co_filename == own.__code__.co_filename:
            yield member
