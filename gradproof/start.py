"""Where `gradproof` begins. What certificates answer is said before a library reads the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gradproof import checking, formats
from gradproof.choose import GENERATED
from gradproof.formats import Format


def script() -> None:
    """The console script."""
    known = certified(sys.argv[1:])
    if known is None:
        from gradproof.cli import main

        known = main()
    sys.exit(known)


def certified(arguments: Sequence[str]) -> int | None:
    """The exit code of `check` with no options, where the certificates of all its models hold; else None."""
    command, names = arguments[:1], arguments[1:]
    if command != ["check"] or any(name.startswith("-") for name in names):
        return None
    try:
        known = checking.certified(names, GENERATED)
    except Exception:  # the command line comes upon the same, and knows how to say it
        return None
    return formats.show(known, Format.TEXT) if known else None
