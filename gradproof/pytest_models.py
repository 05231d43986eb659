"""The tests that `pytest --gradproof` collects: one for every model, equation and kind of check.

Their names follow from the derivation alone: nothing is judged before the first of a model's tests runs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codegen.files import drift
from gradproof.choose import GENERATED, files
from gradproof.load import Place, UsageError, find, load, place
from gradproof.pytest_items import Equation, ModelTest, Unusable, comparisons, ordinary_warnings
from gradproof.pytest_plugin import MARK

if TYPE_CHECKING:
    from gradproof.load import Loaded

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
