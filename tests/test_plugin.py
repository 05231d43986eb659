"""`pytest --gradproof` in projects of others: what is collected, run and said, and that nothing happens without it."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradproof.itemised import CLAIM, COST, DERIVATION, DIFFERENCES, FLOAT32, GENERATED, KINDS, MUTANTS, STEP

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
ENTRIES = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
SETTINGS = """
[tool.pytest.ini_options]
gradproof_models = "models/*.py"
addopts = "--strict-markers"
filterwarnings = ["error"]
"""
TINY = """
from derive import Model, Sum, d

with Model("tiny") as model:
    n = model.sizes("n")
    k = model.indices("k")
    x = model.data(x=(n,))
    w = model.parameters(w=(n,))
    model.minimise(Sum((w[k] - x[k]) ** 2, k))
    model.alias(G1=d(w[k]))
"""
OPEN = """
from derive import Model

with Model("open") as model:
    n = model.sizes("n")
    k = model.indices("k")
    w = model.parameters(w=(n,))
    model.minimise(w[k])
"""
OWN = """
import sys
sys.path.insert(0, "models")
from tiny import model
from gradproof import assert_gradient

def right(w, x):
    return ((w - x) ** 2).sum(), 2 * (w - x)

def wrong(w, x):
    return ((w - x) ** 2).sum(), 3 * (w - x)

def test_right():
    assert_gradient(right, against=model, arguments=["w", "x"])

def test_wrong():
    assert_gradient(wrong, against=model, arguments=["w", "x"])

def test_unknown_size():
    assert_gradient(right, against=model, arguments=["w", "x"], sizes={"nope": 3})
"""
FAULT = """
def pytest_collection():
    from gradproof import itemised
    render = itemised.render_module
    itemised.render_module = lambda *given, **named: render(*given, **named).replace("2*", "3*").replace("2 *", "3 *")
"""
GROUPS = """
def pytest_collection_finish(session):
    for item in session.items:
        (mark,) = item.iter_markers("xdist_group")
        assert item.nodeid.startswith(mark.args[0] + "::")
"""
IDS = [
    *(f"tiny::J::{kind}" for kind in (DERIVATION, GENERATED, FLOAT32, COST)),
    *(f"tiny::G1::{kind}" for kind in (STEP, DERIVATION, GENERATED, FLOAT32, DIFFERENCES)),
    f"tiny::{MUTANTS}",
]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation tells pytest: the entry points of this project."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "gradproof-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gradproof\nVersion: 0\n")
    lines = [f"{name} = {module}" for name, module in ENTRIES.items()]
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    return folder


@pytest.fixture
def run(site: Path, tmp_path: Path) -> Run:
    """A project with one model, and pytest in a process of its own there."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.py").write_text(TINY)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment = {**kept, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]), "COLUMNS": "200"}

    def pytest_in_a_process(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return pytest_in_a_process


def test_the_ids_are_known_without_judging(run: Run) -> None:
    done = run("--gradproof", "--co", "-q")
    assert done.stdout.splitlines()[: len(IDS)] == IDS
    assert done.returncode == 0


def test_a_good_model_passes_and_says_what_was_found(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(): pass")
    done = run("--gradproof", "-v", "-rP")
    passed = re.findall(r"^(\S+) PASSED", done.stdout, flags=re.MULTILINE)
    assert passed == ["test_own.py::test_own", *IDS]
    assert done.returncode == 0
    assert "d.w: code, float64 agrees with derivation, worst" in done.stdout
    assert re.search(r"\d+ of \d+ rejected", done.stdout)


def test_faults_are_named_as_on_the_command_line_and_run_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(FAULT)
    (tmp_path / "models" / "open.py").write_text(OPEN)
    done = run("--gradproof", "--junitxml=found.xml")
    assert done.returncode == 1
    assert f"2 failed, {len(IDS) - 2} passed, 1 skipped" in done.stdout
    assert "GP302 d.w: code, 170 bits DISAGREES with derivation" in done.stdout
    assert "  models/tiny.py:9: model.minimise(Sum((w[k] - x[k]) ** 2, k))" in done.stdout
    assert "FAILED tiny::G1::generated - Failed: GP302" in done.stdout
    assert "open.py:8: model.minimise(w[k])\n  index k is neither" in done.stdout
    assert "\n  fix: " in done.stdout
    assert "Traceback" not in done.stdout and "gradproof/" not in done.stdout
    cases = list(ElementTree.parse(tmp_path / "found.xml").iter("testcase"))
    failed = {
        (c.get("classname"), c.get("name")): f.get("message", "") for c in cases if (f := c.find("failure")) is not None
    }
    assert set(failed) == {("tiny.G1", GENERATED), ("open", "model")}
    assert "DISAGREES" in failed["tiny.G1", GENERATED]
    again = run("--gradproof", "--lf", "-x", "-v")
    assert re.findall(r"^(\S+) (?:PASSED|FAILED)", again.stdout, flags=re.MULTILINE) == ["open::model"]
    assert again.returncode == 1
    again = run("--gradproof", "--lf", "-v", "tiny")
    assert re.findall(r"^(\S+) FAILED", again.stdout, flags=re.MULTILINE) == ["tiny::G1::generated"]


@pytest.mark.parametrize("chosen", [["-k", "G1 and step"], ["tiny::G1::step"], ["-m", "gradproof", "-k", "step"]])
def test_single_checks(run: Run, chosen: list[str], tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(): pass")
    done = run("--gradproof", *chosen, "-v")
    assert re.findall(r"^(\S+) PASSED", done.stdout, flags=re.MULTILINE) == ["tiny::G1::step"]
    assert done.returncode == 0


def test_workers_agree_and_a_model_is_a_group(run: Run, tmp_path: Path) -> None:
    (tmp_path / "models" / "other.py").write_text(TINY.replace("tiny", "other"))
    (tmp_path / "conftest.py").write_text(GROUPS)
    done = run("--gradproof", "-n", "2", "--dist", "loadgroup", "-v", "-k", f"not {MUTANTS}")
    found = re.findall(r"^\[gw\d\] .*PASSED ([^\s@]+)", done.stdout, flags=re.MULTILINE)
    wanted = [name for name in IDS if MUTANTS not in name]
    assert sorted(found) == sorted([*wanted, *(name.replace("tiny", "other") for name in wanted)])
    assert done.returncode == 0


def test_gradients_written_by_hand(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN)
    done = run("test_own.py")
    assert re.search(r"=+ 2 failed, 1 passed in", done.stdout), done.stdout
    assert '>       assert_gradient(wrong, against=model, arguments=["w", "x"])' in done.stdout
    assert re.search(r"E +AssertionError: wrong against tiny: WRONG", done.stdout)
    assert re.search(r"E .*proved different", done.stdout)
    assert re.search(r"E .*ModelError: .*nope", done.stdout)
    assert "raise " not in done.stdout and "verify/foreign" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--gradproof=nope"], "there is no model nope"),
        (["--gradproof=nope.py"], "there is no file nope.py"),
        (["--gradproof", "tiny::G2"], "not found: tiny::G2"),
        (["--gradproof", "-o", "gradproof_models=none/*.py"], "no file in"),
    ],
)
def test_what_is_not_there(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert said in done.stderr
    assert done.returncode == pytest.ExitCode.USAGE_ERROR


def test_without_the_option_nothing_is_imported_or_collected(run: Run, tmp_path: Path) -> None:
    heavy = ("sympy", "numpy", "flint", "jinja2", "typer", "rich", "derive", "codegen", "verify", "gradproof.load")
    plugin = "assert pytestconfig.pluginmanager.hasplugin('gradproof')"
    text = f"import sys\ndef test_own(pytestconfig):\n    {plugin}\n    assert not set({heavy!r}) & set(sys.modules)\n"
    (tmp_path / "test_own.py").write_text(text)
    done = run("-p", "no:hypothesispytest", "-p", "no:xdist", "-v")
    assert re.findall(r"^(\S+) PASSED", done.stdout, flags=re.MULTILINE) == ["test_own.py::test_own"], done.stdout
    assert done.returncode == 0


def test_two_models_of_one_name_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "models" / "twin.py").write_text(TINY)
    done = run("--gradproof")
    assert "two models are called tiny: in models/tiny.py and models/twin.py" in done.stdout
    assert done.returncode == pytest.ExitCode.INTERRUPTED


def test_the_guide_names_every_kind() -> None:
    rows = set(re.findall(r"^\| `::(\w+)` \|", GUIDE, flags=re.MULTILINE))
    assert rows == {STEP, MUTANTS, CLAIM, "model", *(kind for _, kind in KINDS)}
