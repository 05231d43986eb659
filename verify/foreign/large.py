"""Points of thousands of entries: the reference is the generated code on balls, which was judged at small sizes first.

Evaluating the derived equations entry by entry, as at small points, would take minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flint import arb

from codegen.render import render_module
from derive.derivation import Adjoint, Derivation
from verify.agreement import make_cases
from verify.case import Case, Values
from verify.instance import Entry, Instance
from verify.judge import BLACK_BOX, check_balls
from verify.kernel import run_on_balls
from verify.numbers import Balls, Undecided
from verify.run import Code, load
from verify.symbolic import Symbolic
from verify.unroll import OBJECTIVE, Unrolled

MANY = 3000  # entries


class Equations(dict[Entry, str]):
    """The names of the equations of entries, found when they are asked for."""

    def __init__(self, symbolic: Symbolic) -> None:
        super().__init__({OBJECTIVE: "J"})
        self.symbolic = symbolic

    def __missing__(self, entry: Entry) -> str:
        self[entry] = self.symbolic.adjoint_at(*entry)[0].id
        return self[entry]

    def get(self, entry: Entry, default: Any = None) -> Any:
        return self[entry]


@dataclass(frozen=True)
class LargeCase(Case):
    """A case whose reference values come from generated code; `code` runs it."""

    code: Code | None = None
    computed: tuple[Adjoint, ...] = ()
    known: dict[float, Values] = field(default_factory=dict)

    @property
    def alive(self) -> set[str]:
        """The same as of small cases, without a name for every entry."""
        left: dict[str, set[str]] = {OBJECTIVE[0]: {"J"}}
        for adjoint in self.computed:
            left.setdefault(adjoint.of, set()).add(adjoint.id)
        found: set[str] = set()
        for entry, ball in self.true.items():
            if left[entry[0]] and not ball.contains(0):
                found.add(self.equations[entry])
                left[entry[0]].discard(self.equations[entry])
        return found

    def wide(self, unit: float) -> Values:
        """The generated code's own balls for a float type."""
        if unit not in self.known:
            assert self.code is not None
            self.known[unit] = run_on_balls(self.instance, self.code, unit)
        return self.known[unit]

    def budget(self, unit: float) -> tuple[Values, ...]:
        """What the generated code's own rounding allows, some times over."""
        own = self.wide(unit)
        return ({e: self.symbolic[e] + arb(0, BLACK_BOX * float(v.rad())) for e, v in own.items()},)


def reference(derivation: Derivation, seed: int) -> Code:
    """The generated code, judged at small sizes. Undecided if it is not sure to be right."""
    module = load(render_module(derivation, source="", digest=""), derivation.system.name)
    code = Code.of(module, derivation, Balls(seed))
    if code.unknown:
        raise Undecided("what a model leaves symbolic has no values at a point of thousands of entries")
    for case in make_cases(derivation, seed)[:2]:
        with case.field.context():
            for check in check_balls(case, code):
                if not check.good or check.grade != "enclosed":
                    raise Undecided(f"the generated code is no reference: {check}")
    return code


def large_case(derivation: Derivation, drawn: Instance, code: Code, seed: int) -> LargeCase:
    """The reference values at a large point, by the generated code."""
    balls = Balls(seed)
    with balls.context():
        values = run_on_balls(drawn, code, 0.0)
    symbolic = Symbolic(derivation, Unrolled(drawn, balls))
    return LargeCase(drawn, balls, values, values, Equations(symbolic), code=code, computed=derivation.computed)
