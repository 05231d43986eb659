"""The result of deriving: adjoint equations, each with the chain of steps that led to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from derive.errors import ModelError, Refused, Source
from derive.graphs import grouped
from derive.scalar.laws import Law
from derive.system import System
from derive.values.affine import Affine
from derive.values.binders import Bound
from derive.values.nodes import Access, Expr
from derive.values.text import render_affine


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
    `may_be_empty` says that the region vanishes for the smallest sizes; `unknown` are likely orders, the smaller one
    first, that are not declared, so that conditions stand in the equation; `source` is the equation of the quantity,
    or for a parameter the first one that reads it.
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
    unknown: tuple[tuple[Affine, Affine], ...] = ()
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

    def refused(self, error: ModelError) -> ModelError:
        """The error; where orders of sizes are not known, one that asks for all of them."""
        orders = self._unknown_orders()
        if not orders:
            return error
        shown = [f"{render_affine(small)} <= {render_affine(large)}" for small, large in orders]
        names = dict.fromkeys(a.of for a in self.adjoints if a.unknown)
        return Refused(
            f"{error.what}; the regions of the adjoint of {' and '.join(names)} depend on the sizes: "
            f"whether {' and '.join(shown)} is not known",
            source=error.source,
            fix=f"declare model.assume({', '.join(shown)})",
        )

    def _unknown_orders(self) -> list[tuple[Affine, Affine]]:
        """The orders that are not known, each once, without those that follow from the others."""
        found = {large - small: (small, large) for a in self.adjoints for small, large in a.unknown}
        for gap, (small, large) in list(found.items()):
            others = self.system.facts.with_bounds(g for g in found if g != gap)
            if others.below(small, large):
                del found[gap]
        return list(found.values())

    @cached_property
    def known(self) -> dict[str, tuple[Adjoint, ...]]:
        """The adjoint equations, one a region, of each `d.z`."""
        return grouped((a.target.tensor, a) for a in self.adjoints)

    def adjoints_of(self, name: str) -> tuple[Adjoint, ...]:
        """The adjoint equations of a variable or parameter, one a region."""
        return self.known.get(f"d.{name}", ())

    def __getitem__(self, name: str) -> Adjoint:
        """The adjoint equation with that systematic id or textbook name. ModelError if there is none."""
        for adjoint in self.adjoints:
            if name in (adjoint.id, adjoint.name):
                return adjoint
        known = ", ".join(f"{a.name} ({a.id})" if a.name else a.id for a in self.adjoints)
        raise ModelError(f"{self.system.name} has no derived equation {name}", fix=f"one of {known}")
