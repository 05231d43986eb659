"""The gradient by adjoint equations of which some were edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.derivation import Adjoint
from derive.values.affine import Affine
from verify.diagnosis.edits import Edit
from verify.diagnosis.evidence import Witness
from verify.diagnosis.spots import UNKNOWN
from verify.diagnosis.work import Work
from verify.instance import Entry
from verify.numbers import Number
from verify.run import divide
from verify.symbolic import Symbolic
from verify.unroll import Unrolled

Known = dict[Entry, Number]
Holds = Callable[[Entry], bool]


class Mutated(Symbolic):
    """Values as ever, adjoints by edited equations at the entries where an edit holds.

    A position past one end of a slot counts from the other.
    """

    def __init__(self, witness: Witness, edit: Edit, holds: Holds, known: Known, unknown: Any, work: Work) -> None:
        super().__init__(witness.whole, witness.unrolled)
        self.evaluator.direct = witness.unrolled.direct
        self.holds, self.unknown, self.changed = holds, unknown, dict(edit.values)
        self.known |= known
        self.found, self.work = witness.covering, work

    def read(self, tensor: str, at: tuple[int, ...]) -> Number:
        self.work.spend()
        if tensor == UNKNOWN.tensor:
            return self.unknown
        name = tensor.removeprefix("d.")
        if name == "J":
            return super().read(tensor, at)
        return super().read(tensor, around(self.unrolled, name, at))

    def adjoint_at(self, tensor: str, at: tuple[int, ...]) -> tuple[Adjoint, dict[str, int]]:
        """The adjoint equation of an entry, found once for all edits."""
        entry = tensor, at
        if entry not in self.found:
            self.found[entry] = super().adjoint_at(tensor, at)
        return self.found[entry]

    def evaluate(self, entry: Entry) -> None:
        adjoint, letters = self.adjoint_at(*entry)
        changed = self.changed.get(adjoint.id)
        if changed is not None and self.holds(entry):
            self.known[entry] = self.evaluator.compile(changed)(letters)
        else:
            super().evaluate(entry)


def layer_of(unrolled: Unrolled, entry: Entry) -> int | None:
    """The layer of an entry of something that has layers."""
    keys, _ = divide(unrolled.system.tensor(entry[0]), entry[1])
    return keys[0] if keys else None


def around(unrolled: Unrolled, name: str, at: tuple[int, ...]) -> tuple[int, ...]:
    """The same position, or one off an end of a slot as the position at the other end."""
    if unrolled.exists(name, at):
        return at
    tensor, found = unrolled.system.tensor(name), list(at)
    for q in range(len(at)):
        ends = tensor.range_of(q, tuple(Affine.of(p) for p in found))
        lo, hi = (unrolled.sizes.value(end) for end in ends)
        if found[q] in (lo - 1, hi + 1):
            found[q] = hi if found[q] < lo else lo
    return tuple(found)
