"""Where a mistake begins, when it has no name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.derivation import Adjoint, Derivation
from verify.diagnosis.blocks import ratios
from verify.diagnosis.edits import label
from verify.diagnosis.evidence import Block, Witness, shown
from verify.diagnosis.trials import adjoints_read
from verify.run import divide
from verify.unroll import OBJECTIVE, match

NEAR = 1e-4


def localised(derivation: Derivation, seen: Sequence[Witness]) -> Iterator[str]:
    """Which blocks are wrong and which are right, the equation to look at first, and constant ratios."""
    wrong = {block for w in seen for block in w.wrong_blocks} - {OBJECTIVE}
    right = {block for w in seen for block in w.blocks} - wrong - {OBJECTIVE}
    if not wrong:
        return
    words = f"{', '.join(map(shown, sorted(wrong)))} wrong"
    yield words + (f", {', '.join(map(shown, sorted(right)))} right" if right else "")
    if near(seen):
        yield "all numbers are nearly right: something is rounded on the way, or a small number does not belong"
    begin = first_wrong(derivation, seen[-1], wrong, right)
    if begin:
        yield f"look first at {begin}"
    yield from ratios(seen, wrong)


def near(seen: Sequence[Witness]) -> bool:
    """Do all numbers lie so close to the right ones that rounding to fewer digits may explain them?"""
    pairs = [(w.found[e], w.case.symbolic[e]) for w in seen for e in w.wrong]
    gaps = [abs(float(a.mid()) - float(b.mid())) / max(abs(float(b.mid())), 1.0) for a, b in pairs]
    return bool(gaps) and max(gaps) < NEAR


def first_wrong(derivation: Derivation, witness: Witness, wrong: set[Block], right: set[Block]) -> str:
    """The first equation, from the output, of which all parameters that read it are wrong; else that of a parameter."""
    names = {name for name, _ in wrong}
    fine = {name for name, _ in right} - names
    parameters = {t.name for t in derivation.system.role("parameter")}
    for adjoint in derivation.computed:
        readers = {a.of for a in derivation.computed if adjoint.of in adjoints_read(a)} & parameters
        if adjoint.of not in parameters and len(readers) > 1 and readers <= names and not readers & fine:
            return in_layer(derivation, witness, adjoint)
    return next((label(a) for a in derivation.computed if a.of in names), "")


def in_layer(derivation: Derivation, witness: Witness, adjoint: Adjoint) -> str:
    """The equation of the same quantity in the last layer with a wrong gradient."""
    layers = witness.layers
    if layers and divide(derivation.system.tensor(adjoint.of), (1,) * len(adjoint.target.at))[0]:
        for other in derivation.adjoints_of(adjoint.of):
            at = (layers[-1], *(1 for _ in adjoint.target.at[1:]))
            if match(other.target, other.bounds, at, witness.case.instance.sizes) is not None:
                return f"{label(other)}, layer {layers[-1]}"
    return label(adjoint)
