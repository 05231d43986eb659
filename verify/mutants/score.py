"""How many planted faults the judge rejects."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from derive.derivation import Derivation
from verify.case import Case
from verify.certificate import Check, Score
from verify.judge import check_case, compare_kernel, kernel_on_balls
from verify.mutants.equal import Proof
from verify.mutants.operator import Operator
from verify.mutants.plant import Mutant, kernels_of, mutants, sample, wrong_code
from verify.mutants.table import OPERATORS
from verify.run import Code, floats

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


def judge_all(
    tried: list[Mutant], derivation: Derivation, code: Code, cases: tuple[Case, ...], judge: Judge
) -> list[Verdict]:
    """The verdict on every mutant. Wrong code overflows and divides by 0: that is no news."""
    proof = Proof(code, cases)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [verdict(mutant, derivation, code, cases, judge, proof) for mutant in tried]


def verdict(
    mutant: Mutant, derivation: Derivation, code: Code, cases: tuple[Case, ...], judge: Judge, proof: Proof
) -> Verdict:
    """Rejected at the first point that shows the fault; otherwise equal if that can be proved."""
    wrong, blind = wrong_code(code, mutant), ""
    for case in cases:
        try:
            found = judge(case, wrong)
        except Exception as error:  # the fault made it raise, or it is one that balls cannot see
            if fails(case, wrong):
                return Verdict(mutant, REJECTED, f"raises {type(error).__name__}: {error}")
            blind = f"{type(error).__name__}: {error}"
            break
        if found:
            return Verdict(mutant, REJECTED, str(found))
    equal = not blind and proof.equal(wrong)
    for case in cases:
        found = next((c for c in check_case(case, derivation, wrong) if not c.good), None)
        if found:
            return Verdict(mutant, REJECTED, str(found))
    return Verdict(mutant, EQUAL if equal else SURVIVED if blind else ALIKE, blind)


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
