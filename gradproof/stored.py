"""Certificates that are kept: `build/certificates/` of a project holds one for every model file that was found good.

A certificate says what it rests on: everything that loading the model read, the text of this tool, the versions of
Python and of the libraries, and the generated code. It counts only while all of that is as it was. One that cannot be
read, that is about something else, or that is not good, does not count.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gradproof import fingerprint
from gradproof.load import Place, project
from verify.certificate import Certificate
from verify.records import record

FORM = 1
PLACE = Path("build", "certificates")


@dataclass(frozen=True)
class Now:
    """What a command asks for: the options of a check, the folder of generated code, and the digest of this tool."""

    options: Mapping[str, str]
    generated: Path
    tool: str


@dataclass(frozen=True)
class Grounds:
    """What the outcome of a check rests on.

    `files` are digests of what loading the model read, by paths from the project's folder on; `modules` are the files
    of modules that were found on Python's path; `tool` is the digest of this tool, `options` are those of the check;
    `generated` are digests of the modules that were checked, by file name.
    """

    source: str
    files: Mapping[str, str]
    modules: Mapping[str, str]
    versions: Mapping[str, str]
    tool: str
    options: Mapping[str, str]
    generated: Mapping[str, str]

    def hold(self, where: Place, now: Now) -> bool:
        """Is everything as it was? A generated module that is not in the folder was not changed."""
        root, libraries = home(where), sorted(set(self.versions) - {fingerprint.PYTHON})
        return (
            self.source == where.source
            and named(root, str(where.path)) in self.files
            and self.options == now.options
            and set(fingerprint.LIBRARIES) <= set(libraries)
            and all(fingerprint.digest(root / path) == digest for path, digest in self.files.items())
            and all(fingerprint.found(name) == str(root / path) for name, path in self.modules.items())
            and all(fingerprint.digest(now.generated / n) in (d, fingerprint.ABSENT) for n, d in self.generated.items())
            and self.tool == now.tool != fingerprint.ABSENT
            and self.versions == fingerprint.versions(libraries)
        )


@dataclass(frozen=True)
class Kept:
    """What is stored: certificates of all models of one file, and what they rest on."""

    form: int
    grounds: Grounds
    certificates: tuple[Certificate, ...]


def home(where: Place) -> Path:
    """The project that a model belongs to; a model that comes with this tool belongs to the one that is worked in."""
    ours = str(where.path).startswith(os.path.join(fingerprint.rooms()["derive"], ""))
    return project(Path.cwd() if ours else where.path.parent) or Path.cwd()


def named(root: Path, path: str) -> str:
    """A path from the folder of the project on, if it lies there."""
    return Path(path).relative_to(root).as_posix() if Path(path).is_relative_to(root) else path


def path_of(where: Place) -> Path:
    """Where the certificate of a model file is kept."""
    return (home(where) / PLACE / where.source).with_suffix(".json")


def read(where: Place, now: Now) -> tuple[Certificate, ...]:
    """The certificates of a model file that still hold; none if one of them does not."""
    try:
        content = json.loads(path_of(where).read_bytes())
        seal = content.pop("seal")
        kept: Kept = record(Kept, content)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return ()
    good = seal == _seal(content) and kept.form == FORM and all(c.good for c in kept.certificates)
    return kept.certificates if good and kept.grounds.hold(where, now) else ()


def write(where: Place, grounds: Grounds, certificates: Sequence[Certificate], now: Now) -> None:
    """Keep certificates, if all are good and nothing changed while they were made; else there is none.

    OSError if the folder cannot be written.
    """
    from codegen.files.write import write_if_changed

    path, now = path_of(where), replace(now, tool=fingerprint.sources())
    if not all(c.good for c in certificates) or not grounds.hold(where, now):
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
        return
    content = asdict(Kept(FORM, grounds, tuple(certificates)))
    text = json.dumps({**content, "seal": _seal(content)}, indent=1, sort_keys=True, ensure_ascii=False)
    write_if_changed(path, text + "\n")
    write_if_changed(home(where) / PLACE / ".gitignore", "*\n")


def _seal(content: object) -> str:
    """Digest of everything that is stored: a text that was cut or changed is none. It is no signature."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
