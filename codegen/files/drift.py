"""Drift: how the files under `generated/` differ from what the equations say now, and putting it right.

A stored file is read, never imported. One that differs from what its model gives now is STALE if it is as it was
generated, and EDITED if somebody changed it since.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.files import manifest
from codegen.files.manifest import Entry, sha256
from codegen.files.write import write_if_changed

if TYPE_CHECKING:
    from derive.system import System

MARK = "gradproof"


class State(StrEnum):
    """What is wrong with a file."""

    MISSING = "MISSING"
    STALE = "STALE"
    EDITED = "EDITED"
    ORPHAN = "ORPHAN"


@dataclass(frozen=True)
class Wanted:
    """What one model gives now: its entry in the manifest, and its files by name."""

    system: System
    entry: Entry
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """One file that is not as it should be; `details` say why, `wanted` is "" where no file should be."""

    state: State
    path: Path
    details: tuple[str, ...]
    stored: str
    wanted: str

    def diff(self) -> str:
        """Unified difference from what is stored to what is wanted."""
        old, new = (text.splitlines(keepends=True) for text in (self.stored, self.wanted))
        return "".join(difflib.unified_diff(old, new, f"{self.path} (stored)", f"{self.path} (from the equations)"))


@dataclass(frozen=True)
class Stored:
    """What is on disk. `entries` is None if the manifest cannot be read."""

    folder: Path
    text: str | None
    entries: Mapping[str, Entry] | None


def read(folder: Path) -> Stored:
    """The manifest of a folder of generated files; a folder without one has no entries."""
    text = _text(folder / manifest.NAME)
    if text is None:
        return Stored(folder, None, {})
    try:
        return Stored(folder, text, manifest.load(text))
    except ValueError:
        return Stored(folder, text, None)


def compare(stored: Stored, wanted: Sequence[Wanted], *, whole: bool) -> tuple[Finding, ...]:
    """Every file that is missing, stale, edited or orphaned; `whole`: `wanted` are all models of the project."""
    found: list[Finding] = []
    entries = stored.entries or {}
    for model in wanted:
        old = entries.get(model.system.name)
        for name, text in sorted(model.texts.items()):
            found += _compare_file(stored.folder / name, text, old, model)
    if whole:
        found += _orphans(stored, wanted)
    return (*found, *_compare_manifest(stored, wanted, whole))


def write(stored: Stored, wanted: Sequence[Wanted], found: Iterable[Finding], *, whole: bool) -> tuple[Path, ...]:
    """Make the folder agree with `wanted`, edited files included; the paths that were written or removed."""
    changed = [f.path for f in found if not f.wanted]
    for path in changed:
        path.unlink()
    for model in wanted:
        changed += [p for n, t in sorted(model.texts.items()) if write_if_changed(p := stored.folder / n, t)]
    path = stored.folder / manifest.NAME
    if write_if_changed(path, _manifest(stored, wanted, whole)):
        changed.append(path)
    return tuple(changed)


def _compare_file(path: Path, wanted: str, old: Entry | None, model: Wanted) -> list[Finding]:
    stored = _text(path)
    if stored is None:
        return [Finding(State.MISSING, path, (), "", wanted)]
    if stored == wanted:
        return []
    if old is None or path.name not in old.files:
        return [Finding(State.EDITED, path, ("no record says that gradproof wrote it",), stored, wanted)]
    why = tuple(changes(old, model))
    if sha256(stored) != old.files[path.name]:
        return [Finding(State.EDITED, path, ("changed by hand since it was generated", *why), stored, wanted)]
    same = "its equations are unchanged; gradproof writes them differently now"
    return [Finding(State.STALE, path, why or (same,), stored, wanted)]


def changes(old: Entry, model: Wanted) -> list[str]:
    """What changed in a model file since it was generated, and which derived equations follow."""
    new, lines = model.entry, []
    where = {e.id: f" ({e.source.file}:{e.source.line})" for e in (*model.system.equations, model.system.objective)}
    for ident in [*new.equations, *(k for k in old.equations if k not in new.equations)]:
        before, after = old.equations.get(ident), new.equations.get(ident)
        if before and after and before.digest == after.digest:
            continue
        verb = "changed" if before and after else "is new" if after else "is gone"
        lines.append(f"{ident} {verb}{where.get(ident, '')}; {_follow(old, new, ident)}")
    named = [k for k in sorted({*old.declared, *new.declared}) if old.declared.get(k) != new.declared.get(k)]
    if named:
        lines.append(f"declared otherwise: {', '.join(named)}")
    return lines


def _follow(old: Entry, new: Entry, ident: str) -> str:
    side = new if ident in new.equations else old
    named = sorted((not side.derived[a].name, side.derived[a].name, a) for a in side.equations[ident].followed_by)
    names = [f"{name} ({a})" if name else a for _, name, a in named]
    return f"follows: {', '.join(names)}" if names else "nothing derived follows from it"


def _orphans(stored: Stored, wanted: Sequence[Wanted]) -> list[Finding]:
    kept = {name for model in wanted for name in model.texts}
    recorded = {name: e for e in (stored.entries or {}).values() for name in e.files}
    found = []
    for path in sorted((*stored.folder.glob("*.py"), *stored.folder.glob("*.tex"))):
        text = _text(path)
        if path.name in kept or text is None:
            continue
        if path.name in recorded:
            was = recorded[path.name]
            touched = sha256(text) != was.files[path.name]
            why = f"its model {was.source} is gone" + ("; changed by hand since it was generated" if touched else "")
            found.append(Finding(State.EDITED if touched else State.ORPHAN, path, (why,), text, ""))
        elif MARK in "".join(text.splitlines()[:3]):
            found.append(Finding(State.ORPHAN, path, ("no model gives it",), text, ""))
    return found


def _compare_manifest(stored: Stored, wanted: Sequence[Wanted], whole: bool) -> list[Finding]:
    path, text = stored.folder / manifest.NAME, _manifest(stored, wanted, whole)
    if stored.text == text:
        return []
    if stored.text is None:
        return [Finding(State.MISSING, path, (), "", text)]
    if stored.entries is None:
        return [Finding(State.EDITED, path, ("it cannot be read",), stored.text, text)]
    return [Finding(State.STALE, path, ("it describes other equations or files",), stored.text, text)]


def _manifest(stored: Stored, wanted: Sequence[Wanted], whole: bool) -> str:
    others = {} if whole else dict(stored.entries or {})
    return manifest.dump({**others, **{w.system.name: w.entry for w in wanted}})


def _text(path: Path) -> str | None:
    """The text of a file with LF line ends, None if there is no file."""
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n") if path.is_file() else None
