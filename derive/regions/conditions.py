"""Where a condition on one letter holds."""

from __future__ import annotations

from derive.values.affine import Affine, Index, indices
from derive.values.nodes import Bracket, Expr


def condition(bracket: Bracket, index: Index) -> tuple[Affine | None, Affine | None] | None:
    """The interval of `index` on which a bracket holds, open ends as None; None if it does not limit it alone."""
    gap = bracket.right - bracket.left
    count = gap.coefficient(index)
    edge = (gap - Affine.of(index) * count) * -count
    if abs(count) != 1 or indices(edge) or any(isinstance(atom, Expr) for atom, _ in edge.terms):
        return None
    if bracket.op == "=":
        return edge, edge
    return (edge, None) if count > 0 else (None, edge)
