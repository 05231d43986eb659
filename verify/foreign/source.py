"""Foreign functions on balls: the same text, compiled once more in a namespace where numbers do not become floats.

Only what a file defines is compiled again (functions and classes, those under conditions too, constants of literals);
nothing else of it is run twice.
"""

from __future__ import annotations

import copy
import inspect
import linecache
import math
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from verify.foreign.exact import OWN, rounded_constant
from verify.foreign.linalg_on_balls import NUMPY_LINALG, SCIPY_LINALG
from verify.foreign.numpy_on_balls import REPLACED, SPECIAL, UNIT, Constants, Namespace
from verify.foreign.texts import (
    closure,
    definitions,
    exact_definitions,
    exact_inner,
    inner_definition,
    lines_of,
    names_in,
    place_of,
    plain,
    written,
)
from verify.run import Scalars
from verify.special import ON_BALLS

BLACK_BOX = "black_box"  # an attribute of a function that says why it cannot run on balls
NUMPY = Constants(np, {**REPLACED, "linalg": Namespace(np.linalg, NUMPY_LINALG)})
LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


class NotOnBalls(Exception):
    """Why a function cannot be run on balls."""


def on_balls(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for arrays of balls. NotOnBalls if its text is not at hand."""
    if reason := getattr(function, BLACK_BOX, ""):
        raise NotOnBalls(reason)
    if isinstance(function, partial):
        return partial(on_balls(function.func), *function.args, **function.keywords)
    found: Callable[..., Any] = Files().function(function)
    return found


@dataclass
class Files:
    """The namespaces that were compiled again, by the names of their files."""

    spaces: dict[str, dict[str, Any]] = field(default_factory=dict)

    def function(self, function: Any) -> Any:
        """A function, a method, or an object that can be called, in its new namespace."""
        if isinstance(function, MethodType):
            return getattr(self.instance(function.__self__), function.__name__)
        if not isinstance(function, FunctionType):
            return self.instance(function)
        text, name = source_of(function), function.__name__
        renamed = function.__code__.co_qualname == name and function.__globals__.get(name) is not function
        if "." in function.__qualname__ or renamed:
            return self.nested(function, text)
        file = function.__code__.co_filename
        found = self.space(function.__globals__, file, text, {name}).get(name)
        if not isinstance(found, FunctionType):
            raise NotOnBalls(f"{name} is no def")
        return found

    def instance(self, owner: Any) -> Any:
        """A copy of an object whose class is the one compiled again."""
        own = type(owner)
        module, file = inspect.getmodule(own), inspect.getsourcefile(own) if own.__module__ != "builtins" else None
        if module is None or file is None or "." in own.__qualname__ or isinstance(owner, type):
            raise NotOnBalls(f"{own.__name__} has no text of its own")
        space = self.space(vars(module), file, text_of(file), {own.__name__})
        if space.get(own.__name__) in (None, own):
            raise NotOnBalls(f"{own.__name__} has no text of its own")
        made = copy.copy(owner)
        made.__class__ = space[own.__name__]
        return made

    def nested(self, function: FunctionType, text: str) -> Any:
        """A function inside a function, with what it sees there."""
        code = function.__code__
        node = inner_definition(text, code.co_firstlineno)
        if node is None:
            raise NotOnBalls(f"{function.__name__} is no def")
        cells = function.__closure__ or ()
        try:
            seen = {n: c.cell_contents for n, c in zip(code.co_freevars, cells, strict=True)}
        except ValueError:
            raise NotOnBalls(f"{function.__name__} sees a name that has no value yet") from None
        own = {name: self.replaced(value) for name, value in seen.items() if value is not function}
        inner = {**self.space(function.__globals__, code.co_filename, text, names_in(node)), **own}
        exec(exact_inner(text, code.co_filename, code.co_firstlineno), inner)
        made = inner[node.name]
        made.__defaults__, made.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
        return made

    def space(self, live: dict[str, Any], file: str, text: str, wanted: set[str]) -> dict[str, Any]:
        """The namespace of a file with the wanted names and all that these need: its own definitions compiled again."""
        space = self.spaces.setdefault(file, {"__name__": live.get("__name__", ""), **OWN})
        own = definitions(text)
        needed = {name for name in closure(text, frozenset(wanted)) if name not in space}
        for name in sorted(needed - set(own)):
            if name in live:
                space[name] = self.replaced(live[name])
        exec(exact_definitions(text, file, lines_of(text, live, needed & set(own))), space)
        return space

    def replaced(self, value: Any) -> Any:
        """What a name of the file means for balls."""
        if value is np:
            return NUMPY
        if value is math:
            return Mathematics()
        if isinstance(value, ModuleType):
            return self.module(value)
        if isinstance(value, FunctionType) and is_own(value.__code__.co_filename):
            try:
                return self.function(value)
            except (NotOnBalls, RecursionError):
                return value
        name = getattr(value, "__name__", "")
        home = str(getattr(value, "__module__", ""))
        if name in SPECIAL and home.startswith("scipy"):
            return SPECIAL[name]
        if name in SCIPY_LINALG and home.startswith("scipy.linalg"):
            return SCIPY_LINALG[name]
        if name in NUMPY_LINALG and home.startswith("numpy.linalg"):
            return NUMPY_LINALG[name]
        if isinstance(value, np.ufunc) and getattr(np, name, None) is not value:
            return {**ON_BALLS, **SPECIAL}.get(name, value)
        if name and getattr(np, name, None) is value:
            return getattr(NUMPY, name)
        if name and getattr(math, name, None) is value:
            return getattr(Mathematics(), name)
        return rounded_constant(value) if isinstance(value, float) else value

    def module(self, module: ModuleType) -> Any:
        """A module that the file imports."""
        if module is np.linalg:
            return NUMPY.linalg
        if module.__name__ == "scipy":
            parts = {name: getattr(module, name) for name in ("special", "linalg") if name in vars(module)}
            return Namespace(module, {name: self.module(part) for name, part in parts.items()})
        if module.__name__ == "scipy.special":
            return Namespace(module, {**ON_BALLS, **SPECIAL})
        if module.__name__ == "scipy.linalg":
            return Namespace(module, SCIPY_LINALG)
        file = getattr(module, "__file__", None)
        if not file or not is_own(file):
            return module
        return Imported(module, self)


@dataclass(frozen=True)
class Imported:
    """A module of the user's: what is taken from it is made for balls then."""

    module: ModuleType
    files: Files

    def __getattr__(self, name: str) -> Any:
        return self.files.replaced(getattr(self.module, name))


class Mathematics:
    """`math` on balls of the kind that is travelling."""

    def __getattr__(self, name: str) -> Any:
        scalars = Scalars(UNIT.get())
        if name in ("isnan", "isinf", "isfinite"):
            return lambda value: name == "isfinite"
        if name == "inf" or not hasattr(math, name):
            return getattr(math, name)
        if name in ("pi", "e"):
            return getattr(scalars, name)
        if name in ("floor", "ceil", "comb", "factorial", "gcd", "isqrt", "prod"):
            return getattr(math, name)
        return getattr(scalars, name)


def is_own(file: str) -> bool:
    """Is it a file of the user's, and not of a library?"""
    return not file.startswith("<frozen") and not any(Path(file).is_relative_to(folder) for folder in LIBRARIES)


def text_of(file: str) -> str:
    """The text of a file."""
    lines = linecache.getlines(file)
    if not lines:
        raise NotOnBalls("its source text is not at hand")
    return "".join(lines)


def source_of(function: FunctionType) -> str:
    """The text of the file of a function, if what runs is what is written there."""
    code = function.__code__
    text = text_of(code.co_filename)
    if not any(c.co_code == code.co_code and plain(c) == plain(code) for c in written(text).get(place_of(code), ())):
        raise NotOnBalls("its source text is not what runs")
    return text
