"""`assert_gradient`, and verdicts on somebody's gradient in the form that printers take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from derive import ModelError
from gradproof.findings import Case, Finding, Summary, finding
from verify.codes import ERROR, NOTE, UNDECIDED
from verify.foreign.check import check_gradient
from verify.foreign.verdict import Finding as Found
from verify.foreign.verdict import Verdict

OUTCOMES = {"": "right", ERROR: "WRONG", UNDECIDED: "UNDECIDED"}
DIFFERENCES = "GP114"


def assert_gradient(function: Callable[..., Any], **options: Any) -> Verdict:
    """The verdict of `check_gradient`, whose keywords these are. AssertionError with its text unless it is good."""
    __tracebackhide__ = True  # pytest shows the line of the test
    try:
        verdict = check_gradient(function, **options)
    except ModelError as error:
        raise error.with_traceback(None) from None
    if not verdict.good:
        raise AssertionError(str(verdict))
    return verdict


def summary(verdict: Verdict, file: str, line: int, *, accept_differences: bool = False) -> Summary:
    """A verdict as a summary: a case for every block that something was found about, else one for the gradient."""
    lenient = {DIFFERENCES: NOTE} if accept_differences else {}
    found: dict[str, list[Finding]] = {}
    for one in verdict.findings:
        block = one.block.partition("[")[0]
        found.setdefault(block, []).append(made(one, verdict, file, line, lenient.get(one.code, "")))
    cases = [judged(block, tuple(some)) for block, some in found.items()]
    if not any(case.severity for case in cases):
        cases.append(Case("gradient", OUTCOMES[""], (verdict.known,)))
    notes = [f"likely: {text}" for text in verdict.diagnosis]
    notes += [f"equation: {text}" for text in verdict.equations]
    notes += [f"layout: {verdict.layout}"] if verdict.layout else []
    cases[-1] = replace(cases[-1], notes=(*notes, *(f"note: {text}" for text in verdict.notes)))
    return Summary(verdict.function, file, f"against {verdict.against}", tuple(cases))


def judged(name: str, found: tuple[Finding, ...]) -> Case:
    """The outcome for a block."""
    case = Case(name, "", (), found)
    return Case(name, OUTCOMES[case.severity], (), found)


def made(found: Found, verdict: Verdict, file: str, line: int, severity: str) -> Finding:
    """One finding of a verdict: the entry, both numbers, the equation, the sizes."""
    equation = f" [{found.equation}]" if found.equation else ""
    where = f" at {found.where}" if found.where else ""
    message = f"{found.block}: {found.message}{equation}{where}"
    one = finding(found.code, message, title=verdict.function, file=file, line=line, where=found.where)
    severity = severity or one.severity
    return replace(one, severity=severity, likely=verdict.diagnosis if severity == ERROR else ())
