"""Symbolic gradient = generated code = central differences, at several sizes, and the cost likewise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from types import ModuleType

from derive.derivation import Derivation
from derive.system import System
from derive.values.nodes import ZERO
from verify.case import DIGITS, Case, evaluated, further_cases, make_case, resting_cases, unrolled_gradient
from verify.certificate import Certificate, Check
from verify.claims import check_claims
from verify.evidence import Evidence
from verify.instance import instance
from verify.judge import LOST, WORST, check_case, check_derivation
from verify.mutants.score import score
from verify.numbers import Balls, Coins, Exact, Undecided
from verify.run import Code
from verify.sizes import Sizes, plan
from verify.stated import check_stated
from verify.steps import ATTEMPTS, check_steps
from verify.symbolic import Symbolic
from verify.unroll import OutOfRange, Unrolled

COINS = 8  # patterns of coins at each size
SEARCHES = 32  # further instances for equations that were always 0
WIDE = 8  # how large parameters become in the second half of them: some branches lie far out


def agree(
    system: System, derivation: Derivation, module: ModuleType, seed: int = 0, mutants: int | None = 0
) -> Certificate:
    """Check every step of the derivation, and the module against it, at several sizes.

    Sizes at which the equations have no value, such as a variance of one sample, are left out as long as others remain.
    If all is well, at most so many `mutants` of the module are judged too, all of them if None.
    """
    checks: list[Check] = []
    evidence: tuple[Evidence, ...] = ()
    cases: tuple[Case, ...] = ()
    try:
        cases = make_cases(derivation, seed)
        sizes = tuple(dict.fromkeys(case.instance.sizes for case in cases))
        checks += [check for s in sizes for check in check_exact(derivation, s, seed)]
        checks += [check for s in sizes for check in check_stated(system, s, seed)]
        evidence = check_steps(derivation, seed, sizes)
        checks += [check for case in cases for check in check_derivation(case)]
        more = searched(derivation, cases, seed)
        checks += [check for case in more for check in check_derivation(case)]
        cases = (*cases, *more)
        checks += check_code(derivation, module, cases, seed)
        checks += check_alive(derivation, cases, seed)
    except (OutOfRange, Undecided) as error:  # the equations cannot be evaluated, so nothing can be compared
        with suppress(OutOfRange, Undecided):
            evidence = evidence or check_steps(derivation, seed)
        checks.append(
            Check(
                "J",
                "derivation, 170 bits",
                "unrolled equations",
                WORST,
                "relative",
                "every size tried",
                "failed",
                False,
                f"an entry is missing: {error}" if isinstance(error, OutOfRange) else f"undecided: {error}",
            )
        )
    shown = tuple(dict.fromkeys(str(case.instance.sizes) for case in cases))
    found = Certificate(system.name, shown, evidence, worst_of(checks))
    if mutants != 0 and found.good:
        found = replace(found, mutants=score(derivation, Code.of(module, derivation, Balls(seed)), cases, mutants))
    return replace(found, claims=check_claims(derivation, seed, tuple(dict.fromkeys(c.instance.sizes for c in cases))))


def make_cases(derivation: Derivation, seed: int = 0) -> tuple[Case, ...]:
    """The reference values of a derivation at every size of the plan at which it has some.

    Raises Undecided if it has none at any sizes that are not 1 everywhere.
    """
    cases: list[Case] = []
    reason: Undecided | None = None
    for sizes in plan(derivation.system, seed):
        try:
            cases.append(make_case(derivation, sizes, seed))
        except Undecided as error:
            reason = reason or error
    if reason is not None and all(case.instance.sizes.kind == "one" for case in cases):
        raise reason
    return (*cases, *resting_cases(derivation, cases[0]), *further_cases(derivation, tuple(cases), seed))


def check_code(derivation: Derivation, module: ModuleType, cases: tuple[Case, ...], seed: int = 0) -> list[Check]:
    """A module against reference values that were made before."""
    code = Code.of(module, derivation, Balls(seed))
    checks = [check for case in cases for check in check_case(case, derivation, code)]
    return [*checks, *unjudged(checks)]


def unjudged(checks: list[Check]) -> Iterator[Check]:
    """Floats of 64 bits whose rounding is unbounded at every size: nothing is known of them."""
    found = [check for check in checks if check.check == "code, float64"]
    if found and all(LOST in check.why for check in found):
        yield replace(found[0], good=False, grade="failed", why=f"undecided: {found[0].why}")


def worst_of(checks: list[Check]) -> tuple[Check, ...]:
    """For each equation and kind of check the failure, or the largest error."""
    worst: dict[tuple[str, str], Check] = {}
    for check in checks:
        key = check.equation, check.check
        if key not in worst or (not check.good, check.error) > (not worst[key].good, worst[key].error):
            worst[key] = check
    return tuple(worst[key] for key in sorted(worst))


def unseen(derivation: Derivation, cases: tuple[Case, ...]) -> list[str]:
    """The derived equations of parameters, other than 0, that no case sees with a value that is not 0."""
    seen = {equation for case in cases for equation in case.alive}
    parameters = {t.name for t in derivation.system.role("parameter")}
    return [a.id for a in derivation.computed if a.of in parameters and a.value != ZERO and a.id not in seen]


def searched(derivation: Derivation, cases: tuple[Case, ...], seed: int) -> tuple[Case, ...]:
    """More random instances, each of which sees an equation that no other one saw: some branches are rarely taken."""
    plans, found = plan(derivation.system, seed), list[Case]()
    for draw in range(1, SEARCHES + 1):
        missing = set(unseen(derivation, (*cases, *found)))
        if not missing:
            break
        with suppress(Undecided):
            factor = WIDE if draw > SEARCHES // 2 else 1
            case = make_case(derivation, plans[draw % len(plans)], seed + draw * ATTEMPTS, factor)
            found += [case] if case.alive & missing else []
    return tuple(found)


def check_alive(derivation: Derivation, cases: tuple[Case, ...], seed: int = 0) -> list[Check]:
    """Every derived equation of a parameter that is not 0 was seen with a value that is not 0, or has no other."""
    dead = unseen(derivation, cases)
    zero = dead and always_zero(derivation, seed)
    return [
        Check(a, "alive", "0", 0.0, "relative", "every size", "enclosed", True, "0 on every branch")
        if a in zero
        else Check(
            a, "alive", "0", 0.0, "relative", "every size", "not visited", False, "always 0, so nothing was seen"
        )
        for a in dead
    ]


def always_zero(derivation: Derivation, seed: int) -> set[str]:
    """The equations that are 0 at random instances also where every comparison is decided by a coin.

    Between its branches a cost is analytic: a gradient that is 0 at random points of every branch is 0 identically.
    """
    seen: dict[str, int] = {}
    alive: set[str] = set()
    for sizes in plan(derivation.system, seed):
        for attempt in range(seed, seed + COINS):
            field = Coins(attempt)
            try:
                with field.context():
                    case = evaluated(derivation, instance(derivation.system, sizes, attempt, DIGITS), field)
            except (Undecided, ZeroDivisionError):
                continue
            for entry, equation in case.equations.items():
                zero = field.zero(case.true[entry]) and field.zero(case.symbolic[entry])
                seen[equation] = seen.get(equation, 0) + 1
                alive |= set() if zero else {equation}
    return {equation for equation, count in seen.items() if count >= COINS and equation not in alive}


def check_exact(derivation: Derivation, sizes: Sizes, seed: int) -> Iterator[Check]:
    """The derived gradient and the true one over oracles, where they are equal rationals; balls judge the others."""
    for attempt in range(ATTEMPTS):
        field = Exact(seed + attempt)
        try:
            unrolled = Unrolled(instance(derivation.system, sizes, seed + attempt), field)
            symbolic = Symbolic(derivation, unrolled)
            for entry, value in unrolled_gradient(unrolled).items():
                if field.same(symbolic.read(f"d.{entry[0]}", entry[1]), value):
                    yield Check(
                        symbolic.adjoint_at(*entry)[0].id,
                        "derivation, exact",
                        "unrolled equations",
                        0.0,
                        "relative",
                        f"d.{entry[0]}{list(entry[1])} with {sizes}",
                        "exact",
                        True,
                    )
            return
        except (OutOfRange, Undecided):
            return
        except ZeroDivisionError:
            continue
