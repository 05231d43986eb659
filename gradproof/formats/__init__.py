"""Findings printed for people and for other programs. Every printer takes the same records, `gradproof.findings`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import chain

from gradproof.findings import Summary, exit_code


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"


def show(summaries: Iterable[Summary], form: Format, *, details: bool = False) -> int:
    """Print what was found, text as soon as it is known, everything else at the end; the exit code.

    `details`: with the notes, which other formats do not lack.
    """
    seen: list[Summary] = []
    for summary in summaries:
        seen.append(summary)
        if form is Format.TEXT:
            from gradproof.formats import text
            from gradproof.terminal import console

            console().print(text.render(summary, details=details))
    if form is not Format.TEXT:
        from gradproof.formats.machine import FORMATS

        print(FORMATS[form](seen), end="")
    return exit_code(chain.from_iterable(summary.findings for summary in seen))
