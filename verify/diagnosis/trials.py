"""Which edits are tried: those that reach all that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from derive.derivation import Adjoint, Derivation
from derive.values.nodes import Access
from derive.values.walks import walk
from verify.diagnosis.edits import Edit, edits, lemma_edits
from verify.diagnosis.evidence import Block
from verify.diagnosis.joint import joint_edits

TERMS = ("decay missing", "penalty missing")


def tried(derivation: Derivation, wrong: set[Block]) -> Iterator[Iterable[Edit]]:
    """Edits that reach all that is wrong: of one equation, of one equation in some layers, of several equations.

    Equations on which only wrong parameters rest come first.
    """
    names = {name for name, _ in wrong}
    reached = reach(derivation)
    near = [a for a in derivation.computed if names <= reached[a.of]]
    made = Made(derivation)
    yield (edit for a in near if reached[a.of] == names for edit in made.edits(a))
    yield (edit for a in near if reached[a.of] != names for edit in made.edits(a))
    if any(keys for _, keys in wrong):
        layered = [a for a in near if a.target.at and a.target.at[0].letter is not None]
        yield (replace(e, scope=scope) for scope in ("layers", "layer") for a in layered for e in made.edits(a))
    every = {a.id: a.of for a in derivation.computed}
    for group in (joint_edits(derivation), lemma_edits(derivation)):
        yield (e for e in group if names <= {p for i, _ in e.values if i in every for p in reached[every[i]]})


class Made:
    """The edits of every equation, made once."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation, self.known = derivation, dict[str, tuple[Edit, ...]]()

    def edits(self, adjoint: Adjoint) -> tuple[Edit, ...]:
        """All edits of one equation."""
        if adjoint.id not in self.known:
            self.known[adjoint.id] = tuple(edits(self.derivation, adjoint))
        return self.known[adjoint.id]


def terms_dropped(derivation: Derivation, wrong: set[Block]) -> Iterator[Edit]:
    """A missing term of an equation of a wrong parameter, at the wrong entries."""
    for adjoint in derivation.computed:
        if adjoint.of in {name for name, _ in wrong}:
            yield from (replace(e, scope="entries") for e in edits(derivation, adjoint) if e.kind in TERMS)


def reach(derivation: Derivation) -> dict[str, set[str]]:
    """For each quantity the parameters whose gradient rests on its adjoint."""
    parameters = {t.name for t in derivation.system.role("parameter")}
    return {a.of: ({a.of} | readers_of(derivation, a.of)) & parameters for a in derivation.computed}


def readers_of(derivation: Derivation, name: str) -> set[str]:
    """The quantities whose adjoints rest on that of another."""
    found, waiting = set[str](), [name]
    reads = [(a.of, adjoints_read(a)) for a in derivation.computed]
    while waiting:
        last = waiting.pop()
        new = {of for of, names in reads if last in names} - found
        found |= new
        waiting += new
    return found


def adjoints_read(adjoint: Adjoint) -> set[str]:
    """The quantities whose adjoints an equation reads."""
    return {n.tensor[2:] for n in walk(adjoint.value) if isinstance(n, Access) and n.tensor.startswith("d.")}
