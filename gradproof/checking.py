"""`gradproof check`: a model whose certificate still holds is not verified again, and nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.files import drift
from gradproof import fingerprint, stored
from gradproof.choose import check_names, files
from gradproof.findings import Summary
from gradproof.load import Loaded, Place
from gradproof.stored import Grounds, Now
from gradproof.summaries import sources, summary

SAMPLE = "200"  # so many mutants are judged if nothing is said

if TYPE_CHECKING:
    from verify.certificate import Certificate


@dataclass(frozen=True)
class Opened:
    """The models of a file that was loaded, and what loading it read."""

    models: tuple[Loaded, ...]
    files: Mapping[str, str]
    versions: Mapping[str, str]


def certified(names: Sequence[str], generated: Path) -> tuple[Summary, ...]:
    """What certificates say about models; nothing if one of them has none that holds."""
    kept = _kept(names, _now(generated, SAMPLE))
    check_names(_names(kept))
    return tuple(s for where, found in kept.items() for s in _told(where, found)) if all(kept.values()) else ()


def check_models(names: Sequence[str], generated: Path, mutants: str, *, fresh: bool) -> Iterator[Summary]:
    """What is found about models, one by one; `fresh`: certificates that are stored do not count.

    So many `mutants` of the code are judged, or all of them.
    """
    now = _now(generated, mutants)
    kept = dict.fromkeys(files(names, drift.read(generated)), ()) if fresh else _kept(names, now)
    opened = {where: _open(where) for where, found in kept.items() if not found}
    loaded = ((model.name, where) for where, found in opened.items() for model in found.models)
    check_names(chain(_names(kept), loaded))
    for where, found in kept.items():
        yield from _told(where, found) if found else _verify(where, opened[where], now)


def _now(generated: Path, mutants: str) -> Now:
    return Now({"mutants": mutants}, generated, fingerprint.sources())


def _kept(names: Sequence[str], now: Now) -> dict[Place, tuple[Certificate, ...]]:
    """The certificates that hold, of every file that is asked for."""
    return {where: stored.read(where, now) for where in files(names, drift.read(now.generated))}


def _names(kept: Mapping[Place, Sequence[Certificate]]) -> Iterator[tuple[str, Place]]:
    return ((certificate.model, where) for where, found in kept.items() for certificate in found)


def _told(where: Place, found: Sequence[Certificate]) -> Iterator[Summary]:
    return (summary(certificate, where.source, stored=True) for certificate in found)


def _open(where: Place) -> Opened:
    """Load a model file. ModelError if it has no model."""
    import_module("gradproof.road")  # before anybody listens: what it imports is not the model's
    from gradproof import inputs
    from gradproof.load import load

    with inputs.heard() as paths:
        models = load(where)
    found, versions = inputs.contents(paths)
    root = stored.home(where)
    own = {str(where.path): fingerprint.digest(where.path), **found}
    return Opened(models, {stored.named(root, path): digest for path, digest in sorted(own.items())}, versions)


def _verify(where: Place, opened: Opened, now: Now) -> Iterator[Summary]:
    """Derive, generate and verify the models of a file, and keep their certificates."""
    from gradproof import road
    from gradproof.terminal import console, progress

    mutants = now.options["mutants"]
    most = None if mutants == "all" else int(mutants)
    made: dict[str, Certificate] = {}
    generated: dict[str, str] = {}
    for loaded in opened.models:
        with progress() as bar:
            bar.add_task(f"{loaded.name}: verify", total=None)
            written = road.generate(loaded, road.derive_model(loaded))
            made[loaded.name] = road.check(written, most)
        generated[f"{loaded.name}.py"] = fingerprint.digest_of(written.module_text)
        yield summary(made[loaded.name], where.source, sources(written.derivation))
    grounds = Grounds(where.source, opened.files, opened.versions, now.tool, now.options, generated)
    try:
        stored.write(where, grounds, tuple(made.values()), now)
    except OSError as error:
        console(error=True).print(f"the certificate of {where.source} is not kept: {error}", style="dim")
