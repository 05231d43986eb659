"""The result of deriving: adjoint equations, each with the chain of steps that led to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from derive.errors import ModelError, Source
from derive.scalar.laws import Law
from derive.system import System
from derive.values.binders import Bound
from derive.values.nodes import Access, Expr


@dataclass(frozen=True)
class Step:
    """One use of one named rule: `derive.calculus.rules.RULES[rule](before, context, **arguments) == after`."""

    rule: str
    before: Expr
    after: Expr
    arguments: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Adjoint:
    """An adjoint equation on one region: `target = value` for all letters in `bounds`.

    `target` is an entry of `d.z` for the adjoint of `z`. The first step starts from the chain-rule sum over the uses
    of the variable, each step starts where the last one ended, and the last one ends at `value`. An equation that is
    `inlined` is a lemma: its right side was put into the equation that reads it, so it is not computed.
    `may_be_empty` says that the region vanishes for the smallest sizes; `source` is the equation of the quantity, or
    for a parameter the first one that reads it.
    """

    id: str
    of: str
    target: Access
    bounds: tuple[Bound, ...]
    value: Expr
    steps: tuple[Step, ...]
    uses: tuple[str, ...] = ()
    inlined: bool = False
    may_be_empty: bool = False
    name: str = ""
    source: Source | None = None


@dataclass(frozen=True)
class Derivation:
    """Everything derived from one model. `laws` maps a function's name to what was found for it."""

    system: System
    adjoints: tuple[Adjoint, ...]
    laws: tuple[tuple[str, Law], ...] = field(default=())

    @cached_property
    def computed(self) -> tuple[Adjoint, ...]:
        """The adjoint equations that a program has to compute."""
        return tuple(a for a in self.adjoints if not a.inlined)

    def adjoints_of(self, name: str) -> tuple[Adjoint, ...]:
        """The adjoint equations of a variable or parameter, one a region."""
        return tuple(a for a in self.adjoints if a.of == name)

    def __getitem__(self, name: str) -> Adjoint:
        """The adjoint equation with that systematic id or textbook name. ModelError if there is none."""
        for adjoint in self.adjoints:
            if name in (adjoint.id, adjoint.name):
                return adjoint
        known = ", ".join(f"{a.name} ({a.id})" if a.name else a.id for a in self.adjoints)
        raise ModelError(f"{self.system.name} has no derived equation {name}", fix=f"one of {known}")
