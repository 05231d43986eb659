"""A cost and a gradient in NumPy, and no model: the gradient judged against the cost's own derivative, in balls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from flint import arb, ctx

from derive.errors import ModelError
from verify.case import Values
from verify.codes import named
from verify.foreign.arguments import Known, Point, copied, points_of, vector
from verify.foreign.around import at_kinks, moved
from verify.foreign.cost import Functions, beside, known, slopes, wide
from verify.foreign.differing import by_differences
from verify.foreign.judge import twice
from verify.foreign.kinks import NUDGES, hull_of, settled
from verify.foreign.reading import Answer, Misfit, Reading, reading, starts_with_number
from verify.foreign.source import NotOnBalls
from verify.foreign.verdict import Finding, Verdict
from verify.foreign.weighing import Judged, Ran, never_told, weighed
from verify.judge import BLACK_BOX, tied
from verify.numbers import BITS, Undecided
from verify.shadow import UNITS, Ties
from verify.unroll import OBJECTIVE

By = Sequence[str | int] | str | int | None


@dataclass(frozen=True)
class Seen:
    """What one point says: the judgement, and the right numbers there if they are known."""

    judged: Judged
    right: Values = field(default_factory=dict)
    gaps: tuple[float, ...] = ()


def check_plain(
    gradient: Callable[..., Any], cost: Callable[..., Any] | None, at: Any, by: By, around: bool, accept: str, seed: int
) -> Verdict:
    """Judge a gradient against a cost at points and around them. ModelError if a point or `by` cannot be meant."""
    name = getattr(gradient, "__qualname__", type(gradient).__name__)
    against = getattr(cost, "__qualname__", type(cost).__name__) if cost is not None else "its cost"
    own = points_of(at, gradient)
    for point in own:
        for label, value in point.leaves().items():
            if not np.all(np.isfinite(value)):
                raise ModelError(f"{label} of {point.at} is not finite")
    try:
        functions, own = understood(gradient, cost, own, by)
    except Misfit as misfit:
        code = "GP112" if by is None else "GP108"
        found = Finding(code, misfit.label, f"{named(code)}: {misfit.what}" if by is None else misfit.what, own[0].at)
        return Verdict(name, against, (found,), (), 0, False, 0, 0)
    except ModelError:
        raise
    except Exception as error:
        found = Finding("GP113", "gradient", f"{type(error).__name__}: {error}", own[0].at)
        return Verdict(name, against, (found,), (), 0, False, 0, 0)
    seen = list(everywhere(functions, own, around, seed))
    return summary(name, f"{against}, by {functions.reading.text}", seen, accept)


def understood(
    gradient: Callable[..., Any], cost: Callable[..., Any] | None, own: tuple[Point, ...], by: By
) -> tuple[Functions, tuple[Point, ...]]:
    """How the gradient's result is to be read. Whole numbers become floats where nothing else fits."""
    reason: Exception | None = None
    for points in (own, tuple(map(in_floats, own))):
        try:
            read = read_at(gradient, cost, points[0], by)
        except Misfit as misfit:
            reason = reason or misfit
        except ModelError:
            raise
        except Exception as error:  # whatever the code raises
            reason = reason or error
        else:
            if points[0].leaves(read.by):
                return Functions(gradient, cost, read), points
    raise reason or Misfit("gradient", "there are no floats among its arguments")


def read_at(gradient: Callable[..., Any], cost: Callable[..., Any] | None, point: Point, by: By) -> Reading:
    """How to read the result at one point. Misfit, ModelError, or whatever the code raises."""
    with np.errstate(all="ignore"):
        returned = copied(point).call(gradient)
        value = first_number(returned) if cost is None else float(np.asarray(copied(point).call(cost)).reshape(-1)[0])
    found = reading(returned, point, value, by)
    if cost is None and not found.cost_first:
        raise ModelError("without a model and without a cost there is nothing to judge by", fix="cost=...")
    return found


def first_number(returned: Any) -> float | None:
    """The cost that comes with a gradient, if one does."""
    if starts_with_number(returned):
        return float(np.asarray(returned[0]).reshape(-1)[0])
    return None


def in_floats(point: Point) -> Point:
    """The point with the whole numbers of its first argument as floats: a start such as [0, 1]."""
    first, *others = (*point.args, *point.keywords.values())
    made = first.astype(float) if isinstance(first, np.ndarray) and first.dtype.kind in "iu" else vector(first)
    if point.args:
        return replace(point, args=(made, *point.args[1:]))
    return replace(point, keywords=dict(zip(point.keywords, (made, *others), strict=True)))


def everywhere(functions: Functions, own: tuple[Point, ...], around: bool, seed: int) -> Iterator[Seen]:
    """The user's points, and points around them at which both functions are defined."""
    for point in own:
        first = judged_at(functions, point)
        yield first
        if not around or not first.right:
            continue
        try:
            near = [*moved(point, functions, seed), *at_kinks(point, functions, first.gaps)]
        except Exception:
            near = list(moved(point, functions, seed))
        for other in near:
            if defined(functions, other):
                seen = judged_at(functions, other)
                if not any(f.code == "GP111" for f in seen.judged.findings):
                    yield seen


def defined(functions: Functions, point: Point) -> bool:
    """Do both functions give finite numbers there?"""
    try:
        with np.errstate(all="ignore"):
            value = functions.value(copied(point))
            answer = functions.reading.read(copied(point).call(functions.gradient), point)
        finite = [bool(np.isfinite(float(v))) for v in (value, *answer.entries.values())]
    except Exception:
        return False
    return all(finite)


def judged_at(functions: Functions, point: Point) -> Seen:
    """All that can be said at one point."""
    labels = list(point.given)

    def call(given: dict[str, Any]) -> Answer:
        values, count = [given[label] for label in labels], len(point.args)
        keywords = dict(zip(point.keywords, values[count:], strict=True))
        return functions.reading.read(functions.gradient(*values[:count], **keywords), point)

    def value(given: dict[str, Any]) -> Answer:
        values, count = [given[label] for label in labels], len(point.args)
        keywords = dict(zip(point.keywords, values[count:], strict=True))
        assert functions.cost is not None
        return Answer({OBJECTIVE: functions.cost(*values[:count], **keywords)})

    with np.errstate(all="ignore"):
        first, findings, notes = twice(call, copied(point).given, point.at)
        if functions.cost is not None:
            plain, more, _ = twice(value, copied(point).given, point.at)
            findings += [replace(f, block="J" if f.code != "GP107" else "arguments of the cost") for f in more]
            first = None if plain is None else first
    if first is None:
        return Seen(Judged(tuple(findings), 0, False, "", tuple(notes)))
    seen = compared(functions, point, first.entries)
    whole = replace(seen.judged, findings=(*findings, *seen.judged.findings), notes=(*notes, *seen.judged.notes))
    return replace(seen, judged=whole)


def compared(functions: Functions, point: Point, found: Values) -> Seen:
    """Floats against the derivative of the cost: in balls, or where it does not run on these in differences."""
    dtype = "float32" if any(v.dtype == np.float32 for v in point.leaves().values()) else "float64"
    try:
        right, told = known(functions, point)
    except Undecided as error:
        return Seen(Judged((Finding("GP111", "gradient", f"{named('GP111')}: {error}", point.at),), 0, False))
    except Exception as error:  # whatever the code raises on balls
        why = f"{error}" if isinstance(error, NotOnBalls) else f"{type(error).__name__}: {error}"
        return Seen(by_differences(functions, point, found, why))
    loose = cache(lambda: rounding(functions, point, right, UNITS[dtype]))
    try:
        with ctx.workprec(BITS):
            judged = weighed(right, found, ran(functions, point, UNITS[dtype]), loose)
            if told.ties and judged.findings:
                hulls = hull_of(right, (beside(functions, point, draw) for draw in range(NUDGES)))
                judged = settled(right, judged, found, hulls, f"at a kink, {point.at}")
    except Undecided as error:
        judged = Judged((Finding("GP111", "gradient", f"{named('GP111')}: {error}", point.at),), 0, False)
    return Seen(judged, right.symbolic, told.gaps)


def ran(functions: Functions, point: Point, unit: float) -> Ran:
    """The gradient's own code on balls, exact ones and those that widen as floats round."""

    def run(unit: float) -> Values:
        return functions.entries_on_balls(point, unit)

    try:
        with Ties(equal=True):
            exact = run(0.0)
            if wide(exact):
                with ctx.workprec(4 * BITS):
                    exact = run(0.0)
    except Exception as error:  # a black box, whatever it raises
        return Ran(None, ({},), f"{error}" if isinstance(error, NotOnBalls) else f"{type(error).__name__}: {error}")
    try:
        return Ran(exact, (run(unit),))
    except Undecided as error:
        with suppress(Exception):
            return Ran(exact, tied(run, unit, lambda values: values, True))
        return Ran(exact, ({},), f"floats may lose all digits: {error}")
    except Exception as error:
        return Ran(exact, ({},), f"{type(error).__name__}: {error}")


def rounding(functions: Functions, point: Point, right: Known, unit: float) -> tuple[Values, ...]:
    """What the cost read backwards in floats may round to, taken some times."""

    def run(unit: float) -> Values:
        return slopes(functions, point, unit).values

    def wider(values: Values) -> Values:
        return {e: right.symbolic[e] + arb(0, BLACK_BOX * float(v.rad())) for e, v in values.items()}

    def around(values: Values) -> Values:
        return {e: v + arb(0, (BLACK_BOX - 1) * float(v.rad())) for e, v in values.items()}

    try:
        return (wider(run(unit)),)
    except Undecided:
        return tied(run, unit, around, True)


def summary(name: str, against: str, seen: list[Seen], accept: str) -> Verdict:
    """One verdict from what every point says: of each block and kind the first finding."""
    found: dict[tuple[str, str], Finding] = {}
    for one in seen:
        for finding in one.judged.findings:
            found.setdefault((finding.code, finding.block.partition("[")[0]), finding)
    for label in untested(seen):
        found.setdefault(("GP110", label), Finding("GP110", f"d.{label}", named("GP110")))
    for finding in never_told([one.judged for one in seen], labels_of(seen)):
        found.setdefault((finding.code, finding.block), finding)
    notes = list(dict.fromkeys(note for one in seen for note in one.judged.notes))
    whys = dict.fromkeys(f"a black box: {one.judged.why}" for one in seen if one.judged.why and one.right)
    if accept == "differences":
        notes += [str(f) for f in found.values() if f.code == "GP114"]
        found = {key: f for key, f in found.items() if f.code != "GP114"}
    told = [one.judged for one in seen if one.judged.digits]
    return Verdict(
        function=name,
        against=against,
        findings=tuple(found.values()),
        notes=(*list(whys)[:1], *notes),
        digits=min((j.digits for j in told), default=0),
        white=bool(seen) and all(j.white for j in (one.judged for one in seen) if j.digits or j.findings or j.why),
        points=len(seen),
        entries=sum(max(len(one.right) - 1, 0) for one in seen),
    )


def untested(seen: list[Seen]) -> list[str]:
    """The blocks that are 0 at every point."""
    alive = {e[0] for one in seen for e, ball in one.right.items() if e != OBJECTIVE and not ball.contains(0)}
    return [label for label in labels_of(seen) if label not in alive]


def labels_of(seen: list[Seen]) -> list[str]:
    """The blocks of the gradient."""
    return list(dict.fromkeys(entry[0] for one in seen for entry in one.right if entry != OBJECTIVE))
