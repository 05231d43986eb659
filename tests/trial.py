"""The whole road of one model text: refused, or its derivation judged by brute force and its code by balls."""

from __future__ import annotations

from pathlib import Path

from brute import against_balls, against_brute_force
from random_outcome import Outcome, made


def judged(path: Path, text: str) -> Outcome:
    """RIGHT if brute force and balls agree at small sizes, WRONG with the first entry that differs, or the refusal."""
    path.write_text(text)
    first, found = made(path)
    if found is None:
        return first
    derivation, module = found
    wrong = [*against_brute_force(derivation), *against_balls(derivation, module, True)]
    return Outcome("WRONG", "; ".join(wrong)) if wrong else first
