"""Entries that rest on one another, however long the chain: a stack of its own in place of Python's."""

from __future__ import annotations

from collections.abc import Callable

from verify.instance import Entry

DEEPEST = 12  # entries inside one another; each takes some twenty frames of Python's


class TooDeep(Exception):
    """An entry that has to be computed first, by the outermost call; it rests on itself if that lets it through."""

    def __init__(self, chain: Chain, entry: Entry) -> None:
        super().__init__(f"{entry[0]}{list(entry[1])}")
        self.chain, self.entry = chain, entry


class Chain:
    """Calls `compute(entry)`, which keeps what it finds, and may ask for other entries on the way."""

    def __init__(self, compute: Callable[[Entry], None]) -> None:
        self.compute, self.depth = compute, 0

    def reach(self, entry: Entry) -> None:
        """Compute an entry; where too many others are under way, let the outermost call do it first."""
        if self.depth >= DEEPEST:
            raise TooDeep(self, entry)
        waiting = [entry]
        self.depth += 1
        try:
            while waiting:
                try:
                    self.compute(waiting[-1])
                    waiting.pop()
                except TooDeep as deep:
                    if self.depth > 1 or deep.chain is not self or deep.entry in waiting:
                        raise
                    waiting.append(deep.entry)
        finally:
            self.depth -= 1
