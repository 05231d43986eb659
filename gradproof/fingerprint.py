"""What besides the model decides the outcome of a check: the text of this tool, and the versions that it runs on.

All of it is read from files; nothing is imported.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

ROOMS = ("derive", "codegen", "verify", "gradproof")
LIBRARIES = ("jinja2", "mpmath", "numpy", "python-flint", "scipy", "sympy")
PYTHON = "python"
ABSENT = ""


def digest(path: str | Path) -> str:
    """SHA-256 of the bytes of a file, ABSENT if there is no file that can be read."""
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except (OSError, ValueError):
        return ABSENT


def digest_of(text: str) -> str:
    """The digest of the file that a text would be."""
    return hashlib.sha256(text.encode()).hexdigest()


def found(name: str) -> str:
    """The file in which Python finds a top-level module now, as far as the names of files tell; ABSENT if nowhere."""
    names = (os.path.join(name, "__init__.py"), f"{name}.py")
    paths = (os.path.abspath(os.path.join(folder, n)) for folder in sys.path for n in names)
    return next((path for path in paths if os.path.isfile(path)), ABSENT)


def rooms() -> dict[str, str]:
    """The folders of this tool, by their names."""
    specs = {name: find_spec(name) for name in ROOMS}
    return {n: str(Path(s.origin).parent) for n, s in specs.items() if s is not None and s.origin is not None}


def sources() -> str:
    """Digest of every file of this tool, Python and templates, ABSENT if these are no files that can be read."""
    whole = hashlib.sha256()
    try:
        for name, folder in sorted(rooms().items()):
            for path in sorted(_files(folder)):
                whole.update(f"{name}{path.removeprefix(folder)}\0{digest(path)}\n".encode())
    except OSError:
        return ABSENT
    return whole.hexdigest()


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                yield entry.path
            elif entry.name != "__pycache__":
                yield from _files(entry.path)


def versions(libraries: Iterable[str] = LIBRARIES) -> Mapping[str, str]:
    """The versions of Python and of libraries, ABSENT for one that is not installed."""
    return {PYTHON: f"{sys.version} {sys.platform}", **{name: _version(name) for name in libraries}}


@cache
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT
