"""Findings as JUnit XML: a suite for every subject, a test case for every kind of comparison.

What is wrong is a failure, what is undecided an error, so that neither passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from gradproof.findings import Case, Summary
from verify.codes import ERROR, NOTE, UNDECIDED, code

TAGS = {ERROR: "failure", UNDECIDED: "error"}
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML has no such characters


def render(summaries: Sequence[Summary]) -> str:
    """The document of all test cases."""
    everything = [case for summary in summaries for case in summary.cases]
    root = ElementTree.Element("testsuites", {"name": "gradproof", **_counts(everything)})
    for summary in summaries:
        suite = ElementTree.SubElement(root, "testsuite", {"name": _plain(summary.subject), **_counts(summary.cases)})
        for case in summary.cases:
            _add(suite, summary, case)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _counts(cases: Iterable[Case]) -> dict[str, str]:
    severities = [case.severity for case in cases]
    found = {f"{TAGS[kind]}s": str(severities.count(kind)) for kind in TAGS}
    return {"tests": str(len(severities)), **found}


def _add(suite: ElementTree.Element, summary: Summary, case: Case) -> None:
    names = {"classname": f"gradproof.{summary.subject}", "name": case.name, "file": summary.file}
    element = ElementTree.SubElement(suite, "testcase", {key: _plain(text) for key, text in names.items()})
    found = [f for f in case.findings if f.severity == case.severity]
    if found:
        first = {"type": found[0].code, "message": f"{found[0].title}: {code(found[0].code).name}"}
        child = ElementTree.SubElement(element, TAGS[case.severity], {key: _plain(text) for key, text in first.items()})
        lines = [f"{f.file}:{f.line}: {f}" if f.line else str(f) for f in found]
        lines += dict.fromkeys(f"likely: {line}" for f in found for line in f.likely)
        child.text = _plain("\n".join(lines))
    notes = [str(f) for f in case.findings if f.severity != case.severity or f.severity == NOTE]
    shown = [" ".join((case.outcome, *filter(None, case.details))), *notes]
    ElementTree.SubElement(element, "system-out").text = _plain("\n".join(shown))


def _plain(text: str) -> str:
    return UNPRINTABLE.sub("?", text)
