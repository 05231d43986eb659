"""Facts that an error suggests: what can be declared, and would help."""

from __future__ import annotations

from math import gcd

from derive.values.affine import Affine, Size, Width
from derive.values.facts import Facts, never_equal
from derive.values.text import render_affine


def equal_sizes(one: Affine, two: Affine, facts: Facts) -> str:
    """`if the two are equal, declare model.assume(Eq(m, n))`; empty if they never are, or no size can be named."""
    gap = _reduced(one - two)
    named = [a for side in (one, two) for a in (side.alone,) if isinstance(a, (Size, Width))]
    solvable = [a for a, c in gap.terms if abs(c) == 1 and isinstance(a, Size)]
    left = next((a for a in (*named, *solvable) if abs(gap.coefficient(a)) == 1), None)
    if left is None or never_equal(one, two, facts):
        return ""
    right = Affine.of(left) - gap * gap.coefficient(left)
    return f"if the two are equal, declare model.assume(Eq({render_affine(Affine.of(left))}, {render_affine(right)}))"


def _reduced(gap: Affine) -> Affine:
    """2*n - 4*q says as much as n - 2*q."""
    return gap.over(gcd(*(c for _, c in gap.terms), gap.constant) or 1) or gap
