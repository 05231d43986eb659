"""`gradproof verify FILE.py:FUNCTION --against MODEL`: somebody's gradient, by its file and name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradproof.load import Place, UsageError, explained, find, load, place, running

if TYPE_CHECKING:
    from types import ModuleType

    from derive import Model, System
    from gradproof.findings import Summary
    from verify.foreign.verdict import Verdict


@dataclass(frozen=True)
class Named:
    """Something that a file defines: `name` is a function, Class.method, or an object with a method."""

    place: Place
    name: str


@dataclass(frozen=True)
class Asked:
    """What a command line asks for."""

    gradient: Named
    model: Place | None
    which: str
    cost: Named | None
    sizes: dict[str, int]
    layout: Named | str | None
    at: Named | None
    among: dict[str, list[float]]
    picture: Path | None = None


def asked(
    spec: str,
    against: str | None,
    cost: str | None,
    sizes: Sequence[str],
    layout: str | None,
    at: str | None,
    among: Sequence[str],
    picture: Path | None = None,
) -> Asked:
    """The words of a command line, with every file found. UsageError if one cannot be meant; nothing is run."""
    path, _, which = (against or "").partition(".py:")
    model = find(f"{path}.py" if which else against) if against else None
    if (model is None) != (at is not None) or model is None and cost is None:
        raise UsageError("say --against MODEL; or without a model --cost FILE.py:NAME and --at FILE.py:NAME")
    if picture and not at:
        raise UsageError("--plot draws differences of --cost FILE.py:NAME at --at FILE.py:NAME, without a model")
    template: Named | str | None = layout
    if layout is not None and ".py:" in layout:
        template = named(layout)
    return Asked(
        named(spec),
        model,
        which,
        named(cost) if cost else None,
        dict(map(size, sizes)),
        template,
        named(at) if at else None,
        dict(map(values, among)),
        picture,
    )


def named(spec: str) -> Named:
    """FILE.py:NAME."""
    path, _, name = spec.rpartition(":")
    if not path.endswith(".py") or not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"{spec} does not name a function: write FILE.py:FUNCTION or FILE.py:Class.method")
    if not Path(path).is_file():
        raise UsageError(f"there is no file {path}")
    return Named(place(Path(path)), name)


def size(text: str) -> tuple[str, int]:
    """NAME=NUMBER."""
    name, _, number = text.partition("=")
    if not name.isidentifier() or not number.isdecimal():
        raise UsageError(f"--size takes NAME=NUMBER, such as L=3, not {text}")
    return name, int(number)


def values(text: str) -> tuple[str, list[float]]:
    """NAME=NUMBER,NUMBER."""
    name, _, listed = text.partition("=")
    try:
        found = [float(number) for number in listed.split(",")]
    except ValueError:
        found = []
    if not name.isidentifier() or not found:
        raise UsageError(f"--among takes NAME=NUMBER,NUMBER, such as y=-1,1, not {text}")
    return name, found


def judge(what: Asked, *, accept_differences: bool) -> Summary:
    """The verdict on a function. ModelError, with the line, where a file raises; UsageError for a name it lacks.

    What the files print goes to standard error, so that it is no part of a format.
    """
    from gradproof.judging import summary
    from gradproof.terminal import progress

    with redirect_stdout(sys.stderr), progress() as bar:
        bar.add_task(f"judging {what.gradient.name}", total=None)
        model = chosen(what)
        with running(what.gradient.place) as module:
            function = got(module, what.gradient)
            where = what.gradient.place
            with (
                opened(what.cost, where, module) as cost,
                opened(what.layout, where, module) as layout,
                opened(what.at, where, module) as at,
            ):
                try:
                    verdict = judged(function, model, cost, layout, at, what, accept_differences)
                except SystemExit as error:  # a function that ends the process is not right
                    raise explained(error, what.gradient.place) from None
            line = line_of(function)
    return summary(verdict, what.gradient.place.source, line, accept_differences=accept_differences)


def judged(
    function: Any, model: Model | System | None, cost: Any, layout: Any, at: Any, what: Asked, accept_differences: bool
) -> Verdict:
    """`check_gradient`, with the layout as it is given."""
    from verify.foreign.check import check_gradient
    from verify.foreign.inline import templates

    if model is None:
        point = at() if callable(at) else at
        if what.picture:
            draw(cost, point, what.picture)
        return check_gradient(function, cost=cost, at=point, accept="differences" if accept_differences else "")
    arguments, returns = templates(layout)
    return check_gradient(
        function,
        against=model,
        cost=cost,
        arguments=arguments,
        returns=returns,
        sizes=what.sizes or None,
        among=what.among or None,
    )


def draw(cost: Any, point: Any, file: Path) -> None:
    """A picture of differences of a cost at many steps, by the first entry of its first argument that holds floats."""
    try:
        from gradproof.picture import draw_sweep
    except ImportError:
        raise UsageError("--plot draws with matplotlib: pip install 'gradproof[examples]'") from None
    from verify.foreign.illustration import swept

    try:
        draw_sweep(swept(cost, point), file)
    except (OSError, ValueError) as error:  # a folder that does not exist, a form that nobody draws
        raise UsageError(f"{file} is not written: {error}") from None


def chosen(what: Asked) -> Model | System | None:
    """The model of a file, if there is one."""
    if what.model is None:
        return None
    found = load(what.model)
    names = [loaded.name for loaded in found]
    if what.which and what.which not in names or not what.which and len(found) > 1:
        raise UsageError(f"{what.model.source} has the models {', '.join(names)}: write FILE.py:MODEL with one of them")
    return next(loaded.model for loaded in found if what.which in ("", loaded.name))


@contextmanager
def opened(what: Named | str | None, where: Place | None, module: ModuleType | None) -> Iterator[Any]:
    """What a file defines, or text as it is; `module` is what the file at `where` gave already."""
    if not isinstance(what, Named):
        yield what
        return
    with nullcontext(module) if module is not None and what.place == where else running(what.place) as own:
        yield got(own, what)


def got(module: ModuleType, what: Named) -> Any:
    """What a name of a file stands for; a method that needs an object gets one that is made without arguments."""
    value: Any = module
    for part in what.name.split("."):
        if not hasattr(value, part):
            raise UsageError(f"{what.place.source} has no {what.name}{near(module)}")
        owner, value = value, getattr(value, part)
        if isinstance(owner, type) and inspect.isfunction(inspect.getattr_static(owner, part)):
            value = getattr(made(owner, what), part)
    return value


def made(owner: type, what: Named) -> Any:
    """An object of a class, made without arguments."""
    try:
        return owner()
    except TypeError:
        raise UsageError(
            f"{owner.__name__} of {what.place.source} needs arguments: "
            f"give an object of it, or a function that makes one, a name in place of {owner.__name__}"
        ) from None
    except Exception as error:
        raise explained(error, what.place) from None


def near(module: ModuleType) -> str:
    """The functions of a file, for an error."""
    own = [n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
    return f"; its functions are {', '.join(own)}" if own else ""


def line_of(function: Callable[..., Any]) -> int:
    """Where a function begins, 0 if nobody knows."""
    code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
    return code.co_firstlineno if code else 0
