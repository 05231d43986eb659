"""The tests that `pytest --gradproof` collects: one for every model, equation and kind of check.

Their names follow from the derivation alone: nothing is judged before the first of a model's tests runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codegen.files import drift
from gradproof.choose import GENERATED, files
from gradproof.load import Place, UsageError, find, load, place
from gradproof.pytest_plugin import MARK

if TYPE_CHECKING:
    from gradproof.load import Loaded
    from gradproof.itemised import Subject

MODEL = "model"  # the test that fails where there is no model to judge


def asked(names: str, patterns: Sequence[str], root: Path) -> tuple[Place, ...]:
    """The files of models: of the setting or else of the project, and of these the named ones. UsageError if none."""
    found = {path.resolve(): None for pattern in patterns for path in sorted(root.glob(pattern))}
    own = tuple(place(path) for path in found if path.suffix == ".py" and not path.name.startswith("_"))
    if patterns and not own:
        raise UsageError(f"gradproof_models: no file in {root} matches {' '.join(patterns)}")
    whole = own or files((), drift.read(root / GENERATED))
    if not names:
        return whole
    known = {one.path.stem: one for one in whole}
    words = [word.strip() for word in names.split(",") if word.strip()]
    return tuple(dict.fromkeys(known.get(word) or find(word) for word in words))


@contextmanager
def ordinary_warnings() -> Iterator[None]:
    """Warnings are no errors here, whatever the project's tests make of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


class Models:
    """The hooks of a session that checks models; `only` are ids of single checks, all if there is none."""

    def __init__(self, files: tuple[Place, ...], only: tuple[str, ...]) -> None:
        self.files, self.only = files, only

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Beside the files of a session its models."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            seen: dict[str, Place] = {}
            report.result += [
                ModelFile.from_parent(collector, name=f.source, nodeid=f.source, path=f.path, where=f, seen=seen)
                for f in self.files
            ]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Of the models' checks the single ones that are asked for. UsageError if there is no such check."""
        ids = [item.nodeid for item in items if isinstance(item, ModelTest)]
        for one in self.only:
            if not any(within(name, one) for name in ids):
                raise pytest.UsageError(f"not found: {one}; `pytest --gradproof --co -q` lists what there is")
        dropped = [
            i
            for i in items
            if isinstance(i, ModelTest) and self.only and not any(within(i.nodeid, o) for o in self.only)
        ]
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if item not in dropped]


def within(nodeid: str, name: str) -> bool:
    """Is this the check of that name, or one of an equation or a model of that name, as pytest prints it anywhere?"""
    name = name.lstrip("./")
    return nodeid == name or nodeid.startswith(f"{name}::")


class ModelFile(pytest.Collector):
    """A file of models. `seen` are the models of other files by their names."""

    def __init__(self, *, where: Place, seen: dict[str, Place], **rest: Any) -> None:
        super().__init__(**rest)
        self.where, self.seen = where, seen

    def collect(self) -> Iterator[pytest.Collector]:
        """Its models, or one test that fails if it cannot be loaded."""
        from derive import ModelError

        try:
            with ordinary_warnings():
                models = load(self.where)
        except ModelError as error:
            yield ModelTests.from_parent(self, name=self.where.path.stem, nodeid=self.where.path.stem, loaded=error)
            return
        for loaded in models:
            other = self.seen.setdefault(loaded.name, self.where)
            if other != self.where:
                raise self.CollectError(f"two models are called {loaded.name}: in {other.source} and {self.name}")
            yield ModelTests.from_parent(self, name=loaded.name, nodeid=loaded.name, loaded=loaded)


class ModelTests(pytest.Collector):
    """The tests of a model, or the error because of which it has none."""

    def __init__(self, *, loaded: Loaded | Exception, **rest: Any) -> None:
        super().__init__(**rest)
        self.loaded = loaded
        self.add_marker(MARK)
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(self.name))

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Its equations and the tests of it as a whole, or one that fails if no code can be made of the model."""
        from derive import ModelError
        from gradproof.itemised import Subject

        try:
            if isinstance(self.loaded, Exception):
                raise self.loaded
            with ordinary_warnings():
                subject = Subject.of(self.loaded, self.config.rootpath / GENERATED)
        except ModelError as error:
            yield Unusable.from_parent(self, name=MODEL, error=error)
            return
        for equation in dict.fromkeys(equation for equation, _ in subject.tests):
            if equation:
                yield Equation.from_parent(self, name=equation, subject=subject)
            else:
                yield from comparisons(self, subject, "")


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
        return self.subject.place_of(self.equation) or super().at()

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
