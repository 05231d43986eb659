"""Generated code judged at one instance.

The kernel runs on balls of 170 bits, which are compared with the balls of the derived equations: there is no
tolerance. The same kernel on balls that are widened by what a float rounds bounds the error of the float result.
Code that cannot run on balls is a black box: its floats are compared, within the rounding of the equations themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial, reduce
from itertools import combinations
from typing import Any

import numpy as np
from flint import arb

from derive.derivation import Derivation
from derive.system import calls
from derive.values.nodes import STOP
from verify.case import Case, Values
from verify.certificate import Check
from verify.differences import central
from verify.instance import Entry
from verify.kernel import kernel_on_balls, run_on_balls
from verify.numbers import Undecided
from verify.rounding import Rounding
from verify.run import Code, floats
from verify.shadow import UNITS, Ties
from verify.symbolic import Symbolic
from verify.unroll import OBJECTIVE, Unrolled

BLACK_BOX = 4  # the equations' own rounding is taken so many times where the code cannot tell its own
FLIPS = 5  # so many ties are decided in every way
MANY = 12  # of more than that so many, one at a time
WORST = 1e300
LOST = "may keep no digit"


def check_derivation(case: Case) -> Iterator[Check]:
    """The derived equations and the unrolled ones enclose the same numbers."""
    with case.field.context():
        yield from compare_balls(case, "derivation, 170 bits", "unrolled equations", case.symbolic, case.true)


def check_case(case: Case, derivation: Derivation, code: Code) -> Iterator[Check]:
    """All comparisons of the code at one instance."""
    with case.field.context():
        enclosed = list(check_balls(case, code))
    yield from enclosed
    known = all(check.grade == "enclosed" for check in enclosed)
    for dtype in case.instance.held:
        yield from check_type(case, derivation, code, dtype, known=known)


def check_type(
    case: Case, derivation: Derivation, code: Code, dtype: str, *, known: bool, slopes: bool = True
) -> Iterator[Check]:
    """Floats of one type, and central differences of the cost; `known`: the same code was enclosed in balls."""
    try:
        with case.field.context():
            allowed, why = budgets(case, derivation, code, UNITS[dtype])
        yield from check_floats(case, code, dtype, allowed, why)
        kink = case.instance.note or len(allowed) > 1  # there is no two-sided derivative
        if slopes and dtype == "float64" and not kink and not stops(case):
            yield from check_differences(case, code, allowed[0][OBJECTIVE])
    except Exception as error:  # whatever the code raises is a finding
        if isinstance(error, Undecided) and case.instance.note:
            return  # at a kink a rounded number may be on either side; the exact balls have judged the code there
        lost = isinstance(error, Undecided) and known
        yield Check(
            "J",
            f"code, {dtype}",
            "derivation",
            0.0 if lost else WORST,
            "ulp",
            case.where(OBJECTIVE),
            "black box" if lost else "failed",
            lost,
            f"{dtype} {LOST}: {error}" if lost else f"raises {type(error).__name__}: {error}",
        )


def stops(case: Case) -> bool:
    """Does the model keep derivatives from passing somewhere? Then differences of the cost are no derivative of it."""
    system = case.instance.system
    return any(call.function == STOP for e in (*system.equations, system.objective) for call in calls(e.value))


def check_balls(case: Case, code: Code) -> Iterator[Check]:
    """The kernel's own exact result encloses what the derivation says."""
    try:
        found = kernel_on_balls(case, code)
    except Exception as error:  # the floats will tell whether the code is wrong or only blind to balls
        yield Check(
            "J",
            "code, 170 bits",
            "derivation",
            0.0,
            "relative",
            case.where(OBJECTIVE),
            "black box",
            True,
            f"does not run on balls: {type(error).__name__}: {error}",
        )
        return
    yield from compare_kernel(case, found)


def compare_kernel(case: Case, found: Values) -> Iterator[Check]:
    """The kernel's own exact result against what the derivation says."""
    yield from compare_balls(case, "code, 170 bits", "derivation", found, case.symbolic)
    yield from strangers(case, "code, 170 bits", found)


def strangers(case: Case, check: str, found: Values) -> Iterator[Check]:
    """Entries that should not be there: the gradient has another shape than the parameter."""
    for entry in sorted(set(found) - set(case.symbolic)):
        equation = next(case.equations[e] for e in sorted(case.equations) if e[0] == entry[0])
        yield Check(
            equation,
            check,
            "derivation",
            WORST,
            "relative",
            case.where(entry),
            "failed",
            False,
            "there is no such entry",
        )


def compare_balls(case: Case, check: str, against: str, found: Values, wanted: Values) -> Iterator[Check]:
    """Entry by entry, two enclosures of the same number; disjoint ones prove a difference."""
    for entry in sorted(wanted):
        if entry not in found:
            yield Check(
                case.equations[entry], check, against, WORST, "relative", case.where(entry), "failed", False, "missing"
            )
            continue
        good = case.field.same(found[entry], wanted[entry])
        word = "cannot be told from" if found[entry].overlaps(wanted[entry]) else "is not"
        why = "" if good else f"{found[entry].str(20)} {word} {wanted[entry].str(20)}"
        yield Check(
            case.equations[entry],
            check,
            against,
            relative(found[entry], wanted[entry]),
            "relative",
            case.where(entry),
            "enclosed" if good else "failed",
            good,
            why,
        )


def budgets(case: Case, derivation: Derivation, code: Code, unit: float) -> tuple[tuple[Values, ...], str]:
    """For every entry balls in one of which the float result lies, more than one at ties; why it is a black box."""
    return budgets_of(case, derivation, lambda unit: run_on_balls(case.instance, code, unit), unit)


def budgets_of(
    case: Case, derivation: Derivation, kernel: Callable[[float], Values], unit: float
) -> tuple[tuple[Values, ...], str]:
    """The same for anything that can be run on balls of a kind."""
    try:
        return (kernel(unit),), ""
    except Exception as error:
        why = f"black box: {type(error).__name__}: {error}"
        if isinstance(error, Undecided) and not case.instance.note:
            with suppress(Exception):
                return tied(kernel, unit, lambda values: values, case.tied), ""
    return equation_budgets(case, derivation, unit), why


def equation_budgets(case: Case, derivation: Derivation, unit: float, careless: bool = False) -> tuple[Values, ...]:
    """What the equations themselves may round to, taken some times, where nothing is known of the code.

    `careless`: or what formulas of the same that lose digits may round to.
    """

    def equations(unit: float) -> Values:
        symbolic = Symbolic(derivation, Unrolled(case.instance, Rounding(unit, case.field, careless=careless)))
        own = {OBJECTIVE: symbolic.unrolled.value("J"), **symbolic.gradient()}
        return {e: v.settled() for e, v in own.items()}

    def wider(values: Values) -> Values:
        return {e: v + arb(0, (BLACK_BOX - 1) * float(v.rad())) for e, v in values.items()}

    try:
        own = equations(unit)
        return ({e: case.symbolic[e] + arb(0, BLACK_BOX * float(v.rad())) for e, v in own.items()},)
    except Undecided:
        if case.instance.note:
            raise
        return tied(equations, unit, wider, case.tied)


def tied(
    run: Callable[[float], Values], unit: float, shape: Callable[[Values], Values], equal: bool
) -> tuple[Values, ...]:
    """The budgets where floats may decide some comparisons otherwise than exact numbers, which are equal or nearly so.

    One for every way to decide them. Where there are too many, one that holds those of all as exact numbers do, all
    yes, all no, and each of the first ones alone otherwise.
    """
    with Ties(equal=equal) as exact:
        run(0.0)
    with Ties(exact.seen) as first:
        found = [shape(run(unit))]
    few, many = range(len(first.undecided)), len(first.undecided) > FLIPS
    answers: list[Callable[[int, bool], bool]] = [lambda _, same: True, lambda _, same: False]
    chosen = [{q} for q in few[:MANY]] if many else [set(c) for n in few for c in combinations(few, n + 1)]
    answers += [partial(lambda flipped, number, same: same != (number in flipped), c) for c in chosen]
    for answer in answers:
        with suppress(Undecided, ZeroDivisionError, LookupError), Ties(exact.seen, answer):
            found.append(shape(run(unit)))
    return (found[0], reduce(hull, found)) if many else tuple(found)


def hull(one: Values, other: Values) -> Values:
    """Entry by entry a ball that holds both."""
    return {entry: ball.union(other[entry]) for entry, ball in one.items() if entry in other}


def check_floats(case: Case, code: Code, dtype: str, allowed: tuple[Values, ...], why: str) -> Iterator[Check]:
    """The public function on floats: the right type, and within what the type may round."""
    parameters, given = code.arguments(case.instance, floats(dtype))
    cost, gradient = code.gradient(parameters, given, kernel=False)
    repeated = code.gradient(parameters, given, kernel=False)
    found: Values = {OBJECTIVE: cost, **gradient}
    same = {OBJECTIVE: repeated[0], **repeated[1]}
    alone = code.cost(parameters, given)
    with case.field.context():
        good = wrong_float(alone, alone, dtype) == "" and inside(alone, OBJECTIVE, allowed)
    yield Check(
        "J",
        f"cost alone, {dtype}",
        "derivation",
        abs(float(alone) - float(cost)),
        "absolute",
        case.where(OBJECTIVE),
        "rounded" if good else "failed",
        good,
        "" if good else f"cost gives {alone!r}, cost_and_gradient {cost!r}",
    )
    yield from strangers(case, f"code, {dtype}", found)
    for entry in sorted(case.symbolic):
        value = found.get(entry)
        reason = wrong_float(value, same.get(entry), dtype)
        with case.field.context():
            gap = abs(exactly(value) - case.symbolic[entry]) if not reason else arb(0)
            if not reason and not inside(value, entry, allowed):
                bar = f"{float(allowed[0][entry].rad()):.2g}"
                reason = f"{value!r} is not {case.symbolic[entry].str(20)}, rounding allows {bar}"
            error = WORST if value is None else float(gap.mid()) / spacing(case, entry, dtype)
        yield Check(
            case.equations[entry],
            f"code, {dtype}",
            "derivation",
            error,
            "ulp",
            case.where(entry),
            "failed" if reason else "rounded" if not why else "black box",
            not reason,
            reason or why,
        )


def inside(value: Any, entry: Entry, allowed: tuple[Values, ...]) -> bool:
    """Does a float lie in one of the budgets of its entry, if there are any?"""
    return entry not in allowed[0] or any(entry in b and b[entry].overlaps(exactly(value)) for b in allowed)


def spacing(case: Case, entry: Entry, dtype: str) -> float:
    """One ulp of the largest entry of the same tensor; of the cost, if all of them are 0."""
    peers = [float(value.abs_lower()) for (name, _), value in case.symbolic.items() if name == entry[0]]
    kind = np.dtype(dtype).type
    return float(np.spacing(kind(max(peers) or float(case.symbolic[OBJECTIVE].abs_lower()) or 1.0)))


def wrong_float(value: Any, again: Any, dtype: str) -> str:
    """What is wrong with a float before its value is looked at."""
    if value is None:
        return "missing"
    if str(getattr(value, "dtype", type(value).__name__)).replace("float", "") not in (dtype.replace("float", ""), ""):
        return f"{getattr(value, 'dtype', type(value).__name__)} instead of {dtype}"
    if not np.isfinite(value):
        return f"{value!r}"
    return "" if value == again else f"two calls give {value!r} and {again!r}"


def exactly(value: Any) -> arb:
    """The ball of radius 0 of a float."""
    return arb(float(value))


def check_differences(case: Case, code: Code, budget: arb) -> Iterator[Check]:
    """Central differences of the public cost in float64 against the derivation, entry by entry."""
    parameters, given = code.arguments(case.instance, floats("float64"))
    rounding = float(budget.rad())
    for entry in sorted(case.symbolic):
        if entry == OBJECTIVE:
            continue
        slope = central(moving_cost(code, parameters, given, entry), rounding)
        exact = float(case.symbolic[entry].mid())
        good = slope.agrees(exact)
        bars = abs(slope.value - exact) / max(slope.bar, 1e-300)
        yield Check(
            case.equations[entry],
            "differences",
            "derivation",
            bars,
            "bars",
            case.where(entry),
            "differences" if good else "failed",
            good,
            "" if good else f"{slope.value!r} is not {exact!r} within {slope.bar:.2g}",
        )


def moving_cost(
    code: Code, parameters: dict[str, Any], given: dict[str, Any], entry: Entry
) -> Callable[[float], float]:
    """The cost as a function of how far one entry is moved."""
    return lambda h: float(code.cost(code.moved(parameters, entry, h), given))


def relative(found: arb, wanted: arb) -> float:
    """|found - wanted| as far as the balls leave it open, relative to `wanted` or to 1 if that is small."""
    gap = float((found - wanted).abs_upper())
    return gap / max(abs(float(wanted.mid())), 1.0) if gap < WORST else WORST
