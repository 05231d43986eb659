"""Which slots of a tensor number layers or steps, and which are axes of a matrix."""

from __future__ import annotations

from derive.system import System, Tensor, accesses
from derive.values.affine import indices


def stacked_slots(system: System, tensor: Tensor) -> tuple[int, ...]:
    """Slots on which ranges of other slots depend, else those along which a variable rests on its own entries."""
    found = [
        q
        for q, slot in enumerate(tensor.slots)
        if any(slot.index in (*indices(o.lo), *indices(o.hi)) for o in tensor.slots if o is not slot)
    ]
    if tensor.role == "variable" and not found:
        found = [q for q in range(len(tensor.slots)) if _recurs(system, tensor.name, q)]
    return tuple(found)


def _recurs(system: System, name: str, slot: int) -> bool:
    """Is the slot read at a constant distance from a letter, by an equation that the variable itself needs?"""
    for equation in system.equations:
        letters = [b.index for b in equation.bounds]
        for access in accesses(equation.value):
            if access.tensor == name and rests_on(system, name, equation.target.tensor):
                place = access.at[slot]
                if place.constant and len(place.terms) == 1 and any(place.coefficient(i) == 1 for i in letters):
                    return True
    return False


def rests_on(system: System, name: str, other: str) -> bool:
    """Does variable `name` rest on variable `other`, directly or through others?"""
    reached, found = [name], {name}
    while reached:
        for equation in system.equations_of(reached.pop()):
            read = {a.tensor for a in accesses(equation.value)}
            reached.extend(sorted(read - found))
            found |= read
    return other in found
