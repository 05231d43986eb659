"""`generated/manifest.json`: which equations each generated file was made from, and what follows from them.

Reading it needs no SymPy. The digests are taken by `codegen.files.meaning`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NAME = "manifest.json"


@dataclass(frozen=True)
class Given:
    """An equation of the model: digest of its meaning, and the derived equations that follow from it."""

    digest: str
    followed_by: tuple[str, ...]


@dataclass(frozen=True)
class Derived:
    """An adjoint equation: digest of its formula, and its textbook name if it has one."""

    digest: str
    name: str


@dataclass(frozen=True)
class Entry:
    """One model of the manifest. `declared` are digests of everything in the model file that is no equation."""

    source: str
    digest: str
    declared: Mapping[str, str]
    equations: Mapping[str, Given]
    derived: Mapping[str, Derived]
    files: Mapping[str, str]


def sha256(text: str) -> str:
    """Hexadecimal digest of a text; line ends of a Windows checkout do not count."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode("utf-8")).hexdigest()


def dump(entries: Mapping[str, Entry]) -> str:
    """The text of the manifest: sorted, one fact a line."""
    return json.dumps({"models": {name: asdict(e) for name, e in entries.items()}}, indent=2, sort_keys=True) + "\n"


def load(text: str) -> dict[str, Entry]:
    """The entries of a manifest's text. ValueError if it is none (a merge conflict, another program's file)."""
    try:
        return {str(name): _entry(raw) for name, raw in json.loads(text)["models"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no manifest: {error!r}") from None


def _entry(raw: Mapping[str, Any]) -> Entry:
    return Entry(
        str(raw["source"]),
        str(raw["digest"]),
        dict(raw["declared"]),
        {k: Given(str(v["digest"]), tuple(v["followed_by"])) for k, v in raw["equations"].items()},
        {k: Derived(str(v["digest"]), str(v["name"])) for k, v in raw["derived"].items()},
        dict(raw["files"]),
    )
