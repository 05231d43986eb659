"""Findings as commands of GitHub workflows, which show them beside the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.findings import Finding, Summary
from verify.codes import ERROR, NOTE, UNDECIDED

COMMANDS = {ERROR: "error", UNDECIDED: "warning", NOTE: "notice"}
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}


def render(summaries: Sequence[Summary]) -> str:
    """A line for every finding; nothing where nothing is found."""
    return "".join(f"{_command(f)}\n" for summary in summaries for f in summary.findings)


def _command(finding: Finding) -> str:
    given = {"file": finding.file, "line": str(finding.line or ""), "title": f"{finding.code} {finding.title}"}
    named = ",".join(f"{key}={_escaped(text, PROPERTY)}" for key, text in given.items() if text)
    return f"::{COMMANDS[finding.severity]} {named}::{_escaped(finding.whole, DATA)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
