"""What is declared and has no part in the model: parameters that nothing trains. Data may be given and not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from derive.errors import ModelError, Source
from derive.system import System, accesses
from derive.values.nodes import STOP, Access, Call, Expr


def check_unused(system: System, sources: Mapping[str, Source]) -> None:
    """ModelError for a parameter on which the objective does not depend."""
    trained = reached(system, "J", live=True)
    parameters = [t.name for t in system.role("parameter")]
    if not trained & set(parameters):
        if reached(system, "J") & set(parameters):
            raise ModelError(
                "the objective reads parameters through stop only, so its gradient is 0 everywhere",
                source=system.objective.source,
                fix="no derivative passes through stop(...): leave one use of a parameter outside",
            )
        return  # `derive` says so, also of systems that no model file states
    for name in parameters:
        if name not in trained:
            raise ModelError(_untrained(name, system), source=sources.get(name), fix=_use(name, system))


def reached(system: System, start: str, live: bool = False) -> set[str]:
    """Everything that a quantity depends on; if `live`, in a way that lets derivatives pass."""
    found, waiting = {start}, [start]
    while waiting:
        for equation in system.equations_of(waiting.pop()):
            read = _live(equation.value) if live else accesses(equation.value)
            new = {a.tensor for a in read} - found
            found |= new
            waiting += new
    return found


def _live(expr: Expr) -> Iterator[Access]:
    """The entries outside of stop."""
    if isinstance(expr, Access):
        yield expr
    for child in () if isinstance(expr, Call) and expr.function == STOP else expr.children:
        yield from _live(child)


def _untrained(name: str, system: System) -> str:
    if name in reached(system, "J"):
        return f"the objective reads {name} through stop only, so {name} is never trained"
    if name in _predicted(system):
        return f"only the prediction reads {name}, so {name} is never trained"
    return f"the objective does not depend on the parameter {name}, so {name} is never trained"


def _use(name: str, system: System) -> str:
    if name in _used(system):
        return f"use {name} in the objective, or declare it as given: model.data({name}=...)"
    return f"remove {name}, or use it in the objective"


def _predicted(system: System) -> set[str]:
    """What the prediction depends on."""
    if system.prediction is None:
        return set()
    parts = (system.prediction.value, *((system.prediction.cut,) if system.prediction.cut else ()))
    read = {a.tensor for part in parts for a in accesses(part)}
    return {name for start in read for name in reached(system, start)}


def _used(system: System) -> set[str]:
    """Whatever stands in an equation, the objective, the prediction, a declared fact or a declared derivative."""
    values = [e.value for e in (*system.equations, system.objective)]
    values += [side for pair in system.sums for side in pair]
    found = {a.tensor for value in values for a in accesses(value)} | _predicted(system)
    return found | {name for s in system.stated for pair in s.along for name in pair}
