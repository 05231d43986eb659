"""Functions of somebody's file on balls, wherever they are defined."""

import linecache
import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest

from derive import derive
from verify.foreign.check import check_gradient
from verify.foreign.verdict import Verdict

ROOT = Path(__file__).parents[1]
RIDGE = derive(runpy.run_path(str(ROOT / "examples/models/ridge_regression.py"))["model"])
ARGUMENTS = ["w", "b", "x", "y", "lam"]
BODY = """
    e = residual(w, b, x, y)
    return e @ x / len(x) + lam * w, e.mean()
"""
RESIDUAL = "def residual(w, b, x, y):\n    return x @ w + b - y\n"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def verdict_on(text: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    """The verdict on `gradient` of a file."""
    file.write_text(f"import numpy as np\n{text}")
    linecache.checkcache(str(file))
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, file.stem, module)
    exec(compile(file.read_text(), str(file), "exec"), vars(module))
    return check_gradient(module.gradient, against=RIDGE, arguments=ARGUMENTS)


PLAIN = RESIDUAL + "def gradient(w, b, x, y, lam):" + BODY
TEXTS = {
    "if": "if True:\n" + indented(PLAIN),
    "else": "try:\n    import no_such_library\nexcept ImportError:\n" + indented(PLAIN),
    "for": "for scale in (1, 2):\n" + indented(PLAIN.replace("lam * w", "lam * w * (scale - 1)")),
    "with": "with np.errstate(all='ignore'):\n" + indented(PLAIN),
    "two": "if len('ab') == 1:\n" + indented(PLAIN.replace("lam * w", "w")) + "else:\n" + indented(PLAIN),
    "first": RESIDUAL + "first = residual\ndef residual(w, b, x, y):\n    return first(w, b, x, y)\n"
    "def gradient(w, b, x, y, lam):" + BODY,
    "class": "if True:\n    class Linear:\n        def __call__(self, w, b, x, y, lam):"
    + BODY.replace("\n", "\n        ")
    + "\n"
    + RESIDUAL
    + "gradient = Linear()\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_definitions_under_conditions_and_loops_run_on_balls(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = verdict_on(TEXTS[name], tmp_path / f"mine_{name}.py", monkeypatch)
    assert verdict.good and verdict.white, str(verdict)


def test_of_two_definitions_the_one_that_runs_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "if True:\n" + indented(PLAIN.replace("lam * w", "lam * w * (1 + 1e-13)")) + "else:\n" + indented(PLAIN)
    verdict = verdict_on(text, tmp_path / "mine.py", monkeypatch)
    assert [f.code for f in verdict.failures] == ["GP101"] and verdict.white, str(verdict)


def test_a_function_in_a_branch_may_call_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "if True:\n    def total(values):\n"
        "        return sum(values[:1]) + (total(values[1:]) if len(values) > 1 else 0)\n"
        + RESIDUAL
        + "def gradient(w, b, x, y, lam):"
        + BODY.replace("e.mean()", "total(e) / len(e)")
    )
    verdict = verdict_on(text, tmp_path / "mine.py", monkeypatch)
    assert verdict.good and verdict.white and verdict.digits >= 45, str(verdict)
