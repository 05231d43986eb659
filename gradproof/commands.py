"""What each command does. Every function prints, and returns an exit code: 0 good, 1 findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from codegen.files import drift
from codegen.files.drift import Finding, State
from gradproof import show
from gradproof.checking import SAMPLE, asked, most
from gradproof.choose import Choice, check_owner, choose
from gradproof.findings import FINDINGS, GOOD, exit_code
from gradproof.formats import Format
from gradproof.formats import show as show_findings
from gradproof.load import Loaded, Place, UsageError, find, load
from gradproof.summaries import drifted
from gradproof.terminal import console, progress

if TYPE_CHECKING:
    from gradproof import road


def derive(name: str, equation: str | None) -> int:
    """Print the derivation of a model, or of one derived equation."""
    from derive import derive as derive_system

    screen = console()
    for loaded in load(find(name)):
        made = derive_system(loaded.model)
        chosen = show.with_lemmas(made, made[equation]) if equation else made.adjoints
        screen.print(Text(f"{made.system.name}: {made.system.title}", style="bold"))
        screen.print(show.equations(made.system), "", show.derivation(made, chosen))
    return GOOD


def check_drift(names: Sequence[str], out: Path, form: Format, *, diff: bool) -> int:
    """Compare the stored files with what the equations give now; nothing is written."""
    stored = drift.read(out)
    choice = choose(names, stored)
    wanted = [w.wanted for w in _written(choice.models)]
    found = drift.compare(stored, wanted, whole=choice.whole)
    if form is not Format.TEXT:
        return show_findings([drifted(out, wanted, found)], form)
    screen = console()
    if not found:
        screen.print(f"{out}: up to date ({_count(len(wanted), 'model')})")
        return GOOD
    screen.print(show.findings(found, diff=diff), soft_wrap=True)
    screen.print(f"{_count(len(found), 'file')} to look at; [bold]{_remedy(names, out, found)}[/bold]")
    return FINDINGS


def generate(names: Sequence[str], out: Path, *, force: bool) -> int:
    """Write the generated files of the models; refuse to overwrite what was edited by hand."""
    stored = drift.read(out)
    choice = choose(names, stored)
    if not force:
        check_owner(choice.models, stored)
    return _store(names, out, stored, choice, _written(choice.models), force=force)


def build(names: Sequence[str], out: Path, folder: Path, *, force: bool) -> int:
    """Derive, generate, verify and report the models; a closing table."""
    from gradproof import road
    from gradproof.opened import Opened, keep, open_file
    from gradproof.verdicts import closing, publish

    opened: dict[Place, Opened] = {}

    def loader(where: Place) -> tuple[Loaded, ...]:
        opened[where] = open_file(where)
        return opened[where].models

    stored, now = drift.read(out), asked(out, SAMPLE)
    choice = choose(names, stored, loader)
    if not force:
        check_owner(choice.models, stored)
    made, rows = [], []
    with progress() as bar:
        task = bar.add_task("", total=3 * len(choice.models))
        written = []
        for loaded in choice.models:
            bar.update(task, description=f"{loaded.name}: derive and generate")
            written.append(road.generate(loaded, road.derive_model(loaded)))
            bar.advance(task)
        if _store(names, out, stored, choice, written, force=force):
            return FINDINGS
        for one in written:
            bar.update(task, description=f"{one.name}: verify")
            made.append((one, road.check(one, most(SAMPLE))))
            bar.advance(task)
            bar.update(task, description=f"{one.name}: report")
            rows.append(publish(*made[-1], folder))
            bar.advance(task)
    for where, found in opened.items():
        keep(found, [pair for pair in made if pair[0].loaded.place == where], now)
    console().print(closing(rows))
    if any(row.complaints for row in rows):
        return FINDINGS
    return exit_code(f for row in rows for f in row.summary.findings)


def report(name: str, folder: Path) -> int:
    """Compile the report of the models of one file."""
    from codegen.report.pdf import TeXMissing
    from gradproof import road
    from gradproof.verdicts import compile_report

    for loaded in load(find(name)):
        written = road.generate(loaded, road.derive_model(loaded))
        with progress() as bar:
            bar.add_task(f"{loaded.name}: report", total=None)
            try:
                path, complaints = compile_report(written, road.check(written), folder)
            except TeXMissing as error:
                raise UsageError(str(error)) from None
        console().print(f"wrote {path}", *complaints, sep="\n")
    return GOOD


def _written(models: Iterable[Loaded]) -> list[road.Written]:
    from gradproof import road

    return [road.generate(loaded, road.derive_model(loaded)) for loaded in models]


def _store(
    names: Sequence[str],
    out: Path,
    stored: drift.Stored,
    choice: Choice,
    written: Iterable[road.Written],
    *,
    force: bool,
) -> int:
    wanted = [w.wanted for w in written]
    found = drift.compare(stored, wanted, whole=choice.whole)
    edited = [f for f in found if f.state is State.EDITED]
    screen = console()
    if edited and not force:
        screen.print(show.findings(edited, diff=True), soft_wrap=True)
        screen.print(f"nothing was written; [bold]{_remedy(names, out, edited)}[/bold]")
        return FINDINGS
    for path in drift.write(stored, wanted, found, whole=choice.whole):
        screen.print(f"{'wrote' if path.exists() else 'removed'} {path}")
    return GOOD


def _remedy(names: Sequence[str], out: Path, found: Iterable[Finding]) -> str:
    where = "" if out == Path("generated") else f" --out {out}"
    force = " --force" if any(f.state is State.EDITED for f in found) else ""
    lost = " (overwrites what was edited)" if force else ""
    return f"run: gradproof {' '.join(['generate', *names])}{where}{force}{lost}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
