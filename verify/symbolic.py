"""The gradient that the derived adjoint equations give, evaluated as they stand."""

from __future__ import annotations

from derive.derivation import Adjoint, Derivation
from verify.chain import Chain
from verify.evaluate import Evaluator
from verify.instance import Entry, places
from verify.numbers import Number
from verify.unroll import OutOfRange, Unrolled, match


class Symbolic:
    """Values by the equations, adjoints by the computed adjoint equations, each entry once."""

    def __init__(self, derivation: Derivation, unrolled: Unrolled) -> None:
        self.derivation, self.unrolled = derivation, unrolled
        self.known: dict[Entry, Number] = {("J", ()): unrolled.evaluator.one}
        self.chain = Chain(self.evaluate)
        self.evaluator = Evaluator(unrolled.system, unrolled.sizes, unrolled.field, self.read, flat=unrolled.flat)

    def read(self, tensor: str, at: tuple[int, ...]) -> Number:
        """An entry; for `d.u`, by the adjoint equation that covers it."""
        if not tensor.startswith("d."):
            return self.unrolled.value(tensor, at)
        entry = tensor[2:], at
        if entry not in self.known:
            self.chain.reach(entry)
        return self.known[entry]

    def evaluate(self, entry: Entry) -> None:
        """Evaluate the adjoint equation that covers an entry."""
        adjoint, letters = self.adjoint_at(*entry)
        self.known[entry] = self.evaluator.compile(adjoint.value)(letters)

    def adjoint_at(self, tensor: str, at: tuple[int, ...]) -> tuple[Adjoint, dict[str, int]]:
        """The computed adjoint equation of an entry. OutOfRange if none, or more than one, covers it."""
        found = [
            (a, letters)
            for a in self.derivation.computed
            if a.of == tensor
            for letters in (match(a.target, a.bounds, at, self.unrolled.sizes),)
            if letters is not None
        ]
        if len(found) != 1:
            number = len(found) or "no"
            raise OutOfRange(f"{number} adjoint equations cover d.{tensor}{list(at)} at {self.unrolled.sizes}")
        return found[0]

    def gradient(self) -> dict[Entry, Number]:
        """dJ/du for every entry u of every parameter."""
        system, sizes = self.unrolled.system, self.unrolled.sizes
        return {(t.name, at): self.read(f"d.{t.name}", at) for t in system.role("parameter") for at in places(t, sizes)}
