"""How many planted faults the judge rejects."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from derive.derivation import Derivation
from verify.case import Case, far_cases
from verify.certificate import Check, Score
from verify.judge import check_type, compare_kernel
from verify.kernel import kernel_on_balls
from verify.mutants.equal import Proof
from verify.mutants.plant import Mutant, kernels_of, mutants, sample, wrong_on_balls, wrong_on_floats
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
    """What mutants are judged with: the right code, points for balls and floats, and points far out."""

    derivation: Derivation
    code: Code
    enclosing: tuple[Case, ...]
    rounding: tuple[Case, ...]
    far: tuple[tuple[Case, str], ...]
    judge: Judge
    proof: Proof

    @staticmethod
    def of(derivation: Derivation, code: Code, cases: tuple[Case, ...], judge: Judge) -> Bench:
        """The bench of a right code: balls at the points where it runs on them, huge entries where it bears them."""
        enclosing = tuple(case for case in cases if runs(case, code))
        rounding = tuple(case for case in cases if not case.instance.note or len(case.instance.held) == 1)
        huge = far_cases(derivation, cases, 0)
        far = tuple((case, d) for case in huge for d in UNITS if holds(case, d) and finite(case, code, d))
        return Bench(derivation, code, enclosing, rounding, far, judge, Proof(code, cases))


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
    wrong = wrong_on_balls(bench.code, mutant)
    why, seen = "", False
    for case in bench.enclosing:
        try:
            found = bench.judge(case, wrong)
        except Exception as error:  # it raises, or reads what was never stored, or balls cannot see this fault
            why = f"raises {type(error).__name__}: {error}"
            if "NoneType" in str(error) or fails(case, wrong_on_floats(wrong, mutant)):
                return Verdict(mutant, REJECTED, why)
            continue
        if found:
            return Verdict(mutant, REJECTED, str(found))
        seen = True
    for fault in faults(wrong_on_floats(wrong, mutant), bench):
        return Verdict(mutant, REJECTED, fault)
    if not seen:
        return Verdict(mutant, SURVIVED, why)
    return Verdict(mutant, EQUAL if not why and bench.proof.equal(wrong) else ALIKE)


def faults(wrong: Code, bench: Bench) -> Iterator[str]:
    """What floats show: results outside the budget, of another type, of another value the second time, or none."""
    for case in bench.rounding:
        for dtype in case.instance.held:
            checks = check_type(case, bench.derivation, wrong, dtype, known=True, slopes=False)
            yield from (str(check) for check in checks if not check.good)
    for case, dtype in bench.far:
        if not finite(case, wrong, dtype):
            yield f"{dtype} overflows at {case.instance.where}"


def finite(case: Case, code: Code, dtype: str) -> bool:
    """Are cost and gradient of the kernel in floats finite?"""
    parameters, given = code.arguments(case.instance, floats(dtype))
    try:
        cost, gradient = code.gradient(parameters, given, kernel=False)
    except Exception:  # a matrix may be singular out there
        return False
    return all(np.isfinite(value) for value in (cost, *gradient.values()))


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
        found = kernel_on_balls(case, code, equal=True)
        return next((c for c in compare_kernel(case, found) if not c.good), None)


def fails(case: Case, code: Code) -> bool:
    """Does the public function raise an error on floats?"""
    parameters, given = code.arguments(case.instance, floats("float64"))
    try:
        code.gradient(parameters, given, kernel=False)
    except Exception:
        return True
    return False
