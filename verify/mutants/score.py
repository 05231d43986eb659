"""How many planted faults the judge rejects."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from derive.derivation import Derivation
from verify.case import Case, far_case
from verify.certificate import Check, Score
from verify.judge import check_case, compare_kernel, kernel_on_balls
from verify.mutants.equal import Proof
from verify.mutants.operator import Operator
from verify.mutants.plant import Mutant, kernels_of, mutants, sample, wrong_code
from verify.mutants.table import OPERATORS
from verify.run import Code, floats
from verify.shadow import UNITS

MARGIN = 1024.0  # numbers on the way to cost and gradient may be larger
SAMPLE = 200  # so many faults are planted if not all of them
REJECTED, EQUAL, ALIKE, SURVIVED = "rejected", "equal", "indistinguishable", "survived"
Judge = Callable[[Case, Code], Check | None]


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant, and why."""

    mutant: Mutant
    word: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.mutant}{': ' if self.why else ''}{self.why}"


def score(
    derivation: Derivation, code: Code, cases: tuple[Case, ...], most: int | None = SAMPLE, judge: Judge | None = None
) -> Score:
    """Plant faults in the right code, all or at most so many, and judge each of them at the same points.

    `judge` gives what is wrong with a code on balls at a point, by default its first wrong entry.
    """
    found = mutants(kernels_of(code), OPERATORS)
    tried = found if most is None else sample(found, most)
    verdicts = judge_all(tried, derivation, code, cases, judge or first_difference)

    def listed(word: str) -> tuple[str, ...]:
        return tuple(str(v) for v in verdicts if v.word == word)

    rejected = sum(v.word == REJECTED for v in verdicts)
    return Score(len(found), len(tried), rejected, listed(EQUAL), listed(ALIKE), listed(SURVIVED))


@dataclass(frozen=True)
class Bench:
    """What mutants are judged with: the right code, points for balls, and points for floats of a type."""

    derivation: Derivation
    code: Code
    cases: tuple[Case, ...]
    enclosing: tuple[Case, ...]
    far: tuple[tuple[Case, str], ...]
    judge: Judge
    proof: Proof

    @staticmethod
    def of(derivation: Derivation, code: Code, cases: tuple[Case, ...], judge: Judge) -> Bench:
        """The bench of a right code: balls at the points where it runs on them, huge entries where it bears them."""
        enclosing = tuple(case for case in cases if runs(case, code))
        far = far_case(derivation, cases, 0)
        types = [d for d in UNITS if far and holds(far, d) and not any(float_faults(far, derivation, code, d))]
        return Bench(
            derivation, code, cases, enclosing, tuple((far, d) for d in types if far), judge, Proof(code, cases)
        )


def judge_all(
    tried: list[Mutant], derivation: Derivation, code: Code, cases: tuple[Case, ...], judge: Judge
) -> list[Verdict]:
    """The verdict on every mutant. Wrong code overflows and divides by 0: that is no news."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bench = Bench.of(derivation, code, cases, judge)
        return [verdict(mutant, bench) for mutant in tried]


def verdict(mutant: Mutant, bench: Bench) -> Verdict:
    """Rejected at the first point that shows the fault; otherwise equal if that can be proved."""
    wrong = wrong_code(bench.code, mutant)
    why, seen = "", False
    for case in bench.enclosing:
        try:
            found = bench.judge(case, wrong)
        except Exception as error:  # the fault made it raise, or it is one that balls cannot see
            why = f"raises {type(error).__name__}: {error}"
            if fails(case, wrong):
                return Verdict(mutant, REJECTED, why)
            continue
        if found:
            return Verdict(mutant, REJECTED, str(found))
        seen = True
    for found in faults(wrong, bench):
        return Verdict(mutant, REJECTED, str(found))
    if not seen:
        return Verdict(mutant, SURVIVED, why)
    return Verdict(mutant, EQUAL if not why and bench.proof.equal(wrong) else ALIKE)


def faults(wrong: Code, bench: Bench) -> Iterator[Check]:
    """What the judge finds at every point, floats included."""
    for case in bench.cases:
        yield from (c for c in check_case(case, bench.derivation, wrong) if not c.good)
    for case, dtype in bench.far:
        yield from float_faults(case, bench.derivation, wrong, dtype)


def float_faults(case: Case, derivation: Derivation, code: Code, dtype: str) -> Iterator[Check]:
    """What is wrong with floats of one type."""
    held = replace(case, instance=replace(case.instance, held=(dtype,)))
    yield from (c for c in check_case(held, derivation, code) if not c.good and dtype in c.check)


def holds(case: Case, dtype: str) -> bool:
    """Are cost and gradient numbers that the type can hold?"""
    most = float(np.finfo(dtype).max) / MARGIN
    return all(float(value.abs_upper()) < most for value in case.symbolic.values())


def runs(case: Case, code: Code) -> bool:
    """Does the right code run on balls there?"""
    try:
        return first_difference(case, code) is None
    except Exception:
        return False


def first_difference(case: Case, code: Code) -> Check | None:
    """The first entry of cost and gradient that is not what the derivation says; whatever the code raises."""
    with case.field.context():
        found = kernel_on_balls(case, code)
        return next((c for c in compare_kernel(case, found) if not c.good), None)


def fails(case: Case, code: Code) -> bool:
    """Does the public function raise an error on floats?"""
    parameters, given = code.arguments(case.instance, floats("float64"))
    try:
        code.gradient(parameters, given, kernel=False)
    except Exception:
        return True
    return False
