"""What each function of a module takes: data, numbers, sizes and callables, by the sections that it runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from codegen.lowering.samples import sample_axes
from codegen.module.bodies import Body
from codegen.module.spelling import Speller
from codegen.program.program import Program, Section
from derive.system import System


@dataclass(frozen=True)
class Given:
    """What functions are given: by the declarations of a system, and what each section of a program reads."""

    system: System
    program: Program

    @cached_property
    def names(self) -> dict[str, str]:
        return dict(self.program.names)

    def speller(self) -> Speller:
        """A speller for one function body."""
        return Speller(self.program, self.names)

    # arguments

    @cached_property
    def given(self) -> tuple[str, ...]:
        """Data and numbers in declared order, then numbers of steps."""
        return (*(s.name for s in self.program.stores if s.role in ("data", "hyper")), *self.counts)

    @cached_property
    def counts(self) -> tuple[str, ...]:
        """Sizes that some section names and no array shows."""
        named = {name for names in self.named.values() for name in names}
        return tuple(self.names[size] for size in self.program.unshown if f"#{size}" in named)

    @cached_property
    def named(self) -> dict[str, tuple[str, ...]]:
        """The stores that each section's text names."""
        return {s.name: Body(self, s).arguments for s in self.program.sections}

    def reads(self, *sections: str) -> tuple[str, ...]:
        """Data, numbers and callables that some sections read."""
        found = {name for s in sections for name in self.named.get(s, ())}
        found |= {self.names[size] for size in self.program.unshown if f"#{size}" in found}
        return (*(name for name in self.given if name in found), *self.calls(*sections))

    @cached_property
    def costing(self) -> tuple[str, ...]:
        """What the cost takes beside the parameters."""
        return (*self.given, *self.calls("forward", "cost"))

    @cached_property
    def everything(self) -> tuple[str, ...]:
        """What the gradient takes beside the parameters."""
        return (*self.given, *self.callables)

    @cached_property
    def callables(self) -> tuple[str, ...]:
        """Callables that the user brings."""
        return tuple(self.names[f"f.{name}"] for name in self.program.callables)

    def calls(self, *sections: str) -> tuple[str, ...]:
        """The callables that some sections call."""
        called = {name for s in self.program.sections if s.name in sections for name in Body(self, s).callables}
        return tuple(name for name in self.callables if name in called)

    def section(self, name: str) -> Section:
        """The section, empty if the program has none of that name."""
        return next((s for s in self.program.sections if s.name == name), Section(name, ()))

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """What the forward pass gives to others."""
        return self.section("forward").gives

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """What the gradient reads of forward pass and cost."""
        gives = (*self.section("forward").gives, *self.section("cost").gives)
        return tuple(name for name in self.section("gradient").reads if name in gives)

    @cached_property
    def samples(self) -> dict[str, int]:
        """The axis of the samples in every data array that has it."""
        return sample_axes(self.system, self.program)

    def call(self, first: str, given: tuple[str, ...]) -> str:
        """Arguments of a kernel."""
        return self.listed((first, *given))

    def listed(self, names: tuple[str, ...]) -> str:
        """Names with commas."""
        return ", ".join(names)
