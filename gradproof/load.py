"""Finding models: the shipped ones by name, a user's own by file. Importing this module does not import SymPy."""

from __future__ import annotations

import difflib
import linecache
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derive import Model, ModelError, System


class UsageError(Exception):
    """The command line asks for something that is not there; the message says what there is."""


@dataclass(frozen=True)
class Place:
    """A model file: where it is, and `source`, its path as printed in generated files."""

    path: Path
    source: str


@dataclass(frozen=True)
class Loaded:
    """A model, or what `derive.higher` made of one, and the file that it came from."""

    model: Model | System
    place: Place

    @property
    def name(self) -> str:
        return self.model.name


def shipped() -> dict[str, Place]:
    """The models that come with gradproof, by name."""
    spec = find_spec("derive")
    folders = [Path(p) / "models" for p in (spec.submodule_search_locations if spec else None) or ()]
    files = sorted(f for folder in folders for f in folder.glob("*.py") if f.stem != "__init__")
    return {f.stem: Place(f, f"derive/models/{f.name}") for f in files}


def find(name: str) -> Place:
    """The file of a shipped model's name, or of a path to a .py file. UsageError if there is neither."""
    known = shipped()
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix == ".py":
        if not path.is_file():
            raise UsageError(f"there is no file {name}")
        return place(path)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"there is no model {name}: {hint}shipped models are {', '.join(known)}; "
        f"a model of your own is given by its file, {path.name}.py"
    )


def place(path: Path) -> Place:
    """A model file, its path taken from the project that it lies in, else from the working directory."""
    path = path.resolve()
    own = next((p for p in shipped().values() if p.path.resolve() == path), None)
    root = project(path.parent) or Path.cwd()
    return own or Place(path, path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name)


def project(folder: Path) -> Path | None:
    """The nearest folder, upwards, with a pyproject.toml or .git."""
    folder = folder.resolve()
    marked = (f for f in (folder, *folder.parents) if (f / "pyproject.toml").is_file() or (f / ".git").exists())
    return next(marked, None)


def load(where: Place) -> tuple[Loaded, ...]:
    """Run a model file; its models in written order. ModelError, with the line, if it raises or has none."""
    from derive import Model, ModelError, System

    with running(where) as module:
        values = tuple(vars(module).values())
    models = {id(v.system if isinstance(v, Model) else v): v for v in values if isinstance(v, (Model, System))}
    own = [m for m in models.values() if Path(m.file) == where.path] or list(models.values())
    if not own:
        raise ModelError(f"{where.path.name} defines no model", fix='with Model("name") as model: ...')
    names = [m.name for m in own]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice:
        raise ModelError(f"{where.path.name} defines two models called {twice}", fix="give one of them another name")
    return tuple(Loaded(model, where) for model in own)


@contextmanager
def running(where: Place) -> Iterator[ModuleType]:
    """Run a file; within, what it defines can be called and may import its neighbours. ModelError if it raises."""
    module = ModuleType(f"_model_{where.path.stem}")
    module.__file__ = str(where.path)
    linecache.checkcache(str(where.path))
    with _aside(module, where.path.parent):
        try:
            text = where.path.read_bytes()
            exec(compile(text, str(where.path), "exec"), module.__dict__)
        except (Exception, SystemExit) as error:
            raise explained(error, where) from None
        yield module


@contextmanager
def _aside(module: ModuleType, folder: Path) -> Iterator[None]:
    """Let a model file import its neighbours while it runs, and leave no trace of it."""
    before, path = set(sys.modules), list(sys.path)
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            top = name.partition(".")[0]
            if name == module.__name__ or (top not in before and Path(file).is_relative_to(folder)):
                del sys.modules[name]


def explained(error: BaseException, where: Place) -> ModelError:
    """Whatever a file raised, as a ModelError at the line of that file."""
    from derive import ModelError
    from derive.errors import Source

    file = str(where.path)
    if isinstance(error, SyntaxError) and error.filename == file:
        return ModelError(error.msg, source=Source(where.path.name, error.lineno or 1, (error.text or "").strip()))
    lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    source = Source(where.path.name, lines[-1].lineno or 1, lines[-1].line or "") if lines else None
    if isinstance(error, ModelError):
        return error.at(source) if source else error
    return ModelError(f"{type(error).__name__}: {error}", source=source)
