"""What `docs/ci.md` and `.pre-commit-hooks.yaml` tell others to run exists and works."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gradproof import __version__, cli
from gradproof.findings import EXITS
from gradproof.formats import Format

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", GUIDE, flags=re.DOTALL | re.MULTILINE)]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
MODEL = """
from derive import Model, Sum

with Model("tiny") as model:
    n = model.sizes("n")
    k = model.indices("k")
    x = model.data(x=(n,))
    w = model.parameters(w=(n,))
    model.minimise(Sum((w[k] - x[k]) ** 2, k))
"""


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from texts(item)


def commands() -> list[str]:
    """The command lines of the documents, of the hooks, and of the text."""
    found = [t for t in texts([BLOCKS, [hook["entry"] for hook in HOOKS]]) if t.startswith("gradproof ")]
    inline = re.findall(r"`(gradproof [^`]+)`", GUIDE)
    return sorted({command.partition(">")[0].strip() for command in (*found, *inline)})


def test_the_commands_are_found() -> None:
    wanted = {"gradproof check", "gradproof generate", "gradproof check --format github", "gradproof generate --check"}
    assert wanted | {"gradproof check --format sarif", "gradproof check --format junit"} <= set(commands())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model, its generated files and its certificate."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").touch()
    (folder / "tiny.py").write_text(MODEL)
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        assert cli.main(["generate", "tiny.py"]) == 0
        assert cli.main(["check"]) == 0
    return folder


@pytest.mark.xdist_group("project")
@pytest.mark.parametrize("command", commands())
def test_every_command_works(command: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert cli.main(shlex.split(command)[1:]) == 0


def test_the_workflow_keeps_what_is_kept_and_uploads_what_is_written() -> None:
    github, gitlab, _ = BLOCKS
    (job,) = github["jobs"].values()
    steps = {step["uses"].partition("@")[0]: step["with"] for step in job["steps"] if "with" in step}
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert steps["actions/cache"]["path"] == "build/certificates"
    assert f"gradproof check --format sarif > {steps['github/codeql-action/upload-sarif']['sarif_file']}" in runs
    assert github["permissions"] == {"contents": "read", "security-events": "write"}
    (job,) = gitlab.values()
    assert job["cache"]["paths"] == ["build/certificates"]
    assert f"gradproof check --format junit > {job['artifacts']['reports']['junit']}" in job["script"]


def test_the_hooks_are_those_of_the_guide() -> None:
    assert {hook["id"] for hook in HOOKS} == {"gradproof-check", "gradproof-generate"}
    (repository,) = BLOCKS[-1]["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == {hook["id"] for hook in HOOKS}
    assert repository["rev"] == f"v{__version__}"
    for hook in HOOKS:
        assert {"name", "description", "entry", "language"} <= set(hook)
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)


def test_the_tables_of_the_guide_are_whole() -> None:
    rows = dict(re.findall(r"^\| `?(\w+)`? \| (.*?) \|$", GUIDE, flags=re.MULTILINE))
    assert set(Format) <= set(rows)
    for number, meaning in (entry.split(" ", 1) for entry in EXITS.split(", ")):
        assert rows[number].startswith(meaning)
