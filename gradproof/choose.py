"""Which models a command is about: those named, or all of the project that the folder of generated files belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen.files.drift import Stored
from gradproof.load import Loaded, Place, UsageError, find, load, place, project, shipped

GENERATED = Path("generated")


@dataclass(frozen=True)
class Choice:
    """The models of a command; `whole` if they are all models of the project."""

    models: tuple[Loaded, ...]
    whole: bool


def choose(names: Sequence[str], stored: Stored, loader: Callable[[Place], tuple[Loaded, ...]] = load) -> Choice:
    """The named models, or without names all of them. UsageError or ModelError if one cannot be had."""
    models = tuple(model for where in files(names, stored) for model in loader(where))
    check_names((model.name, model.place) for model in models)
    return Choice(models, not names)


def files(names: Sequence[str], stored: Stored) -> tuple[Place, ...]:
    """The files of the named models, or without names of all models; none is read. UsageError if there is none."""
    return tuple(dict.fromkeys([find(n) for n in names] if names else _all(stored)))


def _all(stored: Stored) -> list[Place]:
    """The shipped models in their own project or where nothing is recorded; elsewhere the recorded ones."""
    known = {p.source: p for p in shipped().values()}
    sources = sorted({e.source for e in (stored.entries or {}).values()})
    at_home = any(p.path.is_relative_to(_root(stored) / "derive") for p in known.values())
    own = [place(_root(stored) / s) for s in sources if s not in known and _exists(s, stored)]
    return [*(p for s, p in known.items() if at_home or not sources or s in sources), *own]


def _root(stored: Stored) -> Path:
    """The folder that recorded sources start from."""
    return project(stored.folder.parent) or stored.folder.resolve().parent


def _exists(source: str, stored: Stored) -> bool:
    return any(p.source == source for p in shipped().values()) or (_root(stored) / source).is_file()


def check_names(models: Iterable[tuple[str, Place]]) -> None:
    """UsageError if two models of different files have one name."""
    seen: dict[str, Place] = {}
    for name, where in models:
        other = seen.setdefault(name, where)
        if other != where:
            raise UsageError(
                f"two models are called {name}: in {other.source} and {where.source}; give one of them another name"
            )


def check_owner(models: Iterable[Loaded], stored: Stored) -> None:
    """UsageError if a model would replace the generated files of another one with the same name."""
    for model in models:
        entry = (stored.entries or {}).get(model.name)
        if entry and entry.source != model.place.source and _exists(entry.source, stored):
            raise UsageError(
                f"{stored.folder.name}/{model.name}.py belongs to {entry.source}; give the model in "
                f"{model.place.source} another name, or write elsewhere with --out, or use --force"
            )
