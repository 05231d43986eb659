"""The table of formats for other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradproof.findings import Summary
from gradproof.formats import Format, github, json_text, junit, sarif

FORMATS: Mapping[Format, Callable[[Sequence[Summary]], str]] = {
    Format.JSON: json_text.render,
    Format.JUNIT: junit.render,
    Format.SARIF: sarif.render,
    Format.GITHUB: github.render,
}
