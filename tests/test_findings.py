"""Codes of findings, exit codes, and findings printed for other programs."""

import json
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from codegen.files.drift import State
from codegen.render import render_module
from derive import derive
from gradproof import __version__, cli, road
from gradproof.findings import Case, Finding, Summary, exit_code, finding
from gradproof.formats import Format, github, json_text, junit, sarif
from gradproof.formats.machine import FORMATS
from gradproof.load import load, place, shipped
from gradproof.summaries import DRIFT, KINDS, check_code, sources, summary
from verify.certificate import Certificate, Check, Score
from verify.codes import CODES, ERROR, NOTE, UNDECIDED, code
from verify.evidence import Evidence
from verify.stated import KIND

ROOT = Path(__file__).parent.parent
NAMES = {  # a code never changes its meaning and never goes away: this list may only grow
    "GP101": "proved different",
    "GP102": "differs beyond rounding",
    "GP103": "precision lost",
    "GP104": "legal but undeclared subgradient",
    "GP105": "not a subgradient",
    "GP106": "two calls differ",
    "GP107": "input modified",
    "GP108": "missing or strange shape",
    "GP109": "cost differs",
    "GP110": "untested",
    "GP111": "undecided",
    "GP112": "layout not found",
    "GP113": "the code raises",
    "GP114": "agrees within differences only",
    "GP201": "claim refuted",
    "GP202": "claim undecided",
    "GP301": "a derivation step is not believed",
    "GP302": "generated code disagrees with the derivation",
    "GP303": "differences disagree",
    "GP304": "a mutant survived",
    "GP305": "never seen alive",
    "GP401": "stale",
    "GP402": "edited",
    "GP403": "missing",
    "GP404": "orphan",
}


# codes


def test_codes_never_change() -> None:
    assert {row.code: row.name for row in CODES} == NAMES


def test_codes_are_unique_and_sorted() -> None:
    codes = [row.code for row in CODES]
    assert codes == sorted(set(codes))
    assert len({row.name for row in CODES}) == len(CODES)


@pytest.mark.parametrize("row", CODES, ids=lambda row: row.code)
def test_every_code_is_documented(row: Any) -> None:
    assert row.severity in (ERROR, UNDECIDED, NOTE)
    for field in fields(row):
        text = getattr(row, field.name)
        assert text == text.strip() and "\n" not in text
    for text in (row.meaning, row.cause, row.remedy):
        assert text.endswith(".") and len(text) > 10


@pytest.mark.parametrize("row", CODES, ids=lambda row: row.code)
def test_explain_prints_all_that_is_known(row: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", row.code.lower()]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for text in (row.code, row.name, row.meaning, row.cause, row.remedy):
        assert text in shown.replace("  ", " "), text


def test_explain_lists_all_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert cli.main(["explain", "GP999"]) == 2
    assert "there is no code GP999; codes are GP101," in capsys.readouterr().err


def test_every_code_in_the_sources_is_in_the_table() -> None:
    for room in ("verify", "gradproof"):
        for path in (ROOT / room).rglob("*.py"):
            assert set(re.findall(r"\bGP\d{3}\b", path.read_text())) <= set(NAMES), path


def test_drift_has_a_code_for_every_state() -> None:
    assert {state.lower(): code(name).name for state, name in DRIFT.items()} == {s.lower(): s.lower() for s in State}


# certificates


STEP = Evidence("d.w", 1, "sift", "exact")
GOOD = Check("d.w", "code, float64", "derivation", 0.5, "ulp", "d.w[1] with n=3", "rounded", True)
RIGHT = Certificate("tiny", ("n=3",), (STEP,), (GOOD,))


def bad(check: str, why: str = "") -> Check:
    return replace(GOOD, check=check, good=False, error=1e300, grade="failed", why=why)


def found(certificate: Certificate) -> list[str]:
    return [f.code for f in summary(certificate, "mine.py").findings]


CERTIFICATES = [
    (RIGHT, [], 0),
    (replace(RIGHT, checks=(bad("derivation, exact"),)), ["GP301"], 1),
    (replace(RIGHT, checks=(bad("derivation, 170 bits", "undecided: no value"),)), ["GP111"], 4),
    (replace(RIGHT, checks=(bad(KIND),)), ["GP301"], 1),
    (replace(RIGHT, checks=(bad("code, 170 bits"),)), ["GP302"], 1),
    (replace(RIGHT, checks=(bad("cost alone, float32"),)), ["GP302"], 1),
    (replace(RIGHT, checks=(bad("code, float64", "undecided: may keep no digit"),)), ["GP111"], 4),
    (replace(RIGHT, checks=(bad("differences"),)), ["GP303"], 1),
    (replace(RIGHT, checks=(bad("alive", "always 0, so nothing was seen"),)), ["GP305"], 4),
    (replace(RIGHT, checks=(bad("code, float64", "undecided: x"), bad("differences"))), ["GP111", "GP303"], 1),
    (replace(RIGHT, steps=(replace(STEP, grade="failed"),)), ["GP301"], 1),
    (replace(RIGHT, steps=(replace(STEP, grade="not visited"),)), ["GP305"], 4),
    (replace(RIGHT, steps=()), ["GP111"], 4),
    (replace(RIGHT, checks=()), ["GP111"], 4),
    (replace(RIGHT, mutants=Score(9, 9, 8, (), (), ("line 3: a  ->  b",))), ["GP304"], 1),
    (replace(RIGHT, mutants=Score(0, 0, 0, (), (), ())), ["GP111"], 4),
    (replace(RIGHT, mutants=Score(9, 9, 9, (), (), ())), [], 0),
]


@pytest.mark.parametrize(("certificate", "codes", "exit"), CERTIFICATES)
def test_a_certificate_is_good_if_and_only_if_nothing_is_found(
    certificate: Certificate, codes: list[str], exit: int
) -> None:
    made = summary(certificate, "mine.py")
    assert found(certificate) == codes
    assert made.good == certificate.good == (not codes)
    assert exit_code(made.findings) == exit


def test_every_comparison_has_a_code() -> None:
    """All names that comparisons have in the sources."""
    text = "".join(path.read_text() for path in sorted((ROOT / "verify").glob("*.py")))
    names = re.findall(r'"((?:derivation|code|cost alone|differences|alive)(?:, [^"]*)?)"', text)
    assert {name.partition(",")[0] for name in names} >= {start for start, _ in KINDS if start != "derivative"}
    for name in (*names, KIND):
        assert check_code(bad(name)) in NAMES


@pytest.mark.parametrize(
    ("certificate", "exit"), [(RIGHT, 0), (CERTIFICATES[5][0], 1), (CERTIFICATES[6][0], 4), (CERTIFICATES[9][0], 1)]
)
def test_exit_codes_of_check_and_build(
    certificate: Certificate, exit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(road, "check", lambda *arguments: certificate)
    assert cli.main(["check", "theorems"]) == exit
    monkeypatch.setattr("gradproof.verdicts.tex_available", lambda: False)
    assert cli.main(["build", "theorems"]) == exit


def test_a_note_is_no_failure() -> None:
    noted = finding("GP104", "another slope at 0", title="relu")
    assert noted.severity == NOTE
    assert Summary("f", "f.py", "", (Case("kink", "agrees", (), (noted,)),)).good
    assert exit_code([noted]) == 0


# lines


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mine") / "mine.py"
    path.write_text(shipped()["mlp"].path.read_text().replace('Model("mlp")', 'Model("mine")'))
    return path


def line_of(path: Path, start: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if line.strip().startswith(start))


@pytest.mark.parametrize(
    ("equation", "start"),
    [("J", "model.minimise"), ("d.z@l=L", "z["), ("d.w", "z["), ("z", "z["), ("a@l=1", "a[1"), ("C", "C[")],
)
def test_a_finding_stands_at_the_line_of_its_equation(equation: str, start: str, mine: Path) -> None:
    lines = sources(derive(load(place(mine))[0].model))
    wrong = replace(RIGHT, checks=(replace(bad("code, float64"), equation=equation),))
    (only,) = summary(wrong, "nets/mine.py", lines).findings
    assert (only.file, only.line) == ("nets/mine.py", line_of(mine, start))


# formats


ODD = Finding("GP302", ERROR, "100% wrong:\r\na, b \x00\x1b ]]> <&>", "nets/my model.py", 7, "m: d.w, e", 'w[1] "x"')
OPEN = finding("GP111", "undecided: 0 or 1", title="m: J", file="nets/my model.py", line=9)
NOTED = finding("GP104", "another slope", title="m: relu")
SEEN = Summary(
    "m",
    "nets/my model.py",
    "3 steps",
    (
        Case("steps", "agrees", ("3 exact",)),
        Case("code", "DISAGREES", ("with derivation", "1 ulp", "there"), (OPEN, ODD, NOTED)),
        Case("alive", "UNDECIDED", (), (OPEN,)),
        Case("kinks", "agrees", (), (NOTED,)),
    ),
)
FINE = Summary("fine", "fine.py", "3 steps", SEEN.cases[:1], stored=True)


def test_there_is_a_printer_for_every_format() -> None:
    assert set(FORMATS) == set(Format) - {Format.TEXT}


@pytest.mark.parametrize("form", FORMATS)
def test_printers_are_stable(form: Format) -> None:
    once = FORMATS[form]([SEEN, FINE])
    assert once == FORMATS[form]([SEEN, FINE])
    assert once.endswith("\n")
    assert FORMATS[form]([]) is not None


def test_json_is_sorted_and_whole() -> None:
    text = json_text.render([SEEN, FINE])
    content = json.loads(text)
    assert text == json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert (content["exit"], content["gradproof"]) == (1, __version__)
    assert [s["good"] for s in content["subjects"]] == [False, True]
    assert [s["stored"] for s in content["subjects"]] == [False, True]
    assert content["subjects"][0]["cases"][1]["findings"][1] == {
        "code": "GP302",
        "severity": "error",
        "message": ODD.message,
        "file": "nets/my model.py",
        "line": 7,
        "title": "m: d.w, e",
        "where": 'w[1] "x"',
        "likely": [],
    }


def test_junit_has_a_case_for_every_subject_and_comparison() -> None:
    root = ElementTree.fromstring(junit.render([SEEN, FINE]).encode())
    assert root.tag == "testsuites"
    assert {k: root.get(k) for k in ("tests", "failures", "errors")} == {"tests": "5", "failures": "1", "errors": "1"}
    first, second = root
    assert (first.get("name"), second.get("name")) == ("m", "fine")
    assert {k: first.get(k) for k in ("tests", "failures", "errors")} == {"tests": "4", "failures": "1", "errors": "1"}
    assert [case.get("name") for case in first] == [case.name for case in SEEN.cases]
    failure, error = first[1].find("failure"), first[2].find("error")
    assert failure is not None and error is not None
    assert failure.get("type") == "GP302"
    assert failure.text is not None and failure.text.replace("\r\n", "\n").startswith(
        "nets/my model.py:7: GP302 100% wrong:\na, b ?? ]]> <&>"
    )
    assert error.get("type") == "GP111"
    assert [case.find("failure") is None and case.find("error") is None for case in first] == [True, False, False, True]
    assert "GP104" in first[3].findtext("system-out", "")


def test_sarif_has_the_table_and_the_places() -> None:
    content = json.loads(sarif.render([SEEN, FINE]))
    assert content["version"] == "2.1.0"
    assert content["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = content["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(NAMES)
    assert {rule["defaultConfiguration"]["level"] for rule in rules} == {"error", "warning", "note"}
    results = run["results"]
    assert [r["ruleId"] for r in results] == ["GP111", "GP302", "GP104", "GP111", "GP104"]
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
    assert results[1]["level"] == "error"
    assert results[1]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "nets/my%20model.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 7},
            },
            "logicalLocations": [{"fullyQualifiedName": 'w[1] "x"'}],
        }
    ]
    assert results[2]["locations"] == []


def test_github_commands_are_escaped() -> None:
    lines = github.render([SEEN, FINE]).splitlines()
    assert lines[1] == (
        "::error file=nets/my model.py,line=7,title=GP302 m%3A d.w%2C e::100%25 wrong:%0D%0Aa, b \x00\x1b ]]> <&>"
    )
    assert lines[0] == "::warning file=nets/my model.py,line=9,title=GP111 m%3A J::undecided: 0 or 1"
    assert lines[2] == "::notice title=GP104 m%3A relu::another slope"
    assert len(lines) == 5
    assert github.render([FINE]) == ""


def parsed(form: str, text: str) -> Sequence[str]:
    """The codes that a printed document holds."""
    if form == "junit":
        return [e.get("type", "") for e in ElementTree.fromstring(text.encode()).iter("failure")]
    if form == "github":
        return re.findall(r"title=(GP\d+)", text)
    content = json.loads(text)
    if form == "sarif":
        return [r["ruleId"] for r in content["runs"][0]["results"]]
    return [f["code"] for s in content["subjects"] for c in s["cases"] for f in c["findings"]]


@pytest.mark.parametrize("form", ["json", "junit", "sarif", "github"])
def test_only_the_chosen_format_is_printed(
    form: str, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a generated module that is wrong, with the line of the model."""

    def render(*arguments: Any, **named: Any) -> str:
        return render_module(*arguments, **named).replace("+ lam * w[l]", "- lam * w[l]")

    monkeypatch.chdir(mine.parent)
    monkeypatch.setattr(road, "render_module", render)
    assert cli.main(["check", "mine.py", "--format", form, "--mutants", "0"]) == 1
    shown = capsys.readouterr()
    assert set(parsed(form, shown.out)) <= {"GP302"}
    assert len(parsed(form, shown.out)) >= 1
    assert shown.err == ""
    place = {
        "json": '"file":"mine.py","likely":[],"line":{},',
        "junit": "mine.py:{}:",
        "sarif": '"uri":"mine.py","uriBaseId":"%SRCROOT%"}},"region":{{"startLine":{}}}',
        "github": "file=mine.py,line={},",
    }[form]
    assert place.format(line_of(mine, "z[")) in "".join(shown.out.split())


def test_drift_in_every_format(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["generate", str(mine)]) == 0
    capsys.readouterr()
    assert cli.main(["generate", str(mine), "--check", "--format", "github"]) == 0
    assert capsys.readouterr().out == ""
    (tmp_path / "generated" / "mine.tex").unlink()
    module = tmp_path / "generated" / "mine.py"
    module.write_text(module.read_text() + "# by hand\n")
    for form in ("json", "junit", "sarif", "github"):
        assert cli.main(["generate", str(mine), "--check", "--format", form]) == 1
        assert set(parsed(form, capsys.readouterr().out)) == {"GP402", "GP403"}


def test_another_format_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "mlp", "--format", "yaml"]) == 2
    assert "yaml" in capsys.readouterr().err
