"""Points further away: every size long in turn, and large data.

What stops after so many steps, takes so many samples only, or is cut off at some number shows nowhere else. The formula
is judged there, not its floats, which may overflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from derive.derivation import Derivation
from derive.errors import ModelError
from derive.system import System
from verify.case import DIGITS, Case, sharp
from verify.foreign.judge import exact_run
from verify.foreign.large import MANY, large_case, reference
from verify.foreign.points import called_at, drawn_among
from verify.foreign.target import Target
from verify.foreign.weighing import Judged, white
from verify.instance import Instance, changed, free_data, instance, places
from verify.numbers import Undecided
from verify.sizes import Sizes, depths, draw
from verify.unroll import OBJECTIVE

LONG = 40  # places of an axis
AXES = 6  # as many are long in turn
LARGE = 2**14  # large data are so many times as large
HALF = 2.0**-26  # of a number's digits
Among = Mapping[str, Sequence[float]]


def further(
    derivation: Derivation, target: Target, cases: Sequence[Case], asked: Mapping[str, int], among: Among, seed: int
) -> Iterator[tuple[Case, Judged]]:
    """What the formula gives at points further away, where the function can be called there and runs on balls."""
    for case in large_data(derivation, cases[0], among, seed):
        yield from judged(case, target, scales(case, cases[0]))
    for case in long_axes(derivation, target, asked, among, seed):
        yield from judged(case, target, None)


def judged(case: Case, target: Target, scales: Mapping[str, float] | None) -> Iterator[tuple[Case, Judged]]:
    """What the formula gives, if it runs on balls; with `scales`, gradients that differ in the first half of digits.

    Costs and saturated functions are cut off rightly: log(max(p, 1e-15)).
    """
    exact, _ = exact_run(case, target)
    if exact is None:
        return
    with case.field.context():
        entries = sorted(case.symbolic.keys() & exact.keys())
        if scales is not None:
            off = {e: float((exact[e] - case.symbolic[e]).abs_lower()) for e in entries if e != OBJECTIVE}
            entries = [e for e, gap in off.items() if gap > HALF * scales[e[0]]]
        findings, digits = white(case, exact, entries)
    sure = tuple(f for f in findings if f.code != "GP111")
    yield case, Judged(sure, 0 if findings else digits, True)


def scales(*cases: Case) -> dict[str, float]:
    """The size of the largest entry of every tensor."""
    found: dict[str, float] = {}
    for case in cases:
        for (name, _), ball in case.symbolic.items():
            found[name] = max(found.get(name, 0.0), float(ball.abs_upper()))
    return found


def large_data(derivation: Derivation, case: Case, among: Among, seed: int) -> Iterator[Case]:
    """The same point with large data."""
    drawn = case.instance
    names = free_data(drawn.system)
    entries = changed(drawn, names, lambda entry, value: value * LARGE)
    large = drawn_among(Instance(drawn.system, drawn.sizes, entries), among)
    with suppress(Undecided, ArithmeticError):
        yield sharp(derivation, large, seed)


def long_axes(
    derivation: Derivation, target: Target, asked: Mapping[str, int], among: Among, seed: int
) -> Iterator[Case]:
    """Points at which one size is long, and the function can be called."""
    sizes = tuple(
        one for one in long_sizes(derivation.system, asked, seed) if called_at(target, (one,), seed, among)[0]
    )
    if not sizes:
        return
    with suppress(Undecided, ModelError):
        code = reference(derivation, seed)
        for one in sizes:
            with suppress(Undecided, ArithmeticError):
                drawn = drawn_among(instance(derivation.system, one, seed, DIGITS), among)
                yield large_case(derivation, drawn, code, seed)


def long_sizes(system: System, asked: Mapping[str, int], seed: int) -> Iterator[Sizes]:
    """Sizes of which one is long and the others are small; those of recurrences first."""
    deep = depths(system)
    names = [*deep, *(name for name in system.sizes if name not in deep)]
    small = dict.fromkeys(deep, 3)
    for name in [name for name in names if name not in asked][:AXES]:
        made = draw(system, {**small, **asked, name: LONG}, "random", seed)
        if made is not None and entries_at(system, made) <= MANY:
            yield made


def entries_at(system: System, sizes: Sizes) -> int:
    """The number of entries that are given at some sizes."""
    given = (tensor for role in ("parameter", "data") for tensor in system.role(role))
    return sum(1 for tensor in given for _ in places(tensor, sizes))
