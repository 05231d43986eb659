"""Letters that an author types, as SymPy symbols."""

from __future__ import annotations

import sympy


class IndexSymbol(sympy.Symbol):
    """An index letter, usable in positions and as an integer value."""


class SizeSymbol(sympy.Symbol):
    """A symbolic size, a positive integer."""
