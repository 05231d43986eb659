"""The judge examined on a sample of the corpus: `tests/examination.py` runs all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from corpus import IMPLEMENTATIONS, MISTAKES, Mistake, points
from corpus.mistakes import KINDS as CLASSES
from examination import examined, verdict_on
from test_foreign import NUMPY

from verify.codes import CODES, ERROR

LONG = ("conv1d_loops", "packed_lstm", "einsum_attention")  # seconds for each mistake
SAMPLE = {
    kind: next(m for m in MISTAKES if m.kind == kind and (m.implementation not in LONG or kind == "truncated BPTT"))
    for kind in CLASSES
}


@pytest.fixture(autouse=True)
def only_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said about a mistake has tests of its own."""
    monkeypatch.setattr("verify.foreign.check.diagnose", lambda *_: ())


@pytest.mark.parametrize("kind", CLASSES)
def test_a_mistake_of_every_class_is_rejected(kind: str, tmp_path: Path) -> None:
    mistake = SAMPLE[kind]
    verdict = verdict_on(mistake.implementation, mistake, tmp_path)
    assert verdict.word == "WRONG", str(verdict)


def test_data_of_few_values_do_not_hide_low_precision(tmp_path: Path) -> None:
    mistake = next(m for m in MISTAKES if m.name.startswith("funk_factorisation: low precision"))
    verdict = verdict_on(mistake.implementation, mistake, tmp_path)
    assert {f.code for f in verdict.failures} == {"GP103"}, str(verdict)


@pytest.mark.parametrize("name", NUMPY)
def test_right_code_is_accepted_at_every_kind_of_point(name: str, tmp_path: Path) -> None:
    at = [dict(points(name, seed, kind).values) for kind in IMPLEMENTATIONS[name].kinds for seed in (100, 101)]
    verdict = verdict_on(name, None, tmp_path, at=at, around=False)
    assert verdict.good, str(verdict)


def test_an_edit_that_changes_nothing_is_noticed(tmp_path: Path) -> None:
    """So the examination can fail."""
    same = Mistake("ridge_loops", "sign", "def gradient", "def  gradient", ())
    rows = list(examined([same, replace(SAMPLE["sign"])], tmp_path))
    assert [row.rejected for row in rows] == [False, True]
    assert {c.severity for c in CODES if c.code in rows[1].codes} >= {ERROR}
