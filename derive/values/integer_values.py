"""Values that are integers: what may stand in brackets as well as in an equation."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

from derive.values.affine import Affine
from derive.values.nodes import Access, Add, Count, Expr, Mul, Number


def integer_value(node: Expr, is_integer: Callable[[str], bool]) -> Affine | None:
    """The integer expression that a value is, `t - lag[i]`; None if it is none. `is_integer` knows integer data."""
    if isinstance(node, Access):
        return Affine.of(node) if is_integer(node.tensor) else None
    if isinstance(node, Count):
        return node.of
    if isinstance(node, Number):
        return Affine.of(int(node.value)) if node.value.denominator == 1 else None
    parts = [integer_value(child, is_integer) for child in node.children] if isinstance(node, (Add, Mul)) else [None]
    known = [p for p in parts if p is not None]
    if len(known) < len(parts):
        return None
    if isinstance(node, Add):
        return reduce(lambda a, b: a + b, known)
    factors = [p.number for p in known if p.number is not None]
    rest = [p for p in known if p.number is None]
    return rest[0] * math.prod(factors) if len(rest) == 1 else None
