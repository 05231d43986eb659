"""What SymPy may ask of a formula: it is an atom, and SymPy does not see what stands in it."""

from __future__ import annotations

from typing import Any

import sympy

from derive.errors import ModelError
from derive.values.affine import Index
from derive.values.nodes import Expr
from derive.values.symbols import IndexSymbol
from derive.values.walks import walk

UNSEEN = "write the formula that is meant, or make it a function of its own: function(...)"


def _unseen(what: str) -> ModelError:
    return ModelError(f"SymPy does not see what stands in an entry, to {what}", fix=UNSEEN)


class Atom:
    """An atom that carries a node. What SymPy would compute without looking inside raises ModelError."""

    node: Expr

    @property
    def free_symbols(self) -> set[Any]:
        """Not a constant: SymPy's functions must not evaluate it as a number."""
        return {self}

    def as_coefficient(self, expr: Any) -> None:
        """An entry is no multiple of anything."""

    def extract_multiplicatively(self, c: Any) -> Any:
        """An entry is no multiple of anything but 1."""
        return self if c == 1 else None

    def could_extract_minus_sign(self) -> bool:
        """SymPy's odd functions leave the sign where the author wrote it."""
        return False

    def diff(self, *symbols: Any, **assumptions: Any) -> Any:
        raise ModelError(
            "an entry is not differentiated by SymPy, which would answer 0",
            fix='a derivative is a variable: g = model.gradient("g", Sum(z[i], i), by=b)',
        )

    def integrate(self, *symbols: Any, **options: Any) -> Any:
        raise _unseen("integrate it")

    def series(self, *symbols: Any, **options: Any) -> Any:
        raise _unseen("expand it")

    def limit(self, *symbols: Any, **options: Any) -> Any:
        raise _unseen("take a limit")

    def coeff(self, x: Any, *rest: Any, **options: Any) -> Any:
        """SymPy's functions ask for multiples of pi; nobody is told that an entry is no multiple of another."""
        if isinstance(x, Atom):
            raise _unseen("find a coefficient")
        return sympy.S.Zero

    def matches(self, expr: Any, repl_dict: Any = None, old: bool = False) -> Any:
        """SymPy's `replace` asks of every part whether it is this entry."""
        if isinstance(expr, Atom) and expr != self:
            expr._put(self, None)
        return {} if expr == self else None

    def _subs(self, old: Any, new: Any, **hints: Any) -> Any:
        if self == old:
            return new
        if isinstance(old, Atom):
            raise ModelError(f"SymPy puts nothing for {old} in {self}: equations stay as they are", fix=UNSEEN)
        return self._put(old, new)

    def _xreplace(self, rule: Any) -> Any:
        if self in rule:
            return rule[self], True
        for old, new in rule.items():
            self._put(old, new)
        return self, False

    def _put(self, old: Any, new: Any) -> Any:
        """The atom itself, in which `old` does not stand. SymPy puts a letter, or a dummy, for itself to look at it."""
        inside = isinstance(old, Atom) and old.node in walk(self.node)
        letter = isinstance(old, IndexSymbol) and Index(old.name) in self.node.letters
        if (inside or letter) and new != old and not isinstance(new, sympy.Dummy):
            raise ModelError(f"SymPy does not see {old} in {self}, to put another value for it", fix=UNSEEN)
        return self
