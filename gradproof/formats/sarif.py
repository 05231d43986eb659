"""Findings as SARIF 2.1.0: the rules are the table of codes, places are lines of files of the project."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from gradproof import __version__
from gradproof.findings import Finding, Summary
from verify.codes import CODES, ERROR, NOTE, UNDECIDED, Code

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {ERROR: "error", UNDECIDED: "warning", NOTE: "note"}
ROOT = "%SRCROOT%"  # what GitHub calls the folder of the repository


def render(summaries: Sequence[Summary]) -> str:
    """One run with every finding."""
    driver = {"name": "gradproof", "version": __version__, "rules": [_rule(row) for row in CODES]}
    found = [_result(finding) for summary in summaries for finding in summary.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": found}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def _rule(row: Code) -> dict[str, Any]:
    return {
        "id": row.code,
        "name": "".join(word.capitalize() for word in row.name.split()),
        "shortDescription": {"text": row.name},
        "fullDescription": {"text": row.meaning},
        "help": {"text": f"Likely cause: {row.cause}\nWhat to do: {row.remedy}"},
        "defaultConfiguration": {"level": LEVELS[row.severity]},
    }


def _result(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": [row.code for row in CODES].index(finding.code),
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.title}: {finding.whole}"},
        "locations": [_location(finding)] if finding.file else [],
    }


def _location(finding: Finding) -> dict[str, Any]:
    absolute = finding.file.startswith("/")
    place = {"uri": f"file://{quote(finding.file)}"} if absolute else {"uri": quote(finding.file), "uriBaseId": ROOT}
    physical = {"artifactLocation": place, "region": {"startLine": max(finding.line, 1)}}
    logical = [{"fullyQualifiedName": finding.where}] if finding.where else []
    return {"physicalLocation": physical, "logicalLocations": logical}
