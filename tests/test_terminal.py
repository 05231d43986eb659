"""What the command line shows beside its verdicts: a line while it waits, a picture of differences."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from gradproof import cli
from gradproof.terminal import Late

CODE = """import numpy as np

def cost(w, x, y):
    return np.mean((np.tanh(x @ w) - y) ** 2)

def grad(w, x, y):
    a = np.tanh(x @ w)
    return 2 * x.T @ ((a - y) * (1 - a**2)) / len(y)

def point():
    dice = np.random.default_rng(0)
    return dice.normal(size=3), dice.normal(size=(5, 3)), dice.normal(size=5)
"""
COMMAND = ["verify", "mine.py:grad", "--cost", "mine.py:cost"]


def waiting(after: float) -> Late:
    """A line on a terminal that is shown after so many seconds."""
    bar = Late(console=Console(file=io.StringIO(), force_terminal=True), transient=True)
    bar.after = after
    return bar


def test_what_takes_long_shows_a_line() -> None:
    with waiting(0) as bar:
        bar.timer.join()
        assert bar.live.is_started
    assert not bar.live.is_started


def test_what_is_done_soon_leaves_no_trace() -> None:
    bar = waiting(3600)
    with bar:
        bar.add_task("judging", total=None)
    bar.timer.join()
    assert not bar.live.is_started
    assert isinstance(bar.console.file, io.StringIO) and "judging" not in bar.console.file.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_picture_is_drawn_beside_the_verdict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="draws with matplotlib, which the extra `examples` installs")
    assert cli.main([*COMMAND, "--at", "mine.py:point", "--plot", "steps.png"]) == 0
    assert (folder / "steps.png").read_bytes().startswith(b"\x89PNG")
    assert cli.main([*COMMAND, "--at", "mine.py:point", "--plot", "none/steps.png"]) == 2
    assert capsys.readouterr().err.startswith("error: none/steps.png is not written: ")


def test_a_picture_needs_a_cost_at_a_point(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*COMMAND, "--against", "mlp", "--plot", "steps.png"]) == 2
    assert capsys.readouterr().err.startswith("error: --plot draws differences of --cost")
