"""Ranges that are not known yet."""

from __future__ import annotations

from derive.values.affine import Affine, Index, Size, Width

UNKNOWN = Affine.of(Size("?"))


def range_of(letter: Index) -> Affine:
    """The end of a range that is not known yet, but is that of `letter`."""
    return Affine.of(Width("?", Affine.of(letter)))
