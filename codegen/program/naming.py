"""Names in code: the model's own letters, kept away from Python's names and from those of the module."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from derive.system import System

MODULE = frozenset(
    """np initial math special forward predict cost cost_and_gradient train gradient_step pack unpack objective
    parameters sizes seed dtype data key draw given gradient like prediction""".split()
)
TRAINING = frozenset(
    """rate epochs batch_size restarts callback best restart start found history shuffled samples size epoch rows costs
    batch at theta""".split()
)  # names of the training loop

NEVER = frozenset("np math special parameters prediction data dtype".split())  # stand wherever tensors do
UNUSED = frozenset("bin filter format hash help id input license map object open vars".split())  # of Python's
CALLED = frozenset("like gradient theta at initial gradient_step pack unpack".split())  # where data are arguments
NAMED = {
    "parameter": frozenset(("sizes", "draw")),  # in `initial`
    "variable": frozenset[str](),
    "data": CALLED,
    "hyper": CALLED,
    "size": CALLED | {"sizes", "seed", "draw"},
}


def code_names(system: System, functions: Iterable[str] = (), tensors: Iterable[str] = ()) -> dict[str, str]:
    """A name in code for every tensor, adjoint (`d.z`), size, width and index letter, and function (`f.sigmoid`).

    What a user of the code says, a tensor or a size, keeps its name unless the functions in which it stands need that
    name themselves; the options of the training loop step aside. All others keep away from every name of the module.
    Who cannot keep a name gets an underscore. More `functions` and `tensors` come last, so that they change no other.
    """
    adjoints = [(f"d.{t.name}", system.adjoint_name(t.name)) for t in system.tensors]
    plain = [t.name for t in system.tensors] + list(system.sizes) + list(system.widths) + list(system.letters)
    scalar = [f.name for f in system.functions] + list(system.functionals)
    wanted = [
        *((n, n) for n in plain),
        *adjoints,
        *((f"f.{n}", n) for n in (*scalar, *functions)),
        *((n, n) for n in tensors),
    ]
    python = set(keyword.kwlist) | set(dir(builtins))
    taken = {"J"} | NEVER | python - UNUSED
    apart = {t.name: NAMED[t.role] for t in system.tensors} | dict.fromkeys(system.sizes, NAMED["size"])
    names: dict[str, str] = {"J": "J"}
    for key, name in wanted:
        if key not in names:
            clash = key.startswith("f.") and name in taken | MODULE | python
            name = f"{name}_function" if clash else name
            names[key] = free_name(name, taken | apart.get(key, MODULE | TRAINING | python))
            taken.add(names[key])
    return names


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with underscores until it is free."""
    while name in taken:
        name += "_"
    return name
