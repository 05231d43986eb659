"""The name of a number that was found at instances of several sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import Any

from derive.system import System
from verify.diagnosis.evidence import Witness

NUMBERS = tuple(Fraction(sign * p, q) for p, q in ((1, 1), (2, 1), (1, 2), (4, 1), (1, 4)) for sign in (1, -1))
POWERS = (1, -1, 2, -2)
LONGEST = 10**6  # the largest denominator of a number that somebody wrote
SHARP, LOOSE = 1e-20, 1e-9  # how exactly a number has to be met, on balls and on floats


def name_of(system: System, found: list[tuple[Witness, Any]]) -> tuple[str, str] | None:
    """What a number is at all instances: its class, and words. None if nothing simple is."""
    for kind, words, value in candidates(system):
        if all(meets(number, value(witness), witness) for witness, number in found):
            return kind, words
    middle = Fraction(float(found[0][1].mid())).limit_denominator(LONGEST)
    if len(found) > 1 and all(meets(number, middle, witness) for witness, number in found):
        return "constant", f"times {float(middle):.6g}"
    return None


def meets(number: Any, value: Fraction, witness: Witness) -> bool:
    """Is a ball that number?"""
    near = SHARP if witness.sharp else LOOSE
    with witness.case.field.context():
        exact = witness.case.field.rational(value)
        return bool((number - exact).abs_upper() < near * max(1.0, abs(float(value))))


def candidates(system: System) -> Iterator[tuple[str, str, Any]]:
    """Numbers, sizes and hyper-parameters, simple ones first."""
    hypers = [t.name for t in system.role("hyper") if not t.slots]
    for number in (Fraction(0), *NUMBERS):
        if number != 1:
            yield number_kind(number), number_words(number), lambda w, n=number: n
    for size in system.sizes:
        yield "off-by-one sample", f"times {size}/({size} - 1)", lambda w, s=size: over(count(w, s), count(w, s) - 1)
        yield "off-by-one sample", f"times ({size} - 1)/{size}", lambda w, s=size: over(count(w, s) - 1, count(w, s))
        yield "off-by-one sample", f"times {size}/({size} + 1)", lambda w, s=size: over(count(w, s), count(w, s) + 1)
    for number in NUMBERS:
        for size in system.sizes:
            for power in POWERS:
                kind = "missing 1/m" if power > 0 else "1/m twice"
                words = times(number, {size: power}) + (f", so 1/{size} is missing" if power == 1 else "")
                yield kind, words, lambda w, n=number, s=size, p=power: n * Fraction(count(w, s)) ** p
    for one, other in combinations(system.sizes, 2):
        for power in (1, -1):
            kind, words = "missing 1/m" if power > 0 else "1/m twice", times(Fraction(1), {one: power, other: power})
            yield kind, words, lambda w, s=one, t=other, p=power: Fraction(count(w, s) * count(w, t)) ** p
    for number in NUMBERS:
        for hyper in hypers:
            for power in (1, -1):
                kind = "factor missing" if number == 1 and power < 0 else "hyper"
                yield kind, times(number, {hyper: power}), lambda w, n=number, h=hyper, p=power: n * given(w, h) ** p
                for size in system.sizes:
                    for q in (1, -1):
                        words = times(number, {hyper: power, size: q})
                        yield (
                            "hyper",
                            words,
                            lambda w, n=number, h=hyper, p=power, s=size, q=q: (
                                n * given(w, h) ** p * Fraction(count(w, s)) ** q
                            ),
                        )


def count(witness: Witness, size: str) -> int:
    """The value of a size."""
    return witness.case.instance.sizes.size(size)


def over(above: int, below: int) -> Fraction:
    """A quotient; one by 0 is nothing that anybody finds."""
    return Fraction(above, below) if below else Fraction(10**30)


def given(witness: Witness, name: str) -> Fraction:
    """The value of a hyper-parameter; 0 has no powers."""
    return witness.case.instance.entries[name, ()] or Fraction(10**30)


def number_kind(number: Fraction) -> str:
    """The class of a factor."""
    return "missing" if not number else "sign" if number == -1 else "factor 2"


def number_words(number: Fraction) -> str:
    """The factor in words."""
    return "times 0" if not number else "with the opposite sign" if number == -1 else f"times {number}"


def times(number: Fraction, powers: Mapping[str, int]) -> str:
    """times -2*m/lam"""
    above = "*".join(
        [*([str(number)] if number not in (1, -1) else []), *(n for n, p in powers.items() for _ in range(p))]
    )
    below = "".join(f"/{n}" for n, p in powers.items() for _ in range(-p))
    return f"times {'-' if number == -1 else ''}{above or '1'}{below}"
