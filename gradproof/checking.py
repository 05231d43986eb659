"""`gradproof check`: a model whose certificate still holds is not verified again, and nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.files import drift
from gradproof import fingerprint, stored
from gradproof.choose import check_names, files
from gradproof.findings import Summary
from gradproof.load import Place
from gradproof.stored import Now
from gradproof.summaries import sources, summary

MUTANTS = "mutants"
SAMPLE = "200"  # so many mutants are judged if nothing is said

if TYPE_CHECKING:
    from gradproof.opened import Opened
    from verify.certificate import Certificate


def certified(names: Sequence[str], generated: Path) -> tuple[Summary, ...]:
    """What certificates say about models; nothing if one of them has none that holds."""
    kept = _kept(names, asked(generated, SAMPLE))
    check_names(_names(kept))
    return tuple(s for where, found in kept.items() for s in _told(where, found)) if all(kept.values()) else ()


def check_models(names: Sequence[str], generated: Path, mutants: str, *, fresh: bool) -> Iterator[Summary]:
    """What is found about models, one by one; `fresh`: certificates that are stored do not count.

    So many `mutants` of the code are judged, or all of them.
    """
    now = asked(generated, mutants)
    kept = dict.fromkeys(files(names, drift.read(generated)), ()) if fresh else _kept(names, now)
    opened = {where: _open(where) for where, found in kept.items() if not found}
    loaded = ((model.name, where) for where, found in opened.items() for model in found.models)
    check_names(chain(_names(kept), loaded))
    for where, found in kept.items():
        yield from _told(where, found) if found else _verify(opened[where], now)


def _open(where: Place) -> Opened:
    from gradproof.opened import open_file

    return open_file(where)


def asked(generated: Path, mutants: str) -> Now:
    """What a check asks for, and the tool that it is asked of."""
    return Now({MUTANTS: mutants}, generated, fingerprint.sources())


def _kept(names: Sequence[str], now: Now) -> dict[Place, tuple[Certificate, ...]]:
    """The certificates that hold, of every file that is asked for."""
    return {where: stored.read(where, now) for where in files(names, drift.read(now.generated))}


def _names(kept: Mapping[Place, Sequence[Certificate]]) -> Iterator[tuple[str, Place]]:
    return ((certificate.model, where) for where, found in kept.items() for certificate in found)


def _told(where: Place, found: Sequence[Certificate]) -> Iterator[Summary]:
    return (summary(certificate, where.source, stored=True) for certificate in found)


def _verify(opened: Opened, now: Now) -> Iterator[Summary]:
    """Derive, generate and verify the models of a file, and keep their certificates."""
    from gradproof import road
    from gradproof.opened import keep
    from gradproof.terminal import progress

    made = []
    for loaded in opened.models:
        with progress() as bar:
            bar.add_task(f"{loaded.name}: verify", total=None)
            written = road.generate(loaded, road.derive_model(loaded))
            made.append((written, road.check(written, most(now.options[MUTANTS]))))
        yield summary(made[-1][1], opened.place.source, sources(written.derivation))
    keep(opened, made, now)


def most(mutants: str) -> int | None:
    """How many mutants are judged, None for all."""
    return None if mutants == "all" else int(mutants)
