"""A certificate item by item: nothing that is wrong or undecided is without a test that fails."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gradproof.itemised import COST, DERIVATION, DIFFERENCES, FLOAT32, GENERATED, MUTANTS, STEP, Subject
from gradproof.load import find, load, place
from verify.certificate import Certificate, Check, Score
from verify.evidence import Evidence

EXAMPLES = Path(__file__).parent.parent / "examples" / "models"
GOOD = Check("d.w", "code, float64", "derivation", 1.0, "ulp", "d.w[2, 1, 1] with m=1", "rounded", True)
STEPS = (Evidence("d.w", 0, "chain rule", "exact"),)
EXPECTED = {  # what is compared in every model that can be judged at all
    *("J::derivation", "J::generated", "BP3::derivation", "BP3::generated", "BP4::derivation", "BP4::generated"),
    *("BP1::step", "BP2::step", "BP3::step", "BP4::step", "d.C::step", "d.a@l=L::step", "d.a@l=2..L-1::step"),
}


@cache
def mlp() -> Subject:
    (loaded,) = load(find("mlp"))
    return Subject.of(loaded, Path("nowhere"))


def judged(monkeypatch: pytest.MonkeyPatch, *checks: Check, steps: tuple[Evidence, ...] = STEPS) -> set[str]:
    """The tests that fail if a certificate says so much."""
    return {name for name, (wrong, _, _) in told(monkeypatch, Certificate("mlp", (), steps, checks)).items() if wrong}


def told(monkeypatch: pytest.MonkeyPatch, certificate: Certificate) -> dict[str, tuple[bool, bool, str]]:
    """What every test says."""
    monkeypatch.setattr(Subject, "_certificates", lambda self, faults: certificate)
    found = {test: mlp().outcome(*test, faults=True) for test in mlp().tests}
    return {"::".join(filter(None, test)): (o.wrong, o.known, o.text) for test, o in found.items()}


def test_the_names_of_tests_are_textbook_names_or_ids_without_spaces() -> None:
    names = {name for name, _ in mlp().tests}
    assert names == {"J", "BP1", "BP2", "BP3", "BP4", "d.C", "d.a@l=L", "d.a@l=2..L-1", ""}
    assert {kind for name, kind in mlp().tests if name == "BP4"} == {STEP, DERIVATION, GENERATED, FLOAT32, DIFFERENCES}
    assert {kind for name, kind in mlp().tests if name == "J"} == {DERIVATION, GENERATED, FLOAT32, COST}
    assert {kind for name, kind in mlp().tests if name in ("BP2", "d.C")} == {STEP}


def test_no_differences_are_asked_of_a_model_that_holds_values() -> None:
    models = (one for path in sorted(EXAMPLES.glob("*.py")) if "stop(" in path.read_text() for one in load(place(path)))
    subject = Subject.of(next(models), Path("nowhere"))
    assert DIFFERENCES not in {kind for _, kind in subject.tests}


@pytest.mark.parametrize(
    ("equation", "check", "test"),
    [
        ("d.w", "derivation, exact", "BP4::derivation"),
        ("d.w", "derivation, 170 bits", "BP4::derivation"),
        ("d.w", "alive", "BP4::derivation"),
        ("d.b", "code, 170 bits", "BP3::generated"),
        ("d.b", "code, float64", "BP3::generated"),
        ("d.b", "code, float32", "BP3::float32"),
        ("d.b", "differences", "BP3::differences"),
        ("J", "cost alone, float32", "J::cost"),
        ("J", "differences", "J::derivation"),
        ("of no test", "code, float32", "J::float32"),
    ],
)
@pytest.mark.parametrize("why", ["1 is not 2", "undecided: 1 or 2"])
def test_what_fails_is_in_one_test(
    equation: str, check: str, test: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Check(equation, check, "derivation", 1.0, "ulp", "somewhere", "failed", False, why)
    assert judged(monkeypatch, GOOD) == set()
    assert judged(monkeypatch, GOOD, bad) == EXPECTED - {"BP4::generated", "BP4::step"} | {test}
    outcome = told(monkeypatch, Certificate("mlp", (), STEPS, (GOOD, bad)))[test][2]
    assert why in outcome and str(bad) in outcome and "gradproof explain GP" in outcome


def test_a_step_that_is_not_believed_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Evidence("d.z@l=2..L - 1", 3, "sift", "not visited")
    found = told(monkeypatch, Certificate("mlp", (), (*STEPS, bad), (GOOD,)))
    assert found["BP2::step"][0]
    assert "derive/models/mlp.py:19: z[l, i, j] = Sum(" in found["BP2::step"][2]


def test_nothing_compared_is_not_good(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, steps=()) == EXPECTED
    assert judged(monkeypatch) == EXPECTED - {"BP4::step"}
    assert judged(monkeypatch, GOOD, steps=()) == EXPECTED - {"BP4::generated"}


def test_faults_that_survive_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Certificate("mlp", (), STEPS, (GOOD,), Score(3, 3, 3, (), (), ()))
    assert told(monkeypatch, good)[MUTANTS] == (False, True, "3 of 3 rejected, 0 proved equal, 0 indistinguishable")
    survived = replace(good, mutants=Score(3, 3, 2, (), (), ("line 7: a  ->  b",)))
    wrong, _, text = told(monkeypatch, survived)[MUTANTS]
    assert wrong and "GP304 survived: line 7: a  ->  b" in text
    none = replace(good, mutants=Score(0, 0, 0, (), (), ()))
    assert told(monkeypatch, none)[MUTANTS][0]
    without = replace(good, mutants=None)
    assert told(monkeypatch, without)[MUTANTS][:2] == (False, False)


CLAIMED = """
from derive import Model, Sum, d

with Model("claimed") as model:
    n = model.sizes("n")
    k = model.indices("k")
    x = model.data(x=(n,))
    w = model.parameters(w=(n,))
    e = model.variables("e")
    e[k] = (w[k] - x[k]) ** 2
    model.minimise(Sum(e[k], k))
    model.alias(G1=d(w[k]))
    model.claim(d(w)[k], 2 * (w[k] - x[k]))
    model.claim(d(w)[k], 3 * (w[k] - x[k]))
    model.claim(d(e[k], w[k]), 2 * (w[k] - x[k]))
"""


def test_every_claim_is_a_test(tmp_path: Path) -> None:
    (tmp_path / "claimed.py").write_text(CLAIMED)
    (loaded,) = load(place(tmp_path / "claimed.py"))
    subject = Subject.of(loaded, tmp_path)
    claims = {test: subject.outcome(*test, faults=False) for test in subject.tests if test[1].startswith("claim")}
    assert {test: one.wrong for test, one in claims.items()} == {
        ("G1", "claim"): False,
        ("G1", "claim2"): True,
        ("d(e,w)", "claim"): False,
    }
    assert claims["G1", "claim2"].text.startswith("GP201 d.w[k] = 3*")
    assert "claimed.py:14: model.claim(d(w)[k], 3 * (w[k] - x[k]))" in claims["G1", "claim2"].text
    assert subject.place_of("G1", "claim2") == (str(tmp_path / "claimed.py"), 14)
