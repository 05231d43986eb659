"""Certificates that are kept: the same text as a full check, and never where anything is not as it was."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codegen.render import render_module
from gradproof import cli, fingerprint, stored
from gradproof.checking import SAMPLE
from gradproof.choose import GENERATED
from gradproof.formats.text import STORED
from gradproof.inputs import heard
from gradproof.load import find
from gradproof.stored import Now

ROOT = Path(__file__).parent.parent
NEIGHBOUR = "from deeper import FACTOR\n"
MODEL = """
import json
from pathlib import Path

from derive import Model, Sum
from neighbour import FACTOR

START = json.loads((Path(__file__).parent / "start.json").read_text())
try:
    OPTION = (Path(__file__).parent / "option.txt").read_text()
except OSError:
    OPTION = ""

with Model("tiny") as model:
    n = model.sizes("n")
    k = model.indices("k")
    x = model.data(x=(n,))
    w = model.parameters(w=(n,))
    model.minimise(FACTOR * Sum((w[k] - x[k] - START) ** 2, k))
"""
FILES = {"mine.py": MODEL, "neighbour.py": NEIGHBOUR, "deeper.py": "FACTOR = 3\n", "start.json": "1\n"}
KEPT = Path("build", "certificates", "mine.json")


def write(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command in a fresh process, which says afterwards what it imported."""
    code = (
        "import sys; from gradproof.start import script\n"
        "try: script()\n"
        "finally: print(*{'sympy', 'numpy', 'jinja2', 'flint', 'derive', 'typer'} & set(sys.modules), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a model that was checked once, and what the check printed."""
    folder = tmp_path_factory.mktemp("checked")
    write(folder)
    done = run("check", "mine.py", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sympy" in done.stderr
    return folder, done.stdout


@pytest.fixture
def folder(first: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder; certificates do not say where their project lies."""
    shutil.copytree(first[0], tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def now(mutants: str = SAMPLE) -> Now:
    return Now({"mutants": mutants}, GENERATED, fingerprint.sources())


def holds(name: str = "mine.py") -> bool:
    return bool(stored.read(find(name), now()))


def change(path: Path, edit: Callable[[Any], Any], *, seal: bool) -> None:
    """Forge a certificate, on request with its seal."""
    content = json.loads(path.read_text())
    was = content.pop("seal")
    content = edit(content)
    path.write_text(json.dumps({**content, "seal": stored._seal(content) if seal else was}))


# the short way


@pytest.mark.xdist_group("checked")
def test_a_certificate_says_what_the_check_said_and_imports_nothing_heavy(first: tuple[Path, str]) -> None:
    folder, shown = first
    again = run("check", "mine.py", folder=folder)
    assert (again.returncode, again.stderr) == (0, "\n")
    assert again.stdout == shown.replace("exact\n", f"exact{STORED}\n", 1)
    assert STORED not in shown


@pytest.mark.xdist_group("checked")
def test_with_options_too_nothing_heavy_is_imported(first: tuple[Path, str]) -> None:
    done = run("check", "mine.py", "--format", "json", folder=first[0])
    assert (done.returncode, done.stderr) == (0, "typer\n")
    assert json.loads(done.stdout)["subjects"][0]["stored"] is True


@pytest.mark.xdist_group("checked")
def test_what_a_certificate_rests_on(folder: Path) -> None:
    grounds = json.loads(KEPT.read_text())["grounds"]
    absent = {"option.txt", "neighbour/__init__.py", "deeper/__init__.py"}
    assert set(FILES) | absent <= set(grounds["files"])
    assert {name for name, digest in grounds["files"].items() if not digest} >= absent
    assert not [name for name in grounds["files"] if "site-packages" in name or "/derive/" in name]
    assert set(grounds["versions"]) >= {"python", *fingerprint.LIBRARIES}
    assert set(grounds["generated"]) == {"tiny.py"}
    assert holds()


@pytest.mark.xdist_group("checked")
def test_fresh_verifies_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "mine.py"]) == 0
    assert STORED in capsys.readouterr().out
    assert cli.main(["check", "--fresh", "mine.py"]) == 0
    assert STORED not in capsys.readouterr().out


@pytest.mark.xdist_group("checked")
def test_git_does_not_see_certificates(folder: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    seen = subprocess.run(["git", "status", "--short", "-uall"], capture_output=True, text=True, check=True).stdout
    assert sorted(line.split()[1] for line in seen.splitlines()) == sorted(FILES)


def test_compiled_modules_and_files_opened_for_writing(tmp_path: Path) -> None:
    with heard() as paths:
        sys.audit("import", "fast", str(tmp_path / "fast.so"), None, None, None)
        (tmp_path / "log.txt").write_text("written")
        (tmp_path / "log.txt").read_bytes()
        (tmp_path / "other.txt").write_text("written")
    assert {Path(p).name for p in paths if p.startswith(str(tmp_path))} == {"fast.so", "log.txt"}


# whatever changed


CHANGES = {
    "model": lambda: Path("mine.py").write_text(MODEL + "# a comment\n"),
    "import": lambda: Path("neighbour.py").write_text(NEIGHBOUR + "# a comment\n"),
    "import of the import": lambda: Path("deeper.py").write_text("FACTOR = 4\n"),
    "import is gone": lambda: Path("deeper.py").unlink(),
    "data": lambda: Path("start.json").write_text("2\n"),
    "file that was not there": lambda: Path("option.txt").write_text("x"),
    "package before the module": lambda: [Path("deeper").mkdir(), Path("deeper/__init__.py").write_text("FACTOR = 5")],
    "generated code": lambda: [Path("generated").mkdir(), Path("generated/tiny.py").write_text("# edited\n")],
}


@pytest.mark.xdist_group("checked")
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_ends_a_certificate(name: str, folder: Path) -> None:
    assert holds()
    CHANGES[name]()
    assert not holds()


@pytest.mark.xdist_group("checked")
def test_generated_code_as_it_was_checked_is_no_change(folder: Path) -> None:
    assert cli.main(["generate", "mine.py"]) == 0
    assert (folder / "generated" / "tiny.py").is_file()
    assert holds()


@pytest.mark.xdist_group("checked")
@pytest.mark.parametrize("library", ["python", *fingerprint.LIBRARIES])
def test_another_version_ends_a_certificate(library: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if library == "python":
        monkeypatch.setattr(sys, "version", "3.99")
    real = fingerprint._version
    monkeypatch.setattr(fingerprint, "_version", lambda name: "0" if name == library else real(name))
    assert not holds()


@pytest.mark.xdist_group("checked")
def test_another_question_ends_a_certificate(folder: Path) -> None:
    assert not stored.read(find("mine.py"), now("all"))


@pytest.mark.parametrize("name", ["derive/calculus/rules.py", "codegen/templates/module.py.jinja", "verify/new.py"])
def test_the_digest_of_the_tool_is_that_of_its_sources(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in fingerprint.ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    here = {room: str(tmp_path / room) for room in fingerprint.ROOMS}
    before = fingerprint.sources()
    monkeypatch.setattr(fingerprint, "rooms", lambda: here)
    assert fingerprint.sources() == before
    with (tmp_path / name).open("a") as stream:
        stream.write("\n")
    assert fingerprint.sources() != before


@pytest.mark.xdist_group("checked")
def test_a_tool_that_cannot_be_read_keeps_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "rooms", lambda: {"derive": str(folder / "tool.zip" / "derive")})
    assert fingerprint.sources() == fingerprint.ABSENT
    assert not holds()
    content = json.loads(KEPT.read_text())
    content["grounds"]["tool"] = fingerprint.ABSENT
    change(KEPT, lambda _: {key: value for key, value in content.items() if key != "seal"}, seal=True)
    assert not holds()


# forged


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))
    if not isinstance(value, (dict, list)) or not value:
        yield path


def forged(value: Any) -> Any:
    """Another value, of the same type if it is a plain one."""
    if value is None or isinstance(value, (list, dict)):
        return [value, "0"]
    return not value if isinstance(value, bool) else f"{value}0" if isinstance(value, str) else value + 1


def put(content: Any, path: tuple[Any, ...], edit: Callable[[Any], Any]) -> Any:
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = edit(content[path[-1]])
    return content


@pytest.mark.xdist_group("checked")
def test_no_field_can_be_forged(folder: Path) -> None:
    original = KEPT.read_text()
    content = json.loads(original)
    paths = list(leaves(content))
    assert len(paths) > 100
    asked = now()
    for path in paths:
        changed = json.loads(original)
        put(changed, path, forged)
        KEPT.write_text(json.dumps(changed))
        assert not stored.read(find("mine.py"), asked), path
    KEPT.write_text(original)
    assert holds()


GROUNDS = ("form", "source", "tool", "files", "modules", "versions", "options", "generated")


def forge(content: dict[str, Any], field: str) -> Iterator[dict[str, Any]]:
    """The certificate with each value of one field changed, or left out."""
    text = json.dumps(content)
    if field == "form":
        yield {**content, "form": stored.FORM + 1}
        return
    here = content["grounds"][field]
    if isinstance(here, str):
        yield {**content, "grounds": {**content["grounds"], field: f"{here}0"}}
        return
    for key in here:
        put(changed := json.loads(text), ("grounds", field, key), forged)
        yield changed
    put(changed := json.loads(text), ("grounds", field), lambda value: {**value, "more": "1"})
    yield changed


@pytest.mark.xdist_group("checked")
@pytest.mark.parametrize("field", GROUNDS)
def test_a_sealed_certificate_with_other_grounds_does_not_hold(field: str, folder: Path) -> None:
    content = json.loads(KEPT.read_text())
    content.pop("seal")
    if field == "generated":
        assert cli.main(["generate", "mine.py"]) == 0
    assert holds()
    for changed in forge(content, field):
        change(KEPT, lambda _, changed=changed: changed, seal=True)
        if field == "generated" and "more" in changed["grounds"]["generated"]:
            continue  # a module that is not there was not changed
        assert not holds(), changed["grounds"][field] if field != "form" else field


BAD = {
    "a step": lambda c: put(c, ("certificates", 0, "steps", 0, "grade"), lambda _: "failed"),
    "a comparison": lambda c: put(c, ("certificates", 0, "checks", 0, "good"), lambda _: False),
    "no steps": lambda c: put(c, ("certificates", 0, "steps"), lambda _: []),
    "no comparisons": lambda c: put(c, ("certificates", 0, "checks"), lambda _: []),
    "no models": lambda c: put(c, ("certificates",), lambda _: []),
    "a number that is none": lambda c: put(c, ("certificates", 0, "checks", 0, "error"), lambda _: "much"),
    "a list that is none": lambda c: put(c, ("certificates", 0, "checks"), lambda _: {}),
    "a record that is none": lambda c: put(c, ("certificates", 0, "steps", 0), lambda _: None),
    "a field too many": lambda c: c.update(more=1),
}


@pytest.mark.xdist_group("checked")
@pytest.mark.parametrize("name", BAD)
def test_a_sealed_certificate_that_is_not_good_does_not_hold(name: str, folder: Path) -> None:
    def edit(content: Any) -> Any:
        BAD[name](content)
        return content

    change(KEPT, lambda content: content, seal=True)
    assert holds()
    change(KEPT, edit, seal=True)
    assert not holds()


GARBAGE = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"17",
    b'"x"',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"seal": ""}',
    b"<<<<<<< ours\n",
)


@pytest.mark.xdist_group("checked")
def test_what_cannot_be_read_does_not_hold(folder: Path) -> None:
    whole = KEPT.read_bytes()
    for data in (*GARBAGE, *(whole[:size] for size in range(0, len(whole), 997)), whole[:-3]):
        KEPT.write_bytes(data)
        assert not holds(), data[:40]
    KEPT.unlink()
    assert not holds()
    KEPT.mkdir()
    assert not holds()


@pytest.mark.xdist_group("checked")
def test_the_certificate_of_another_model_does_not_hold(folder: Path) -> None:
    (folder / "other.py").write_text(MODEL.replace('"tiny"', '"other"'))
    shutil.copy(KEPT, KEPT.with_name("other.json"))
    assert stored.read(find("mine.py"), now())
    assert not stored.read(find("other.py"), now())


# keeping


@pytest.mark.xdist_group("checked")
def test_what_is_wrong_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gradproof import road

    def render(*arguments: Any, **named: Any) -> str:
        text = render_module(*arguments, **named)
        assert "dw = 6 * " in text
        return text.replace("dw = 6 * ", "dw = 7 * ")

    monkeypatch.setattr(road, "render_module", render)
    assert cli.main(["check", "mine.py", "--fresh"]) == 1
    assert "GP302" in capsys.readouterr().out
    assert not KEPT.exists(), "the one from before is gone, too"
    assert cli.main(["check", "mine.py"]) == 1
    monkeypatch.setattr(road, "render_module", render_module)
    assert cli.main(["check", "mine.py"]) == 0
    assert KEPT.is_file()


@pytest.mark.xdist_group("checked")
def test_what_changes_during_the_check_is_not_certified(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradproof import road

    real = road.check

    def slow(*arguments: Any, **named: Any) -> Any:
        (folder / "deeper.py").write_text("FACTOR = 5\n")
        return real(*arguments, **named)

    monkeypatch.setattr(road, "check", slow)
    assert cli.main(["check", "mine.py", "--fresh"]) == 0
    assert not holds()


@pytest.mark.xdist_group("checked")
def test_a_folder_that_cannot_be_written_is_no_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree("build")
    Path("build").write_text("a file in its place")
    assert cli.main(["check", "mine.py"]) == 0
    assert "the certificate of mine.py is not kept" in capsys.readouterr().err


@pytest.mark.xdist_group("checked")
def test_models_that_share_a_module_both_rest_on_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second model finds the module loaded already."""
    (folder / "shared").mkdir()
    (folder / "shared" / "sharing.py").write_text("FACTOR = 3\n")
    monkeypatch.syspath_prepend(str(folder / "shared"))
    for name in ("one", "two"):
        (folder / name).mkdir()
        text = MODEL.replace('"tiny"', f'"{name}"').replace("from neighbour", "from sharing")
        (folder / name / f"{name}.py").write_text(text)
        (folder / name / "start.json").write_text("1\n")
    (folder / "pyproject.toml").touch()
    assert cli.main(["check", "one/one.py", "two/two.py"]) == 0
    sys.modules.pop("sharing")
    models = ("one/one.py", "two/two.py")
    for name in ("one", "two"):
        content = json.loads((folder / "build" / "certificates" / name / f"{name}.json").read_text())
        assert content["grounds"]["files"]["shared/sharing.py"], name
        assert content["grounds"]["modules"]["sharing"] == "shared/sharing.py", name
    assert [holds(model) for model in models] == [True, True]
    (folder / "later").mkdir()
    (folder / "later" / "sharing.py").write_text("FACTOR = 4\n")
    monkeypatch.syspath_prepend(str(folder / "later"))
    assert [holds(model) for model in models] == [False, False], "the same name is another module now"
    monkeypatch.setattr(sys, "path", [path for path in sys.path if Path(path).name not in ("later", "shared")])
    assert [holds(model) for model in models] == [False, False], "it is found nowhere"


@pytest.mark.xdist_group("checked")
def test_build_keeps_certificates_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree("build")
    monkeypatch.setattr("gradproof.verdicts.tex_available", lambda: False)
    assert cli.main(["build", "mine.py"]) == 0
    assert holds()


@pytest.mark.xdist_group("checked")
def test_one_file_with_several_models(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = MODEL[MODEL.index("with Model") :].replace('"tiny"', '"second"').replace("as model", "as other")
    Path("mine.py").write_text(MODEL + second.replace("model.", "other."))
    assert cli.main(["check", "mine.py"]) == 0
    assert STORED not in capsys.readouterr().out
    assert cli.main(["check", "mine.py"]) == 0
    shown = capsys.readouterr().out
    assert f"tiny: 3 steps, weakest grade exact{STORED}" in shown
    assert f"second: 3 steps, weakest grade exact{STORED}" in shown


@pytest.mark.xdist_group("checked")
def test_two_models_of_one_name_are_refused_with_certificates_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.py").write_text(MODEL)
    assert cli.main(["check", "other.py"]) == 0
    capsys.readouterr()
    assert cli.main(["check", "mine.py", "other.py"]) == 2
    assert "two models are called tiny" in capsys.readouterr().err


def test_a_shipped_model_has_its_certificate_where_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert stored.path_of(find("mlp")) == tmp_path / "build" / "certificates" / "derive" / "models" / "mlp.json"
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "mine.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path / "nets")
    assert stored.path_of(find("mine.py")) == tmp_path / "build" / "certificates" / "nets" / "mine.json"
