"""The derivatives among a model's variables: their derived equations give what dual numbers give."""

from __future__ import annotations

from collections.abc import Iterator

from derive.system import Stated, System
from derive.values.affine import Index
from verify.case import DIGITS
from verify.certificate import Check
from verify.instance import Entry, instance, places
from verify.judge import WORST
from verify.numbers import Balls, Exact, Field, Number
from verify.sizes import Sizes
from verify.steps import ATTEMPTS
from verify.unroll import Unrolled

KIND = "derivative in the model"


def check_stated(system: System, sizes: Sizes, seed: int) -> Iterator[Check]:
    """One check for every entry of every derivative that is a variable: equal over oracles, else balls that overlap."""
    if not system.stated:
        return
    exact = _evaluated(system, sizes, seed, Exact(seed))
    balls = {} if exact and all(exact.values()) else _evaluated(system, sizes, seed, Balls(seed))
    for entry in exact or balls:
        good = exact.get(entry, False) or balls[entry]
        yield _check(entry, sizes, "exact" if exact.get(entry, False) else "enclosed" if good else "failed", good)


def _check(entry: Entry, sizes: Sizes, grade: str, good: bool) -> Check:
    name, at = entry
    where, why = f"{name}{list(at)} with {sizes}", "" if good else "it is not the derivative that it is stated to be"
    return Check(name, KIND, "unrolled equations", 0.0 if good else WORST, "relative", where, grade, good, why)


def _evaluated(system: System, sizes: Sizes, seed: int, field: Field) -> dict[Entry, bool]:
    """For every entry: is its value the derivative? Nothing where no random instance can be evaluated."""
    for attempt in range(ATTEMPTS):
        unrolled = Unrolled(instance(system, sizes, seed + attempt, DIGITS), field)
        try:
            with field.context():
                return {
                    (name, at): field.same(unrolled.value(name, at), true)
                    for stated in system.stated
                    for name in (stated.target.tensor,)
                    for at, true in derivatives(stated, unrolled)
                }
        except ZeroDivisionError:
            continue
    return {}


def derivatives(stated: Stated, unrolled: Unrolled) -> Iterator[tuple[tuple[int, ...], Number]]:
    """Every place of a stated derivative, and the derivative there by dual numbers."""
    letters = [p.alone.name for p in stated.target.at if isinstance(p.alone, Index)]
    inner = {x.name for x in stated.of.letters}
    known: dict[tuple[int, ...], dict[Entry, Number]] = {}
    for at in places(unrolled.system.tensor(stated.target.tensor), unrolled.sizes):
        here = dict(zip(letters, at, strict=True))
        own = tuple(here[x] for x in letters if x in inner)
        if own not in known:
            known[own] = unrolled.slopes(stated.of, here)
        yield at, _slope(stated, known[own], here, unrolled)


def _slope(stated: Stated, slopes: dict[Entry, Number], letters: dict[str, int], unrolled: Unrolled) -> Number:
    """The derivative by the entry, or Sum over the inputs of derivative times direction."""
    total = unrolled.evaluator.zero
    if stated.by is not None:
        entry = stated.by.tensor, tuple(unrolled.sizes.value(p, letters) for p in stated.by.at)
        return slopes.get(entry, total)
    for given, direction in stated.along:
        for (name, at), slope in slopes.items():
            if name == given:
                total = total + slope * unrolled.value(direction, at)
    return total
