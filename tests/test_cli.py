"""The command line: exit codes, one clean message for every error, and no SymPy before it is needed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codegen.render import render_module
from gradproof import __version__, cli
from gradproof.load import load, place, shipped

ROOT = Path(__file__).parent.parent
MODEL = shipped()["mlp"].path.read_text(encoding="utf-8")


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command in a fresh process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "gradproof", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


LIGHT = (
    ["--help"],
    ["--version"],
    ["build", "--help"],
    ["generate", "--help"],
    ["nonsense"],
    ["derive"],
    ["derive", "nope"],
    ["derive", "nope.py"],
    ["build", "--nope"],
)


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_help_and_usage_errors_do_not_import_sympy(arguments: Sequence[str]) -> None:
    code = (
        "import sys; from gradproof.cli import main; main(sys.argv[1:]);"
        "assert not {'sympy', 'numpy', 'jinja2'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"gradproof {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["derive", "mpl"], "error: there is no model mpl: did you mean mlp? shipped models are mlp,"),
        (["derive", "models/nope.py"], "error: there is no file models/nope.py"),
        (["derive", "mlp", "--equation", "BP9"], "error: mlp has no derived equation BP9"),
    ],
)
def test_usage_errors(arguments: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err.startswith(message)


SECOND = MODEL.replace("as model", "as other").replace("model.", "other.")
BROKEN = {
    "syntax": (MODEL.replace("with Model", "with with Model"), 'mine.py:9: with with Model("mlp") as model:'),
    "raises": ("x = 1\n1 / 0\n", "mine.py:2: 1 / 0\n  ZeroDivisionError: division by zero"),
    "exits": ("raise SystemExit(0)\n", "mine.py:1: raise SystemExit(0)\n  SystemExit: 0"),
    "import": ("import no_such_thing\n", "mine.py:1: import no_such_thing\n  ModuleNotFoundError"),
    "empty": ("", "mine.py defines no model\n  fix: with Model("),
    "range": (MODEL.replace("b[l, j]\n", "b[l, k]\n"), "mine.py:"),
    "twice": (MODEL + SECOND, "mine.py defines two models called mlp"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_model_file(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One message with the line, no traceback."""
    text, message = BROKEN[case]
    write(folder, text)
    assert cli.main(["derive", "mine.py"]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"error: {message}"), shown.err
    assert "Traceback" not in shown.err
    assert not shown.out


def test_an_internal_error_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from gradproof import commands

    def fail(name: str, equation: str | None) -> int:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(commands, "derive", fail)
    assert cli.main(["derive", "mlp"]) == 3
    shown = capsys.readouterr().err
    assert "RuntimeError: a fault of ours" in shown
    assert "please report it" in shown


def test_loading_leaves_nothing_behind(folder: Path) -> None:
    write(folder, "NAME = 'mine'\n", "neighbour_of_mine.py")
    text = "from neighbour_of_mine import NAME\n" + MODEL.replace('Model("mlp")', "Model(NAME)")
    path = write(folder, text)
    modules, search = set(sys.modules), list(sys.path)
    (loaded,) = load(place(path))
    assert loaded.name == "mine"
    assert loaded.place.source == "mine.py"
    assert sys.path == search
    assert {m for m in set(sys.modules) - modules if "mine" in m} == set()


def test_a_file_may_define_several_models(folder: Path) -> None:
    path = write(folder, MODEL + SECOND.replace('"mlp"', '"second"'))
    assert [m.name for m in load(place(path))] == ["mlp", "second"]


HIGHER = """
from derive.higher import hessian_vector
model = hessian_vector(model)
again = model
"""


def test_a_model_file_may_hold_a_system(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, shipped()["regression"].path.read_text(encoding="utf-8") + HIGHER)
    (loaded,) = load(place(path))
    assert loaded.name == "regression_hessian_vector"
    assert cli.main(["check", str(path)]) == 0
    assert cli.main(["generate", str(path)]) == 0
    assert cli.main(["generate", "--check", str(path)]) == 0
    assert "direction_w" in (folder / "generated" / "regression_hessian_vector.py").read_text(encoding="utf-8")
    kept = write(folder, MODEL + HIGHER.replace("model = h", "twice = h"), "both.py")
    assert [m.name for m in load(place(kept))] == ["mlp", "mlp_hessian_vector"]


def test_a_changed_file_is_read_again(folder: Path) -> None:
    path = write(folder, MODEL)
    before = load(place(path))[0].model.system.objective.source
    write(folder, "\n" + MODEL.replace("lam / 2", "lam / 4"))
    after = load(place(path))[0].model.system.objective.source
    assert after.line == before.line + 1
    assert "lam / 4" in after.text


def test_source_is_relative_to_the_project(folder: Path) -> None:
    (folder / "nets").mkdir()
    path = write(folder / "nets", MODEL)
    assert place(path).source == "nets/mine.py"
    (folder / "nets" / "pyproject.toml").write_text("")
    assert place(path).source == "mine.py"
    assert place(shipped()["mlp"].path).source == "derive/models/mlp.py"


def test_derive_shows_the_steps_and_their_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["derive", "mlp", "--equation", "BP2"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert "  law            =  Sum(delta[l + 1, i, k]*w[l + 1, k, j], k)*a[l, i, j]*(1 - a[l, i, j])" in lines
    assert any(line.startswith("BP2   delta[l, i, j] = ∂J/∂z[l, i, j]   l = 2..L - 1") for line in lines)
    assert any("sift" in line and "Sum_i f(i) [i = p] = f(p)" in line for line in lines)


# the whole road, outside the project


Built = tuple[Path, subprocess.CompletedProcess[str]]
MINE = MODEL.replace('Model("mlp")', 'Model("mine")')


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An empty folder with a model file, after `gradproof build mine.py`."""
    folder = tmp_path_factory.mktemp("built")
    write(folder, MINE)
    return folder, run("build", "mine.py", folder=folder)


@pytest.mark.xdist_group("built")
def test_build_does_it_all_from_an_empty_folder(built: Built) -> None:
    folder, done = built
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(p.name for p in (folder / "generated").iterdir()) == ["manifest.json", "mine.py", "mine.tex"]
    assert json.loads((folder / "build" / "mine-certificate.json").read_text())["good"] is True
    assert re.search(r"mine +│ +\d+ │ +\d+ │ +[\d.]+ ulp │ \w+", done.stdout)
    assert (folder / "build" / "mine.pdf").is_file() or "pdflatex is not installed" in done.stdout


@pytest.mark.xdist_group("built")
def test_a_second_run_writes_nothing(built: Built) -> None:
    folder, _ = built
    stamps = {p: p.stat().st_mtime_ns for p in (folder / "generated").iterdir()}
    done = run("generate", folder=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert {p: p.stat().st_mtime_ns for p in (folder / "generated").iterdir()} == stamps


@pytest.mark.xdist_group("built")
def test_drift_from_the_command_line(built: Built, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(built[0], folder / "copy")
    os.chdir(folder / "copy")
    assert cli.main(["generate", "--check"]) == 0
    write(folder / "copy", MINE.replace("    a[1, i, k]", "    # the input\n    a[1, i, k]"))
    assert cli.main(["generate", "--check"]) == 0, "a comment is no drift"
    write(folder / "copy", MINE.replace("+ b[l, j]", "- b[l, j]"))
    capsys.readouterr()
    assert cli.main(["generate", "--diff"]) == 1
    shown = capsys.readouterr().out
    assert "z changed (mine.py:19); follows: BP1 (d.z@l=L), BP2 (d.z@l=2..L - 1), BP3 (d.b), BP4 (d.w)" in shown
    assert "-        z = a[l - 1] @ w[l].T + b[l]" in shown
    assert shown.rstrip().endswith("run: gradproof generate")
    module = folder / "copy" / "generated" / "mine.py"
    module.write_text(module.read_text() + "# by hand\n")
    assert cli.main(["generate"]) == 1, "an edited file is not overwritten"
    assert module.read_text().endswith("# by hand\n")
    assert cli.main(["build", "mine.py"]) == 1, "not by build either"
    assert cli.main(["generate", "--force"]) == 0
    assert not module.read_text().endswith("# by hand\n")
    assert cli.main(["generate", "--check"]) == 0


@pytest.mark.xdist_group("built")
def test_a_model_does_not_replace_another_of_its_name(
    built: Built, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built[0], folder / "copy")
    os.chdir(folder / "copy")
    write(folder / "copy", MINE, "other.py")
    assert cli.main(["generate", "other.py"]) == 2
    assert "generated/mine.py belongs to mine.py" in capsys.readouterr().err
    assert cli.main(["generate", "other.py", "--out", "elsewhere"]) == 0
    (folder / "copy" / "mine.py").unlink()
    assert cli.main(["generate", "other.py"]) == 0, "a file that was renamed keeps its generated code"


def test_without_tex_the_reports_stay_in_latex(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from codegen.report import pdf

    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    write(folder, MINE)
    assert cli.main(["build", "mine.py"]) == 0
    assert "No PDFs: pdflatex is not installed" in capsys.readouterr().out
    assert (folder / "generated" / "mine.tex").is_file()
    assert cli.main(["report", "mine.py"]) == 2


def test_check_finds_a_module_that_is_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gradproof import road

    def render(*arguments: Any, **named: Any) -> str:
        return render_module(*arguments, **named).replace("+ lam * w[l]", "- lam * w[l]")

    monkeypatch.setattr(road, "render_module", render)
    write(folder, MINE)
    assert cli.main(["check", "mine.py"]) == 1
    shown = capsys.readouterr().out
    assert "DISAGREES" in shown
    assert "d.w" in shown
