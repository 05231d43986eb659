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
)  # names in functions that know parameters and variables by their dict only


def code_names(system: System, functions: Iterable[str] = (), tensors: Iterable[str] = ()) -> dict[str, str]:
    """A name in code for every tensor, adjoint (`d.z`), size, width and index letter, and function (`f.sigmoid`).

    A name that is taken by Python or by the module gets an underscore. More `functions` and `tensors` come last, so
    that they change no other name.
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
    taken = set(MODULE) | {"J"} | set(keyword.kwlist) | set(dir(builtins))
    apart = {t.name for t in system.tensors if t.role in ("parameter", "variable")}
    names: dict[str, str] = {"J": "J"}
    for key, name in wanted:
        if key not in names:
            name = f"{name}_function" if key.startswith("f.") and name in taken else name
            names[key] = free_name(name, taken if key in apart else taken | TRAINING)
            taken.add(names[key])
    return names


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with underscores until it is free."""
    while name in taken:
        name += "_"
    return name
