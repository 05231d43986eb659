"""The rooms and the direction of imports; where formulas and textbook names may stand."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("derive", "codegen", "verify", "gradproof")
ALLOWED = {
    "derive": {"sympy"},
    "codegen": {"sympy", "derive", "jinja2"},
    "verify": {"sympy", "derive", "codegen", "numpy", "flint"},
    "gradproof": {"derive", "codegen", "verify", "typer", "rich", "matplotlib"},
}
PLUGIN = "pytest_"  # so begin the files that pytest loads; nothing else imports it
FILES = {room: sorted((ROOT / room).rglob("*.py")) for room in ROOMS}
EVERY_FILE = [pytest.param(room, path, id=str(path.relative_to(ROOT))) for room in ROOMS for path in FILES[room]]
STANDARD = __import__("sys").stdlib_module_names


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Top-level names of the modules that a piece of code imports, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            yield (node.module or "").partition(".")[0], node.lineno


FLOORS = {
    "derive": (
        "values",
        "scalar",
        "regions",
        "order",
        "inference",
        "language",
        "calculus",
        "matrix",
        "library",
        "models",
    ),
    "codegen": ("program", "lowering", "stable", "rewriting", "module", "latex", "report", "files"),
}


@pytest.mark.parametrize("room", FLOORS)
def test_folders_of_a_room_import_one_way(room: str) -> None:
    """A folder imports those that stand before it; the records and front doors of a room lie beside its folders."""
    floors = FLOORS[room]
    assert {p.parent.name for p in (ROOT / room).rglob("*.py")} - {room} == set(floors)
    for path in FILES[room]:
        if (here := path.parent.name) in floors:
            for node in ast.walk(ast.parse(path.read_text())):
                parts = (node.module or "").split(".") if isinstance(node, ast.ImportFrom) else []
                if parts[:1] == [room] and len(parts) > 2:
                    assert floors.index(parts[1]) <= floors.index(here), f"{path}: {node.module}"


def test_there_are_rooms() -> None:
    assert all(FILES.values())


@pytest.mark.parametrize(("room", "path"), EVERY_FILE)
def test_imports_go_one_way(room: str, path: Path) -> None:
    allowed = {*STANDARD, *ALLOWED[room], room, *(("pytest",) if path.name.startswith(PLUGIN) else ())}
    wrong = [(name, line) for name, line in imports(ast.parse(path.read_text())) if name not in allowed]
    assert not wrong, f"{room} may import {sorted(ALLOWED[room])} only"


@pytest.mark.parametrize(("room", "path"), [p for p in EVERY_FILE if p.values[0] != "gradproof"])
def test_no_import_is_hidden_in_a_function(room: str, path: Path) -> None:
    functions = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
    assert not [(f.lineno, found) for f in functions for found in imports(f)]


@pytest.mark.parametrize(("room", "path"), EVERY_FILE)
def test_nothing_changeable_lives_at_module_level(room: str, path: Path) -> None:
    """A module-level list, dict or set that is bound to a lower-case name is state; tables are in capitals."""
    tree = ast.parse(path.read_text())
    if path.is_relative_to(ROOT / "derive" / "models"):
        return
    changeable = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, changeable):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            assert all(name.isupper() or name == "__all__" for name in names), names
    assert not [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Global)]


def test_textbook_names_stand_in_model_files_only() -> None:
    for path in FILES["derive"]:
        if path.parent.name != "models":
            assert not re.search(r"\bBP\d?\b", path.read_text()), path


FORMULA = re.compile(
    r"""
    [ ]@[ ] | np\.(exp|log|tanh|sum|einsum|matmul|dot|where|maximum) | \\(sum|frac|partial|sigma|odot|tanh|exp|log)\b
    | \b[wbzaxy]\[ | \bdelta\b | \b1\s*-\s*\w | \bBP\d | \*\*\s*\d
""",
    re.VERBOSE,
)


@pytest.mark.parametrize("path", sorted((ROOT / "codegen" / "templates").glob("*")), ids=lambda p: p.name)
def test_no_template_contains_a_formula(path: Path) -> None:
    text = re.sub(r"<#.*?#>|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    found = [(line, m.group()) for line, t in enumerate(text.splitlines(), 1) if (m := FORMULA.search(t))]
    assert not found


def test_no_room_for_odds_and_ends() -> None:
    names = {p.stem for room in ROOMS for p in (ROOT / room).rglob("*")}
    assert not names & {"utils", "util", "core", "common", "helpers", "misc"}


def test_generated_modules_need_numpy_only() -> None:
    for path in (ROOT / "generated").glob("*.py"):
        assert {n for n, _ in imports(ast.parse(path.read_text()))} <= {*STANDARD, "numpy"}, path


def test_no_line_is_exempt_from_a_check() -> None:
    exempt = re.compile("#.*(type: " + "ignore|no" + "qa)")
    files = [p for folder in (*ROOMS, "tests", "benchmarks", "examples") for p in (ROOT / folder).rglob("*.py")]
    assert not [(path, line) for path in files for line in path.read_text().splitlines() if exempt.search(line)]
