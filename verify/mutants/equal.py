"""Is a mutant the right code in other words?

Both compute every entry as a formula in all that is given, at several sizes. They are equal if these formulas are the
same, and if the mutant asks nothing that the right code does not ask: then they agree on every branch, at these sizes
and for all values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.case import Case
from verify.instance import Entry
from verify.mutants.formula import Answer, Formula, Formulas, Known, Unproved, constant, rational
from verify.run import Code
from verify.shadow import shadow_of
from verify.unroll import OBJECTIVE

SIZES = 3
Found = tuple[dict[Entry, Formula], set[Answer]]


class Proof:
    """The formulas of the right code, at the sizes that show most."""

    def __init__(self, code: Code, cases: tuple[Case, ...]) -> None:
        plain = [c for c in cases if not c.instance.note and c.instance.sizes.kind != "one"]
        self.cases = tuple(sorted(plain, key=lambda c: c.instance.sizes.kind != "random")[:SIZES])
        self.formulas = Formulas()
        self.code = code
        self.right: tuple[Found, ...] | None = None

    def equal(self, wrong: Code) -> bool:
        """Does this code compute the same formulas? False also where a formula cannot tell."""
        try:
            if self.right is None:
                self.right = tuple(self.run(self.code, case) for case in self.cases)
            return bool(self.right) and all(
                self.same(self.run(wrong, case), right) for case, right in zip(self.cases, self.right, strict=True)
            )
        except Exception:  # what cannot be computed is not proved
            return False

    def same(self, wrong: Found, right: Found) -> bool:
        """The same entries, and no other questions."""
        return wrong[0] == right[0] and wrong[1] <= right[1]

    def run(self, code: Code, case: Case) -> Found:
        """The formula of every entry, and the questions that were asked on the way."""
        self.formulas.decided = set()
        given = [0]

        def convert(values: Any) -> Any:
            made = np.empty(np.shape(values), dtype=object)
            for place in np.ndindex(made.shape):
                given[0] += 1
                atom = self.formulas.atom(("given", given[0]))
                made[place] = Known(shadow_of(values[place], 0.0).ball, atom, self.formulas)
            return made

        with case.field.context():
            parameters, data = code.arguments(case.instance, convert)
            cost, gradient = code.gradient(parameters, data, kernel=True)
            found = {entry: formula_of(value) for entry, value in {OBJECTIVE: cost, **gradient}.items()}
        return found, self.formulas.decided


def formula_of(value: Any) -> Formula:
    """The formula of a result."""
    value = value.item() if isinstance(value, np.ndarray) else value
    if isinstance(value, Known):
        return value.formula
    if isinstance(value, (int, np.integer)):
        return constant(int(value))
    if value is None:
        raise Unproved("nothing")
    return constant(rational(value, value.ball))
