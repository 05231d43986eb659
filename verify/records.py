"""Frozen records from JSON: every field there, none else, and every value of the type that the field declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

NUMBERS = {float: (int, float)}  # JSON has one kind of number


def record(kind: type, raw: Any) -> Any:
    """The record that `dataclasses.asdict` had made a mapping of. ValueError if it is none of that class."""
    hints = _hints(kind)
    if not isinstance(raw, Mapping) or set(raw) != set(hints):
        raise ValueError(f"this is no {kind.__name__}")
    return kind(**{name: value(hint, raw[name]) for name, hint in hints.items()})


def value(kind: Any, raw: Any) -> Any:
    """A value of a declared type: a record, a tuple or mapping of one type, something or None, or a plain value."""
    if is_dataclass(kind) and isinstance(kind, type):
        return record(kind, raw)
    if isinstance(kind, UnionType):
        (other,) = (k for k in get_args(kind) if k is not NoneType)
        return None if raw is None else value(other, raw)
    if get_origin(kind) is tuple and isinstance(raw, list):
        return tuple(value(get_args(kind)[0], item) for item in raw)
    if get_origin(kind) is Mapping and isinstance(raw, dict):
        return {str(key): value(get_args(kind)[1], item) for key, item in raw.items()}
    if kind not in (str, int, float, bool) or type(raw) not in NUMBERS.get(kind, (kind,)):
        raise ValueError(f"{raw!r} is no {kind}")
    return raw


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
