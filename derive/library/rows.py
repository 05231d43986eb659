"""Functions of a whole row, written out in index notation: an equation sees the formula, not the name."""

from typing import Any

from derive.affine import Affine, Index
from derive.errors import ModelError
from derive.expression import MINUS_ONE, Bound, Call, Sum, free_indices, mul, power, substitute
from derive.surface import UNKNOWN, Formula, IndexSymbol


def softmax(entry: Formula, index: IndexSymbol) -> Any:
    """exp(z[j]) / Sum_k exp(z[k]), normalised over `index`, which must stand in `entry`."""
    letter, other = Index(index.name), Index(index.name + "'")
    if letter not in free_indices(entry.node):
        raise ModelError(f"index {index} does not stand in the entry", fix=f"softmax(z[L, i, {index}], {index})")
    copy = substitute(entry.node, {letter: Affine.of(other)})
    total = Sum(Call("exp", (copy,)), (Bound(other, UNKNOWN, UNKNOWN),))
    return Formula(mul(Call("exp", (entry.node,)), power(total, MINUS_ONE)), entry.owner)
