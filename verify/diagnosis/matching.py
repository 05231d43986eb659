"""Which edits explain every digit of a foreign gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import Any

from derive.derivation import Adjoint, Derivation
from derive.values.nodes import Access
from derive.values.walks import walk
from verify.chain import TooDeep
from verify.diagnosis.edits import Edit, edits, joint_edits, lemma_edits
from verify.diagnosis.evidence import Block, Witness
from verify.diagnosis.factors import name_of
from verify.diagnosis.mutated import Mutated
from verify.instance import Entry
from verify.numbers import Undecided
from verify.unroll import OBJECTIVE, OutOfRange

IMPOSSIBLE = (OutOfRange, Undecided, TooDeep, ArithmeticError, KeyError, ValueError, RecursionError, AssertionError)
SECONDS = 20.0  # large models are localised after that
MOST = 3  # edits that cannot be told apart


@dataclass(frozen=True)
class Match:
    """An edit that explains everything, and its number."""

    kind: str
    where: str
    says: str


def matches(derivation: Derivation, seen: Sequence[Witness], tensors: frozenset[str]) -> list[Match]:
    """The edits that give what the function gave, at all entries of some parameters at all instances."""
    wrong = {block for w in seen for block in w.wrong_blocks if block[0] in tensors}
    until = monotonic() + SECONDS
    for group in tried(derivation, wrong):
        found: list[Match] = []
        for edit in group:
            match = matched(derivation, seen, edit, tensors)
            if match is not None and match not in found:
                found.append(match)
            if len(found) == MOST or monotonic() > until:
                break
        if found or monotonic() > until:
            return found
    return []


def tried(derivation: Derivation, wrong: set[Block]) -> Iterator[Iterable[Edit]]:
    """Edits that reach all that is wrong: of one equation, of one equation in some layers, of several equations."""
    names = {name for name, _ in wrong}
    reached = reach(derivation)
    near = [a for a in derivation.computed if names <= reached[a.of]]
    near.sort(key=lambda a: len(reached[a.of] - names))
    own = [(adjoint, list(edits(derivation, adjoint))) for adjoint in near]
    yield [edit for _, found in own for edit in found]
    if any(keys for _, keys in wrong):
        layered = [found for a, found in own if a.target.at and a.target.at[0].letter is not None]
        yield (replace(edit, scope=scope) for scope in ("layers", "layer") for found in layered for edit in found)
    every = {a.id: a.of for a in derivation.computed}
    for group in (joint_edits(derivation), lemma_edits(derivation)):
        yield (e for e in group if names <= {p for i, _ in e.values if i in every for p in reached[every[i]]})


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


def matched(derivation: Derivation, seen: Sequence[Witness], edit: Edit, tensors: frozenset[str]) -> Match | None:
    """What an edit says, if it explains everything."""
    numbers: list[tuple[Witness, Any]] = []
    for witness in seen:
        with witness.case.field.context():
            try:
                good, number = explains(derivation, witness, edit, tensors)
            except IMPOSSIBLE:
                return None
            if not good:
                return None
            if number is not None:
                numbers.append((witness, number))
    if not edit.open:
        return Match(edit.kind, where(edit, seen), edit.says)
    name = name_of(derivation.system, numbers) if numbers else None
    if name is None:
        return None
    kind, says = number_class(edit, *name)
    if name[0] == "missing" and edit.says.startswith("the term"):
        return None  # the edit that drops the term says it better
    return Match(kind, where(edit, seen), says)


def where(edit: Edit, seen: Sequence[Witness]) -> str:
    """The equation, and the layer."""
    if not edit.scope:
        return edit.where
    found = dict.fromkeys(scope_of(edit, witness) for witness in seen if witness.layers)
    if len(found) > 1:
        return f"{edit.where}, in the {'last layer' if edit.scope == 'layer' else 'layers'} with a wrong gradient"
    layers = sorted(next(iter(found)) or ())
    return f"{edit.where}, layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}"


def scope_of(edit: Edit, witness: Witness) -> frozenset[int] | None:
    """The layers in which an edit holds, None for all."""
    return None if not edit.scope else frozenset(witness.layers[-1:] if edit.scope == "layer" else witness.layers)


def mutated(derivation: Derivation, witness: Witness, edit: Edit, number: Any) -> Mutated:
    """The edited equations at one instance, with what the edit does not touch."""
    touched = {a.of for a in derivation.computed if a.id in dict(edit.values)}
    touched |= {reader for name in touched for reader in readers_of(derivation, name)}
    known = {entry: value for entry, value in witness.right.items() if entry[0] not in touched}
    return Mutated(derivation, witness.unrolled, edit, scope_of(edit, witness), known, number)


def explains(derivation: Derivation, witness: Witness, edit: Edit, tensors: frozenset[str]) -> tuple[bool, Any]:
    """Does an edit give all that was found at one instance, and with which number?"""
    wrong = [e for e in witness.wrong if e[0] in tensors]
    order = [*reversed(wrong), *(e for e in witness.found if e not in wrong and e[0] in tensors)]
    number = None
    if edit.open:
        if not wrong:
            return True, None
        number = solved(derivation, witness, edit, wrong)
        if number is None:
            return False, None
    other = mutated(derivation, witness, edit, number)
    return all(witness.same(e, other.read(f"d.{e[0]}", e[1])) for e in order if e != OBJECTIVE), number


def solved(derivation: Derivation, witness: Witness, edit: Edit, wrong: list[Entry]) -> Any:
    """The number with which an edit explains one wrong entry: the first, from the output, that depends on it."""
    field = witness.case.field
    zero, one = (mutated(derivation, witness, edit, field.rational(n)) for n in (Fraction(0), Fraction(1)))
    name, at = wrong[-1]
    here, there = zero.read(f"d.{name}", at), one.read(f"d.{name}", at)
    slope = there - here
    if slope.contains(0):
        return None
    return (witness.found[name, at] - here) / slope


def number_class(edit: Edit, kind: str, words: str) -> tuple[str, str]:
    """The class of a mistake by the number that was found."""
    says = edit.says.replace("{c}", words)
    if edit.kind != "factor":
        decay = edit.kind == "term added" and kind in ("hyper", "constant", "factor 2", "sign")
        return ("decay added" if decay else edit.kind), says
    if edit.decay:
        return {"missing": "decay missing", "1/m twice": "decay divided by m"}.get(kind, "decay factor"), says
    return {"missing": "term missing", "constant": "factor", "hyper": "factor"}.get(kind, kind), says
