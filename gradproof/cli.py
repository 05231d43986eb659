"""The command line. Nothing heavy is imported before a command needs it: `--help` and usage errors are immediate."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gradproof import __version__
from gradproof.checking import SAMPLE, check_models
from gradproof.choose import GENERATED
from gradproof.findings import EXITS, GOOD, INTERNAL, UNUSABLE
from gradproof.formats import Format, show
from gradproof.load import UsageError, find

app = typer.Typer(
    name="gradproof",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Equations of a network in; derived, generated, verified and typeset backpropagation out.\n\n"
    "MODEL is the name of a shipped model, or a Python file of your own that defines one.",
    epilog=f"Exit codes: {EXITS}.",
)

Models = Annotated[list[str] | None, typer.Argument(metavar="[MODEL|FILE.py]...", help="Default: all models.")]
OneModel = Annotated[str, typer.Argument(metavar="MODEL|FILE.py")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of generated files.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that were edited by hand.")]
Form = Annotated[Format, typer.Option("--format", help="How findings are printed.")]
BUILD = Path("build")


@app.command()
def build(models: Models = None, out: Out = GENERATED, force: Force = False) -> None:
    """Derive, generate, verify and report: everything, once."""
    _find(models or [])
    from gradproof import commands

    raise typer.Exit(commands.build(models or [], out, BUILD, force=force))


@app.command()
def derive(
    model: OneModel,
    equation: Annotated[str | None, typer.Option("--equation", metavar="ID", help="One equation, BP2 or d.w.")] = None,
) -> None:
    """Show the derivation, step by step, with the rule of every step."""
    _find([model])
    from gradproof import commands

    raise typer.Exit(commands.derive(model, equation))


@app.command()
def generate(
    models: Models = None,
    out: Out = GENERATED,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file is not up to date.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
    form: Form = Format.TEXT,
    force: Force = False,
) -> None:
    """Write the NumPy modules and the LaTeX reports, or check that they are up to date."""
    _find(models or [])
    from gradproof import commands

    if check or diff:
        raise typer.Exit(commands.check_drift(models or [], out, form, diff=diff))
    raise typer.Exit(commands.generate(models or [], out, force=force))


@app.command()
def check(
    models: Models = None,
    form: Form = Format.TEXT,
    fresh: Annotated[bool, typer.Option("--fresh", help="Verify again, whatever certificates say.")] = False,
    mutants: Annotated[
        str, typer.Option("--mutants", metavar="all|N", help="Faults to plant in the code: all, or so many of them.")
    ] = SAMPLE,
    details: Annotated[
        bool, typer.Option("--details", "-v", help="List the planted faults that were not rejected.")
    ] = False,
) -> None:
    """Verify that equations, generated code and numerical differences agree, and that planted faults are rejected.

    A model with nothing changed since its certificate, build/certificates/, is not verified again.
    """
    _find(models or [])
    if mutants != "all" and not mutants.isdecimal():
        raise UsageError(f"--mutants takes all or a number, not {mutants}")
    found = check_models(models or [], GENERATED, mutants, fresh=fresh)
    raise typer.Exit(show(found, form, details=details))


@app.command()
def verify(
    function: Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION", help="Also FILE.py:Class.method.")],
    against: Annotated[
        str | None, typer.Option("--against", metavar="MODEL|FILE.py[:MODEL]", help="The equations.")
    ] = None,
    cost: Annotated[str | None, typer.Option("--cost", metavar="FILE.py:NAME", help="Its cost, if apart.")] = None,
    size: Annotated[list[str] | None, typer.Option("--size", metavar="NAME=N", help="A size, such as L=3.")] = None,
    among: Annotated[
        list[str] | None, typer.Option("--among", metavar="NAME=V,V", help="The values that data have, such as y=-1,1.")
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="TEXT|FILE.py:NAME", help="What is passed, such as 'w[2].T, b[2], x, y'."),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="FILE.py:NAME", help="Without a model: arguments, or what makes them.")
    ] = None,
    accept: Annotated[
        str | None, typer.Option("--accept", metavar="differences", help="Do not ask for more than that.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.png", help="Without a model: draw differences at many steps.")
    ] = None,
    form: Form = Format.TEXT,
) -> None:
    """Judge a gradient that somebody wrote: is it the derivative of the cost of a model, or of --cost?"""
    from gradproof import foreign

    if accept not in (None, "differences"):
        raise UsageError(f"--accept takes differences, not {accept}")
    what = foreign.asked(function, against, cost, size or [], layout, at, among or [], plot)
    raise typer.Exit(show([foreign.judge(what, accept_differences=accept is not None)], form, details=True))


@app.command()
def explain(code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="Default: all codes.")] = None) -> None:
    """Say what the code of a finding means, why it may arise, and what to do."""
    from gradproof.formats import explained

    explained.show(code)


@app.command()
def report(model: OneModel) -> None:
    """Write the derivation of one model as a PDF into build/."""
    _find([model])
    from gradproof import commands

    raise typer.Exit(commands.report(model, BUILD))


def _find(names: Sequence[str]) -> None:
    """UsageError for a name that is no model, before anything heavy is imported."""
    for name in names:
        find(name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gradproof {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Options before the command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="gradproof")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else GOOD
    except Exception as error:
        return _explain(error)
    return GOOD


def _explain(error: Exception) -> int:
    errors: Any = sys.modules.get("derive.errors")
    if isinstance(error, UsageError) or (errors and isinstance(error, errors.ModelError)):
        typer.secho("error: ", fg="red", bold=True, nl=False, err=True)
        typer.echo(str(error), err=True)
        return UNUSABLE
    typer.echo("".join(traceback.format_exception(error)), err=True)
    typer.secho(
        "internal error, which is a fault of gradproof: please report it with the model and the lines above",
        fg="red",
        err=True,
    )
    return INTERNAL
