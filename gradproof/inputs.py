"""What a model is made of: every file that Python opened while it loaded the model, and every name that it looked for.

Files of Python itself and of installed libraries count by their versions, those of this tool by its own digest.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from importlib.util import source_from_cache
from typing import Any

from gradproof.fingerprint import LIBRARIES, digest, rooms, versions

INSTALLED = ("site-packages", "dist-packages")


class Ear:
    """Hears of every file that Python opens, and of every module that it looks for, while `heard` is a set."""

    def __init__(self) -> None:
        self.heard: set[str] | None = None
        self.before = frozenset(sys.modules)

    def listen(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook of Python. A module that is looked for is heard as the files that it may be, there or not."""
        if self.heard is None:
            return
        if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
            if not set("wax") & set(str(arguments[1] or "")):
                self.heard.add(os.path.abspath(os.fsdecode(arguments[0])))
        elif event == "import":
            if arguments[1]:  # a compiled module, opened by the system
                self.heard.add(os.path.abspath(arguments[1]))
            top = str(arguments[0]).partition(".")[0]
            for folder in map(os.path.abspath, arguments[2] or ()):
                if os.path.isdir(folder) and not _versioned(folder):
                    self.heard |= {os.path.join(folder, f"{top}.py"), os.path.join(folder, top, "__init__.py")}


@cache
def _ear() -> Ear:
    """The one ear of this process: an audit hook cannot be taken away."""
    ear = Ear()
    sys.addaudithook(ear.listen)
    return ear


@contextmanager
def heard() -> Iterator[set[str]]:
    """The set, complete at the end, of the files that are read meanwhile, or were by earlier models as modules."""
    ear, paths = _ear(), set[str]()
    ear.heard = paths
    try:
        yield paths
    finally:
        ear.heard = None
        paths |= set(_later().values())


def modules() -> Mapping[str, str]:
    """The files of top-level modules that models found on Python's path, if they belong to nothing with a version."""
    return {name: path for name, path in sorted(_later().items()) if "." not in name and not _versioned(path)}


def _later() -> dict[str, str]:
    """The files of modules that are there since the first model was loaded."""
    before = _ear().before
    files = ((n, getattr(module, "__file__", None)) for n, module in list(sys.modules.items()) if n not in before)
    return {name: os.path.abspath(file) for name, file in files if file}


def contents(paths: Iterable[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Digests of the files that belong to nothing that has a version, and versions of what the others belong to."""
    own = {_source(path) for path in paths}
    tops = {path: top for path in own if (top := _top(path))}
    known = metadata.packages_distributions() if tops else {}
    names = {name for top in tops.values() for name in known.get(top, ())}
    free = (path for path in own if not _versioned(path) or (path in tops and tops[path] not in known))
    return {path: digest(path) for path in sorted(free)}, versions(sorted({*LIBRARIES, *names}))


def _source(path: str) -> str:
    """The source of a compiled file, any other file itself."""
    try:
        return source_from_cache(path) if path.endswith(".pyc") else path
    except ValueError:
        return path


def _top(path: str) -> str:
    """The top-level name of an installed module, "" for other files."""
    parts = path.split(os.sep)
    at = next((n for n, part in enumerate(parts) if part in INSTALLED), len(parts))
    return parts[at + 1].partition(".")[0] if at + 1 < len(parts) else ""


def _versioned(path: str) -> bool:
    """Is this a folder or file of Python, of a library, or of this tool?"""
    return bool(set(path.split(os.sep)) & set(INSTALLED)) or path.startswith(_homes())


@cache
def _homes() -> tuple[str, ...]:
    """The folders of Python and of this tool."""
    homes = (*(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib")), *rooms().values())
    return tuple(os.path.join(home, "") for home in homes)
