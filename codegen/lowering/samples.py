"""The sample axis: the one along which data may be cut into batches."""

from __future__ import annotations

from codegen.program.program import Program
from derive.system import System, accesses
from derive.values.affine import Size
from derive.values.walks import walk


def sample_axes(system: System, program: Program) -> dict[str, int]:
    """The axis of the samples in every data array that has it; nothing if no size is shared by all data.

    A sample size stands in the shape of data but of no parameter, and every entry is read there at a plain letter.
    """
    data = [s for s in program.stores if s.role == "data" and not s.keys]
    for size in (Size(name) for name in system.sizes):
        in_parameters = any(
            b.hi.coefficient(size) for s in program.stores if s.role == "parameter" for b in (*s.axes, *s.keys)
        )
        found = {s.name: q for s in data for q, a in enumerate(s.axes) if a.hi.alone == size and a.lo.number == 1}
        shared = all(s.name in found for s in data if len(s.axes) > 1)
        if (
            found
            and shared
            and not in_parameters
            and _plain(system, {s.tensor: found[s.name] for s in data if s.name in found})
        ):
            return found
    return {}


def _plain(system: System, axes: dict[str, int]) -> bool:
    """Is every data entry read at a plain letter along the axis?"""
    for equation in (*system.equations, system.objective):
        for node in walk(equation.value):
            for access in accesses(node) if not node.children else ():
                if access.tensor in axes and access.at[axes[access.tensor]].alone is None:
                    return False
    return True
