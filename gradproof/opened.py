"""Model files that were loaded while it was written down what they read, and their certificates put away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradproof import fingerprint, inputs, stored
from gradproof.load import Loaded, Place, load
from gradproof.road import Written  # and with it, before anybody listens, all that is not the model's
from gradproof.stored import Grounds, Now
from gradproof.terminal import console
from verify.certificate import Certificate


@dataclass(frozen=True)
class Opened:
    """The models of a file, and what loading it read: digests of files, places of modules, versions of libraries."""

    place: Place
    models: tuple[Loaded, ...]
    files: Mapping[str, str]
    modules: Mapping[str, str]
    versions: Mapping[str, str]


def open_file(where: Place) -> Opened:
    """Load a model file. ModelError if it has no model."""
    with inputs.heard() as paths:
        models = load(where)
    found, versions = inputs.contents(paths)
    root, own = stored.home(where), {**found, str(where.path): fingerprint.digest(where.path)}
    files = {stored.named(root, path): digest for path, digest in sorted(own.items())}
    modules = {top: stored.named(root, path) for top, path in inputs.modules().items()}
    return Opened(where, models, files, modules, versions)


def keep(opened: Opened, made: Sequence[tuple[Written, Certificate]], now: Now) -> None:
    """Keep the certificates of all models of a file; where that is not possible, say so."""
    generated = {f"{written.name}.py": fingerprint.digest_of(written.module_text) for written, _ in made}
    where = opened.place
    grounds = Grounds(where.source, opened.files, opened.modules, opened.versions, now.tool, now.options, generated)
    try:
        stored.write(where, grounds, [certificate for _, certificate in made], now)
    except OSError as error:
        console(error=True).print(f"the certificate of {where.source} is not kept: {error}", style="dim")
