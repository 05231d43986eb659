"""A gradient that is right where some data sum to 1 or 0: its writer takes for granted what the model does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from derive.adjoint import derive
from derive.derivation import Derivation
from derive.system import System, accesses
from derive.values.binders import Bound, Sum
from derive.values.nodes import ONE, ZERO, Access, Expr
from derive.values.text import render_expr as text
from verify.diagnosis.evidence import Witness
from verify.diagnosis.matching import IMPOSSIBLE, Match
from verify.symbolic import Symbolic

MANY = 12  # facts that are tried


def assumed(derivation: Derivation, seen: Sequence[Witness]) -> Match | None:
    """The fact about data with which the derived gradient is what the function gave, at all entries and instances."""
    plain = [a.value for a in derivation.adjoints]
    for left, right in list(facts(derivation.system))[:MANY]:
        other = derive(replace(derivation.system, sums=(*derivation.system.sums, (left, right))))
        if [a.value for a in other.adjoints] != plain and all(explains(other, witness) for witness in seen):
            fact = f"Eq({text(left)}, {text(right)})"
            says = f"right for data with {text(left)} = {text(right)} only; if all data are so: model.assume({fact})"
            return Match("undeclared fact", "", says)
    return None


def facts(system: System) -> Iterator[tuple[Expr, Expr]]:
    """Sums of data along one axis, in the letters of the equations, with the values 1 and 0."""
    known = {left for left, _ in system.sums}
    for entry in dict.fromkeys(
        e for equation in (*system.equations, system.objective) for e in accesses(equation.value)
    ):
        tensor = system.tensor(entry.tensor)
        if tensor.role == "data" and tensor.values is None:
            for total in totals(system, entry):
                if total not in known:
                    known.add(total)
                    yield from ((total, ONE), (total, ZERO))


def totals(system: System, entry: Access) -> Iterator[Sum]:
    """The sums of an entry over each of its letters, if it stands at different letters."""
    letters = [at.letter for at in entry.at if at.letter]
    if len(set(letters)) == len(entry.at):
        for q in reversed(range(len(entry.at))):
            yield Sum(entry, (Bound(letters[q], *system.tensor(entry.tensor).range_of(q, entry.at)),))


def explains(derivation: Derivation, witness: Witness) -> bool:
    """Is what the function gave the gradient by these equations?"""
    try:
        with witness.case.field.context():
            gradient = Symbolic(derivation, witness.unrolled).gradient()
    except IMPOSSIBLE:
        return False
    return all(witness.same(entry, value) for entry, value in gradient.items())
