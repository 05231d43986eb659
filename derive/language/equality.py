"""`==` on entries: SymPy compares formulas by it, so it is an error only where the author of a model writes it."""

from __future__ import annotations

import sys
from typing import Any

from derive.language.operators import Misused
from derive.language.owner import Owner


class ComparedBySymPy:
    """Equality of what is written, for SymPy; in the file of the model it would be False, silently."""

    owner: Owner

    def __eq__(self, other: object) -> bool:
        self._refuse(sys._getframe(1), "==")
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        self._refuse(sys._getframe(1), "!=")
        return super().__ne__(other)

    def __hash__(self) -> int:
        return super().__hash__()

    def _refuse(self, frame: Any, sign: str) -> None:
        if frame.f_code.co_filename == self.owner.file:
            name = "Eq" if sign == "==" else "Ne"
            raise Misused(
                f"{sign} does not compare the entries of {self}",
                fix=f"{name}(z[i], y[i]) is a condition for Piecewise",
            )
