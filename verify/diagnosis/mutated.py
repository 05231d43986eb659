"""The gradient by adjoint equations of which some were edited."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derive.derivation import Derivation
from derive.values.affine import Affine
from verify.diagnosis.edits import Edit
from verify.diagnosis.spots import UNKNOWN
from verify.instance import Entry
from verify.numbers import Number
from verify.run import divide
from verify.symbolic import Symbolic
from verify.unroll import Unrolled


Layers = frozenset[int] | None
Known = dict[Entry, Number]


class Mutated(Symbolic):
    """Values as ever, adjoints by edited equations. A position past one end of a slot counts from the other."""

    def __init__(
        self, derivation: Derivation, unrolled: Unrolled, edit: Edit, layers: Layers, known: Known, unknown: Any
    ) -> None:
        whole = replace(derivation, adjoints=tuple(replace(a, inlined=False) for a in derivation.adjoints))
        super().__init__(whole, unrolled)
        self.evaluator.direct = unrolled.direct
        self.layers, self.unknown, self.changed = layers, unknown, dict(edit.values)
        self.known |= known

    def read(self, tensor: str, at: tuple[int, ...]) -> Number:
        if tensor == UNKNOWN.tensor:
            return self.unknown
        name = tensor.removeprefix("d.")
        if name == "J":
            return super().read(tensor, at)
        return super().read(tensor, around(self.unrolled, name, at))

    def evaluate(self, entry: Entry) -> None:
        adjoint, letters = self.adjoint_at(*entry)
        changed = self.changed.get(adjoint.id)
        if changed is not None and (self.layers is None or layer_of(self.unrolled, entry) in self.layers):
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
