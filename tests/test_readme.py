"""The README is executed: model and code are the real ones, its commands print what it shows."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradproof import cli
from gradproof.findings import EXITS
from gradproof.load import shipped

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def sessions() -> Iterator[tuple[str, list[str]]]:
    """Commands of the console blocks, with the lines that they print."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output.splitlines()


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    cli.main(shlex.split(command)[1:])
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def excerpt(shown: list[str], whole: list[str]) -> bool:
    """Does `shown`, where a line `...` stands for any lines, stand in `whole`?"""
    text = "\n".join(shown).strip("\n")
    pattern = ".*\n".join(re.escape(part) for part in re.split(r"^\.\.\.\n", text, flags=re.MULTILINE))
    return re.search(rf"(?:\A|\n){pattern}(?:\n|\Z)", "\n".join(whole), flags=re.DOTALL) is not None


def test_set_up_is_one_line_each_and_needs_declared_extras_only() -> None:
    commands = blocks("sh")
    assert len(commands) == 3
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for command in commands:
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q -e ")
        assert set(",".join(re.findall(r"\.\[([a-z,]+)\]", command)).split(",")) - {""} <= set(extras)
    assert "gradproof build" in commands[0]
    assert commands[1].endswith(".venv/bin/python -m pytest\n")
    script = commands[2].split()[-1]
    assert (ROOT / script).is_file()


def test_the_model_of_the_tour_is_the_shipped_one() -> None:
    assert blocks("python")[0] == shipped()["mlp"].path.read_text(encoding="utf-8")


def test_the_code_of_the_tour_is_the_generated_one() -> None:
    assert excerpt(blocks("python")[1].splitlines(), (ROOT / "generated" / "mlp.py").read_text().splitlines())


def test_the_use_of_the_tour_runs(tmp_path: Path) -> None:
    """In a folder with a copy of the module and nothing else; what is printed stands in a comment."""
    code = blocks("python")[2]
    (tmp_path / "mlp.py").write_bytes((ROOT / "generated" / "mlp.py").read_bytes())
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == re.findall(r"^print\(.*  # (.*)$", code, flags=re.MULTILINE)


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("at_home")
def test_derive_prints_what_the_tour_shows(capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = next(sessions())
    assert excerpt(shown, printed(command, capsys))


def test_drift_prints_what_the_tour_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (command, shown), _ = sessions()
    mine = tmp_path / "mine.py"
    text = shipped()["mlp"].path.read_text(encoding="utf-8").replace('Model("mlp")', 'Model("mine")')
    monkeypatch.chdir(tmp_path)
    mine.write_text(text, encoding="utf-8")
    printed("gradproof generate mine.py", capsys)
    mine.write_text(text.replace("+ b[l, j]", "- b[l, j]"), encoding="utf-8")
    assert excerpt(shown, printed(command, capsys))


def test_the_mistake_is_found_as_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    *_, (command, shown) = sessions()
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine.py"
    mine.write_text(blocks("python")[3], encoding="utf-8")
    assert excerpt(shown, printed(command, capsys))
    mine.write_text(blocks("python")[3].replace("d1.mean", "d1.sum"), encoding="utf-8")
    assert any("right  equal to" in line for line in printed(command, capsys))


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    assert f"Exit codes: {EXITS}." in " ".join(README.split())


def test_every_command_is_in_the_table() -> None:
    named = set(re.findall(r"^\| `gradproof (\w+)", README, flags=re.MULTILINE))
    assert named == {command.callback.__name__ for command in cli.app.registered_commands}


def test_the_picture_shows_generated_lines() -> None:
    code = {line.partition("#")[0].strip() for line in (ROOT / "generated" / "mlp.py").read_text().splitlines()}
    shown = re.findall(r"\\code\{((?:delta|dw|db)\[.*)\}\};", (ROOT / "docs" / "road.tex").read_text())
    assert len(shown) == 4
    assert set(shown) <= code
