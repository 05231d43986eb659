"""What is likely wrong with a function that was judged wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

from derive.derivation import Derivation
from derive.values.text import render_expr as text
from verify.case import Case
from verify.diagnosis.assumed import assumed
from verify.diagnosis.blocks import clipped, exchanged, lonely, transposed
from verify.diagnosis.costs import other_costs
from verify.diagnosis.evidence import Among, Witness, witnesses
from verify.diagnosis.localised import localised
from verify.diagnosis.matching import Match, matches
from verify.foreign.target import Target
from verify.unroll import OBJECTIVE

SHOWN = 3  # equations
SEVERAL = 4  # parameters that may be wrong for reasons of their own
NUMBERS_DIFFER = frozenset(("GP101", "GP102", "GP109"))


def diagnose(derivation: Derivation, target: Target, cases: tuple[Case, ...], among: Among = None) -> tuple[str, ...]:
    """Lines that name the mistake, `class: equation: sentence`, where one edit explains every digit at every instance.

    Otherwise, lines that say which blocks are wrong and where to look first. `among` are the values that some data may
    have at further points; None: there are no further points.
    """
    seen = witnesses(derivation, target, cases, among)
    if not any(witness.wrong for witness in seen):
        return ()
    lines: list[str] = []
    if any(OBJECTIVE in witness.wrong for witness in seen):
        costs = other_costs(derivation.system, seen)
        lines += lines_of(costs) or ["the cost J is another one"]
        if any("matching" in cost.kind for cost in costs):
            return tuple(lines)
        if any(witness.wrong_blocks - {OBJECTIVE} for witness in seen):  # both wrong: what fits one only fits by chance
            return (*lines, *localised(derivation, seen))
    names = frozenset(name for w in seen for name, _ in w.wrong_blocks if name != "J")
    if names:
        lines += of_gradient(derivation, seen, names)
    return tuple(lines)


def of_gradient(derivation: Derivation, seen: Sequence[Witness], names: frozenset[str]) -> list[str]:
    """What is said about the gradient: one mistake, or one in each parameter, or where to look."""
    block = exchanged(seen) or transposed(seen) or clipped(seen)
    if block is not None:
        return lines_of([block])
    every = frozenset(t.name for t in derivation.system.role("parameter"))
    alone = lonely(seen)
    if alone is not None:
        return lines_of(matches(derivation, seen, names, alone=True) or [alone])
    fact = assumed(derivation, seen)
    found = [fact] if fact else matches(derivation, seen, every)
    if found:
        return lines_of(found)
    if 1 < len(names) <= SEVERAL:
        apart = {name: matches(derivation, seen, frozenset((name,))) for name in sorted(names)}
        if all(apart.values()):
            return [line for own in apart.values() for line in lines_of(own)]
    return list(localised(derivation, seen))


def lines_of(found: Sequence[Match]) -> list[str]:
    """One line; edits that explain the same digits stand in it side by side."""
    kinds = dict.fromkeys(match.kind for match in found)
    first = [next(match for match in found if match.kind == kind) for kind in kinds]
    texts = [f"{m.kind}: {m.where}{': ' if m.where else ''}{m.says}" for m in first]
    more = " (these cannot be told apart at these points)" if len(texts) > 1 else ""
    return ["; or ".join(texts) + more] if texts else []


def equations_in(derivation: Derivation, lines: Sequence[str]) -> tuple[str, ...]:
    """The derived equations that a diagnosis names, as they should be."""
    lines = [line for line in lines if ": " in line or line.startswith("look first")]
    found: list[str] = []
    for adjoint in derivation.computed:
        own = re.compile(rf"(?<![^ (]){re.escape(adjoint.id)}(?![^),:])")
        if any(own.search(line) for line in lines):
            found.append(f"{text(adjoint.target)} = {text(adjoint.value)}")
    return tuple(found[:SHOWN])
