"""The benchmark of gradient checkers counts what it says it counts."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
NAME = "ridge_loops"


@pytest.fixture
def checkers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("checkers")


def test_scipy_sees_a_sign_and_not_where_the_gradient_is_tiny(checkers: ModuleType) -> None:
    row = next(c for c in checkers.CHECKERS if c.needs == "scipy")
    made = list(checkers.trials([row], [NAME], 1))
    verdicts = {(t.point.kind, t.mistake.kind if t.mistake else None): t for t in made}
    assert verdicts["ordinary", None].accepted
    assert verdicts["ordinary", "sign"].caught
    assert verdicts["ordinary", "wrong cost only"].caught
    assert not verdicts["ordinary", "state between calls"].caught
    assert verdicts["tiny", "sign"].accepted, "its threshold is absolute"
    (cells,) = [checkers.summary(row.name, made)]
    assert cells[0] == row.name and len(cells) == 4 + len(checkers.KINDS) + 1


def test_a_checker_that_rejects_everything_catches_nothing(checkers: ModuleType) -> None:
    def accepts(code: object, point: object) -> bool:
        raise ZeroDivisionError

    made = list(checkers.trials([checkers.Checker("no", "numpy", accepts)], [NAME], 1))
    _, caught, of_mismatches, rejected, ordinary, *_ = checkers.summary("no", made)
    assert (caught, of_mismatches, rejected, ordinary) == ("0.0 %", "0.0 %", "100.0 %", "100.0 %")


def test_only_live_mistakes_are_counted(checkers: ModuleType) -> None:
    """A float32 sum of float32 numbers is right."""
    always = checkers.Checker("yes", "numpy", lambda code, point: True)
    kinds = {
        t.point.kind
        for t in checkers.trials([always], ["huber_lasso"], 1)
        if t.mistake and t.mistake.kind == "low precision"
    }
    assert "ordinary" in kinds and "float32" not in kinds
