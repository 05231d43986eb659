"""A model before any range is known."""

from __future__ import annotations

from dataclasses import dataclass

from derive.language.functions import Function
from derive.regions.shapes import Asked, Draft
from derive.system import Alias, Declared, Stated, Tensor
from derive.values.facts import Facts
from derive.values.nodes import Expr


@dataclass(frozen=True)
class Unresolved(Declared):
    """The declarations and equations of a model, as they were stated; `latex` is that of variables."""

    variables: tuple[str, ...]
    latex: dict[str, str]
    functions: tuple[Function, ...]
    functionals: tuple[str, ...]
    drafts: tuple[Draft, ...]
    objective: Draft
    facts: Facts
    sums: tuple[tuple[Expr, Expr], ...]
    aliases: tuple[Alias, ...]
    errors: tuple[tuple[str, str], ...]
    prediction: Asked | None
    stated: tuple[Stated, ...]


def with_ranges(facts: Facts, tensors: tuple[Tensor, ...]) -> Facts:
    """The facts, and those that the declared ranges of slots imply."""
    return facts.with_bounds(s.hi - s.lo for t in tensors for s in t.slots if s.index.name[0] != "_")
