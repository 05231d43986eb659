"""The single tests of `pytest --gradproof`, by equations: what runs, and what is said where something is wrong."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradproof.itemised import Subject


@contextmanager
def ordinary_warnings() -> Iterator[None]:
    """Warnings are no errors here, whatever the project's tests make of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


class Equation(pytest.Collector):
    """The tests of an equation."""

    def __init__(self, *, subject: Subject, **rest: Any) -> None:
        super().__init__(**rest)
        self.subject = subject

    def collect(self) -> Iterator[pytest.Item]:
        """One test for every kind of check."""
        return comparisons(self, self.subject, self.name)


def comparisons(parent: pytest.Collector, subject: Subject, equation: str) -> Iterator[pytest.Item]:
    """The tests of an equation, "" for the model as a whole."""
    for kind in (kind for name, kind in subject.tests if name == equation):
        yield Comparison.from_parent(parent, name=kind, subject=subject, equation=equation, kind=kind)


class ModelTest(pytest.Item):
    """A test of a model."""

    __test__ = False  # it is no test of this project

    def at(self) -> tuple[str, int]:
        """The file and the line that it is about; 0 if no line."""
        return str(self.path), 0

    def reportinfo(self) -> tuple[str, int | None, str]:
        """The place of the equation, and the headline of a failure."""
        file, line = self.at()
        return file, line - 1 if line else None, ": ".join(self.nodeid.split("::"))


class Unusable(ModelTest):
    """It fails: the model cannot be loaded, derived or made into code."""

    def __init__(self, *, error: Any, **rest: Any) -> None:
        super().__init__(**rest)
        self.error = error

    def at(self) -> tuple[str, int]:
        source = self.error.source
        return (str(self.path.with_name(source.file)), source.line) if source else super().at()

    def runtest(self) -> None:
        """The error's own words: the line, what is wrong with it, and the likely fix."""
        pytest.fail(str(self.error), pytrace=False)


class Comparison(ModelTest):
    """One kind of check of one equation, or of a model as a whole."""

    def __init__(self, *, subject: Subject, equation: str, kind: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.subject, self.equation, self.kind = subject, equation, kind

    def at(self) -> tuple[str, int]:
        return self.subject.place_of(self.equation, self.kind) or super().at()

    def runtest(self) -> None:
        """Judge the model if this is its first test, and say what is found."""
        from derive import ModelError

        try:
            with ordinary_warnings():
                outcome = self.subject.outcome(self.equation, self.kind, faults=self.faults)
        except ModelError as error:
            pytest.fail(str(error), pytrace=False)
        if outcome.wrong:
            pytest.fail(outcome.text, pytrace=False)
        if not outcome.known:
            pytest.skip(outcome.text)
        self.add_report_section("call", "found", outcome.text)

    @property
    def faults(self) -> bool:
        """Will the faults that are planted in this model's code be asked for?"""
        others = (item for item in self.session.items if isinstance(item, Comparison))
        return any(item.subject is self.subject and item.kind == "mutants" for item in others)
