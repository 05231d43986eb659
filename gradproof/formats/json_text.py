"""Findings as JSON: sorted keys, the same text for the same findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain

from gradproof import __version__
from gradproof.findings import Summary, exit_code

FORM = 1  # rises when a key changes its meaning or goes away


def render(summaries: Sequence[Summary]) -> str:
    """Everything that was found, and the exit code."""
    content = {
        "form": FORM,
        "gradproof": __version__,
        "exit": exit_code(chain.from_iterable(s.findings for s in summaries)),
        "subjects": [{**asdict(s), "good": s.good} for s in summaries],
    }
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
