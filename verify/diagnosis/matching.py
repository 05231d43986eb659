"""Which edits explain every digit of a foreign gradient."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from derive.derivation import Derivation
from verify.chain import TooDeep
from verify.diagnosis.edits import Edit
from verify.diagnosis.evidence import Witness, one
from verify.diagnosis.factors import name_of
from verify.diagnosis.mutated import Mutated, layer_of
from verify.diagnosis.trials import readers_of, terms_dropped, tried
from verify.diagnosis.work import Spent, Work
from verify.instance import Entry
from verify.numbers import Undecided
from verify.unroll import OBJECTIVE, OutOfRange

IMPOSSIBLE = (OutOfRange, Undecided, TooDeep, ArithmeticError, KeyError, ValueError, RecursionError, AssertionError)
MOST_READS = 400_000  # entries that one search may read
MOST = 3  # edits that cannot be told apart


@dataclass(frozen=True)
class Match:
    """An edit that explains everything, and its number."""

    kind: str
    where: str
    says: str


@dataclass(frozen=True)
class Search:
    """What an edit has to explain: what the function gave for some parameters at all instances."""

    derivation: Derivation
    seen: Sequence[Witness]
    tensors: frozenset[str]
    work: Work


def matches(
    derivation: Derivation, seen: Sequence[Witness], tensors: frozenset[str], *, alone: bool = False
) -> list[Match]:
    """The edits that give what the function gave, at all entries of some parameters at all instances.

    `alone`: terms that are missing at the wrong entries and stand at all others. What is found before the work of a
    search is used up counts.
    """
    search = Search(derivation, seen, tensors, Work(MOST_READS))
    wrong = {block for w in seen for block in w.wrong_blocks if block[0] in tensors}
    found: list[Match] = []
    with suppress(Spent):
        for group in [terms_dropped(derivation, wrong)] if alone else tried(derivation, wrong):
            for edit in group:
                match = matched(search, edit)
                if match is not None and match not in found:
                    found.append(match)
                if len(found) == MOST:
                    break
            if found:
                break
    return found


def matched(search: Search, edit: Edit) -> Match | None:
    """What an edit says, if it explains everything."""
    numbers: list[tuple[Witness, Any]] = []
    for witness in search.seen:
        with witness.case.field.context():
            try:
                good, number = explains(search, witness, edit)
            except IMPOSSIBLE:
                return None
            if not good:
                return None
            if number is not None:
                numbers.append((witness, number))
    if not edit.open:
        return Match(edit.kind, where(edit, search.seen), edit.says)
    name = name_of(search.derivation.system, numbers) if numbers else None
    if name is None:
        return None
    kind, says = number_class(edit, *name)
    if name[0] == "missing" and from_next_step(search.derivation, edit):
        return Match("truncated BPTT", where(edit, search.seen), "nothing comes back from the next step, it is 0 there")
    if name[0] == "missing" and edit.says.startswith("the term"):
        return None  # the edit that drops the term says it better
    return Match(kind, where(edit, search.seen), says)


def from_next_step(derivation: Derivation, edit: Edit) -> bool:
    """Is it about the whole right side of an equation on which the same quantity rests at other steps?"""
    changed = [a for a in derivation.computed if a.id in dict(edit.values)]
    whole = edit.says.startswith("its right side")
    return whole and len(changed) == 1 and changed[0].of in readers_of(derivation, changed[0].of)


def where(edit: Edit, seen: Sequence[Witness]) -> str:
    """The equation, and the layer."""
    if not edit.scope:
        return edit.where
    if edit.scope == "entries":
        widest = max(seen, key=lambda w: len(w.found))
        return f"{edit.where}, only at {', '.join(map(one, widest.wrong))}"
    found = dict.fromkeys(scope_of(edit, witness) for witness in seen if witness.layers)
    if len(found) > 1:
        return f"{edit.where}, in the {'last layer' if edit.scope == 'layer' else 'layers'} with a wrong gradient"
    layers = sorted(next(iter(found)) or ())
    return f"{edit.where}, layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}"


def scope_of(edit: Edit, witness: Witness) -> frozenset[int] | None:
    """The layers in which an edit holds, None for all."""
    return None if not edit.scope else frozenset(witness.layers[-1:] if edit.scope == "layer" else witness.layers)


def mutated(search: Search, witness: Witness, edit: Edit, number: Any) -> Mutated:
    """The edited equations at one instance, with what the edit does not touch."""
    derivation = search.derivation
    touched = {a.of for a in derivation.computed if a.id in dict(edit.values)}
    touched |= {reader for name in touched for reader in readers_of(derivation, name)}
    known = {entry: value for entry, value in witness.right.items() if entry[0] not in touched}
    return Mutated(witness, edit, partial(holds, witness, edit), known, number, search.work)


def holds(witness: Witness, edit: Edit, entry: Entry) -> bool:
    """Is an entry computed by the edited equation?"""
    if edit.scope == "entries":
        return entry in witness.wrong
    layers = scope_of(edit, witness)
    return layers is None or layer_of(witness.unrolled, entry) in layers


def explains(search: Search, witness: Witness, edit: Edit) -> tuple[bool, Any]:
    """Does an edit give all that was found at one instance, and with which number?"""
    mine = [e for e in witness.found if e[0] in search.tensors and e != OBJECTIVE]
    wrong = [e for e in witness.wrong if e in mine]
    number = None
    if edit.open:
        if not wrong:
            return True, None
        number = solved(search, witness, edit, wrong)
        if number is None:
            return False, None
    other = mutated(search, witness, edit, number)
    order = [*reversed(wrong), *(e for e in mine if e not in wrong)]
    return all(witness.same(e, other.read(f"d.{e[0]}", e[1])) for e in order), number


def solved(search: Search, witness: Witness, edit: Edit, wrong: list[Entry]) -> Any:
    """The number with which an edit explains one wrong entry: the first, from the output, that depends on it."""
    field = witness.case.field
    zero, one = (mutated(search, witness, edit, field.rational(n)) for n in (Fraction(0), Fraction(1)))
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
