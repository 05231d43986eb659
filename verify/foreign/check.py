"""`check_gradient`: the front door of the judge."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from derive import Model, System, derive
from derive.derivation import Derivation
from verify.agreement import always_zero
from verify.case import DIGITS, Case
from verify.codes import named
from verify.diagnosis.diagnose import NUMBERS_DIFFER, diagnose, equations_in
from verify.diagnosis.verdicts import FEW_DIGITS, MODIFIES, STATEFUL, told
from verify.foreign.found import Unknown, found
from verify.foreign.further import further
from verify.foreign.judge import judge_case
from verify.foreign.kinks import at_kink
from verify.foreign.layout import Layout, stated
from verify.foreign.plain import By, check_plain
from verify.foreign.points import cases_of, own_case, possible, seen, supported
from verify.foreign.target import Target
from verify.foreign.trials import Search
from verify.foreign.verdict import Finding, Verdict
from verify.foreign.weighing import Judged, never_told
from verify.instance import instance
from verify.numbers import Undecided
from verify.run import floats


def check_gradient(
    gradient: Callable[..., Any],
    *,
    against: Model | System | Derivation | None = None,
    cost: Callable[..., Any] | None = None,
    arguments: Any = None,
    returns: Any = None,
    sizes: Mapping[str, int] | None = None,
    at: Any = (),
    by: By = None,
    around: bool = True,
    accept: Literal["", "differences"] = "",
    among: Mapping[str, Sequence[float]] | None = None,
    seed: int = 0,
) -> Verdict:
    """Judge a function that claims to be the gradient of a model.

    `arguments` and `returns` are templates (`verify.foreign.layout`);
    without them they are found (`verify.foreign.found`). `cost` is the cost as a function of the same
    arguments, if `gradient` does not return it first. `sizes` fixes sizes of the model, such as `{"L": 3}`; `at` are
    points of your own, arrays by the model's names, judged in the float type that they have, and alone if `around` is
    False. `among` lists the values
    that some data may have: `{"y": (-1, 1)}`.

    Without a model, `cost` is a function in NumPy, and the gradient is judged against its derivative. `at` is then one
    point, the arguments of both functions as a tuple or by name, or a list of several, and `by` says by which arguments
    the gradient is, by name or position: else by the first ones that its result fits in shape, alone, one after another
    or as one vector. Points around yours are judged too, with other values of these arguments, unless `around` is
    False. A cost that does not run on balls leaves only differences, which are undecided: `accept="differences"`.

    Raises ModelError where the model, a template, a size or a point cannot be meant.
    """
    with unswept():
        if against is None:
            return check_plain(gradient, cost, at, by, around, accept, seed)
        return check_against(gradient, against, cost, arguments, returns, sizes, at, around, among, seed)


@contextmanager
def unswept() -> Iterator[None]:
    """No search for cycles of garbage meanwhile: it would go through all balls again and again, which form none."""
    swept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()


def check_against(
    gradient: Callable[..., Any],
    against: Model | System | Derivation,
    cost: Callable[..., Any] | None,
    arguments: Any,
    returns: Any,
    sizes: Mapping[str, int] | None,
    at: Any,
    around: bool,
    among: Mapping[str, Sequence[float]] | None,
    seed: int,
) -> Verdict:
    """Judge a gradient against a model."""
    derivation = against if isinstance(against, Derivation) else derive(against)
    system = derivation.system
    name = getattr(gradient, "__qualname__", type(gradient).__name__)
    points = [at] if isinstance(at, Mapping) else list(at)
    own = [(own_case(derivation, point, seed), dtype_of(point)) for point in points]
    alone = bool(own) and not around
    tried = tuple(case.instance.sizes for case, _ in own) if alone else possible(system, sizes or {}, seed)
    layout: Layout | Unknown
    if arguments is None:
        layout = found(Search(gradient, cost, derivation, seed, among or {}), tried)
    else:
        layout = stated(arguments, returns, [t.name for t in system.role("parameter")])
    if isinstance(layout, Unknown):
        finding = Finding("GP112", "gradient", f"{named('GP112')}: {layout.reason}")
        return Verdict(name, system.name, (finding,), (), 0, False, 0, 0)
    target = with_cost(gradient, cost, system, layout, tried, seed)
    good, reason = supported(target, tried, seed, among or {})
    if not good:
        code = "GP113" if "raises" in reason else "GP108"
        return Verdict(name, system.name, (Finding(code, "gradient", reason),), (), 0, False, 0, 0, layout.text)
    notes = (f"judged only where it can be called: {reason}",) if reason else ()
    try:
        cases = () if alone else cases_of(derivation, good, seed, among or {})
    except Undecided as error:
        finding = Finding("GP111", "gradient", f"{named('GP111')}: {error}")
        return Verdict(name, system.name, (finding,), notes, 0, False, 0, 0, layout.text)
    pairs = [(case, "float64") for case in cases] + own
    judged = [judged_at(case, derivation, target, dtype) for case, dtype in pairs]
    if not alone and any(one.white for one in judged) and not any(one.findings for one in judged):
        more = tuple(further(derivation, target, cases, sizes or {}, among or {}, seed))
        pairs += [(case, "float64") for case, _ in more]
        judged += [one for _, one in more]
    every = tuple(case for case, _ in pairs)
    verdict = summary(name, derivation, layout, every, judged, notes, seed)
    codes = {finding.code for finding in verdict.failures}
    if codes <= {FEW_DIGITS} or codes & {MODIFIES, STATEFUL}:  # these say more than the numbers that come of them
        return replace(verdict, diagnosis=told(target, every, codes))
    if not NUMBERS_DIFFER & codes:
        return verdict
    lines = diagnose(derivation, target, every, None if alone else among or {})
    return replace(verdict, diagnosis=lines, equations=equations_in(derivation, lines))


def judged_at(case: Case, derivation: Derivation, target: Target, dtype: str) -> Judged:
    """One instance; where a comparison cannot be decided, a finding that says so."""
    try:
        judged = judge_case(case, derivation, target, dtype)
        return at_kink(case, derivation, judged, target) if case.instance.note else judged
    except Undecided as error:
        if case.instance.note:
            return Judged((), 0, False, "", (f"nothing can be said where {case.instance.note}: {error}",))
        return Judged((Finding("GP111", "gradient", f"{named('GP111')}: {error}", case.instance.where),), 0, False)


def with_cost(
    gradient: Callable[..., Any], cost: Callable[..., Any] | None, system: System, layout: Layout, sizes: Any, seed: int
) -> Target:
    """The target; without a cost of its own, the first part of what is returned is one if it is a single number."""
    plain = Target(gradient, system, layout, cost)
    if cost is not None:
        return plain
    for one in sizes:
        values = plain.values(instance(system, one, seed, DIGITS), floats("float64"))
        try:
            with np.errstate(all="ignore"):
                returned = layout.call(gradient, layout.arguments(values))
        except Exception:
            continue
        if (
            isinstance(returned, (tuple, list))
            and len(returned) > 1
            and is_number(returned[0])
            and not fits(plain, values)
        ):
            return Target(gradient, system, layout, None, cost_first=True)
        return plain
    return plain


def is_number(value: Any) -> bool:
    """Is it one number?"""
    return not isinstance(value, (list, tuple, dict)) and np.size(value) == 1


def fits(target: Target, values: dict[str, Any]) -> bool:
    """Is all that is returned the gradient?"""
    try:
        with np.errstate(all="ignore"):
            return not target.on_floats(values).misshapen
    except Exception:
        return False


def dtype_of(point: Mapping[str, Any]) -> str:
    """float32 if some array of a point has that type."""
    arrays = [a for value in point.values() for a in (value.values() if isinstance(value, dict) else [value])]
    return "float32" if any(np.asarray(a).dtype == np.float32 for a in arrays) else "float64"


def summary(
    name: str,
    derivation: Derivation,
    layout: Layout,
    cases: tuple[Case, ...],
    judged: list[Judged],
    notes: tuple[str, ...],
    seed: int,
) -> Verdict:
    """One verdict from what every instance says: of each block and kind the first finding."""
    found: dict[tuple[str, str], Finding] = {}
    for one in judged:
        for finding in one.findings:
            found.setdefault((finding.code, finding.block.partition("[")[0]), finding)
    for equation, block in untested(derivation, cases, seed):
        found.setdefault(("GP110", block), Finding("GP110", block, named("GP110"), equation=equation))
    for finding in never_told(judged, [t.name for t in derivation.system.role("parameter")]):
        found.setdefault((finding.code, finding.block), finding)
    why = tuple(dict.fromkeys(f"a black box: {j.why}" for j in judged if j.why))
    more = tuple(dict.fromkeys(note for j in judged for note in j.notes))
    ran = [j for j in judged if j.digits]
    return Verdict(
        function=name,
        against=derivation.system.name,
        findings=tuple(found.values()),
        notes=(*notes, *why[:1], *more),
        digits=min((j.digits for j in ran), default=0),
        white=bool(judged) and all(j.white for j in judged if j.digits or j.findings or j.why),
        points=len(cases),
        entries=sum(len(case.symbolic) for case in cases),
        layout=layout.text,
    )


def untested(derivation: Derivation, cases: tuple[Case, ...], seed: int) -> list[tuple[str, str]]:
    """Equations of parameters that no point sees other than 0, unless they are 0 identically."""
    parameters = {t.name for t in derivation.system.role("parameter")}
    mine = [a for a in derivation.computed if a.of in parameters and a.id not in seen(cases)]
    visited = {e for case in cases for e in case.equations.values()}
    mine = [a for a in mine if a.id in visited]
    zero = always_zero(derivation, seed) if mine else set()
    return [(a.id, f"d.{a.of}") for a in mine if a.id not in zero]
