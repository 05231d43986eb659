"""How much a search may do, counted in entries that are read: the same on every machine."""

from __future__ import annotations


class Spent(Exception):
    """A search has done all that it may do."""


class Work:
    """What is left to one search. Spent once it is all used."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> None:
        """One entry is read."""
        if not self.left:
            raise Spent
        self.left -= 1
