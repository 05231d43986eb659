"""Claims inside a model: formulas for derivatives, written by hand, that are judged and never used."""

from __future__ import annotations

import sys
from typing import Any

from derive.declarations import Declarations
from derive.errors import ModelError
from derive.language.claimed import claimed, same
from derive.language.entries import Quantity, source_of
from derive.language.surface import Formula, check_owner
from derive.regions.shapes import Draft, Ranges


class Claims(Declarations):
    """The part of a model under construction that collects claims."""

    _claims: list[Draft]
    _regions: Ranges

    def claim(self, derivative: Any, formula: Any) -> None:
        """State a formula for a derivative: `model.claim(d(w)[l, j, k], Sum(d(z)[l, i, j] * a[l - 1, i, k], i))`.

        It is proved, refuted or left undecided by a check, and changes neither the derivation nor generated code.
        `derivative` is `d(w)[l, j, k]`, of the objective, or `d(a[i, j], z[i, k])`, of an entry by an entry when all
        that lies between follows. Raises ModelError for what is no derivative, and for a claim that is made twice.
        """
        source = source_of(sys._getframe(1))
        self._check_open()
        try:
            check_owner(self, derivative, formula)
            target = derivative.as_formula() if isinstance(derivative, Quantity) else derivative
            if not isinstance(target, Formula):
                raise ModelError(f"{derivative} is no derivative", fix="model.claim(d(w)[l, j, k], ...)")
            draft = claimed(target, formula, dict(self._regions), source)
            earlier = next((c for c in self._claims if same(c, draft)), None)
            if earlier:
                raise ModelError(f"this is claimed at line {earlier.source.line} already", fix="remove one of the two")
        except ModelError as error:
            raise error.at(source) from None
        self._claims.append(draft)
