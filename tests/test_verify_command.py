"""`gradproof verify`: somebody's file and function against a model."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from corpus import IMPLEMENTATIONS, MISTAKES

import gradproof
from gradproof import cli
from verify.foreign.inline import templates
from verify.foreign.layout import Flat, Layers, LayoutError, Named, show

ROOT = Path(__file__).parents[1]
SOFTMAX = ["--against", str(ROOT / "examples/models/softmax_regression.py")]
LAYOUT = ["--layout", "w.T, b, x, label"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(folder: Path, name: str, kind: str = "") -> Path:
    """A file of the corpus, perhaps with a mistake planted, as `mine.py`."""
    text = IMPLEMENTATIONS[name].path.read_text()
    if kind:
        text = next(m for m in MISTAKES if m.implementation == name and m.kind == kind).edited(text)
    (folder / "mine.py").write_text(text)
    return folder / "mine.py"


def test_a_right_gradient_exits_with_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "softmax_regression")
    assert cli.main(["verify", "mine.py:grad", "--cost", "mine.py:loss", *SOFTMAX, *LAYOUT]) == 0
    shown = capsys.readouterr().out
    assert "grad: against softmax_regression" in shown
    assert "right  equal to" in shown


def test_a_mistake_exits_with_1_and_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "softmax_regression", "sum for mean")
    command = ["verify", "mine.py:grad", "--cost", "mine.py:loss", *SOFTMAX, *LAYOUT]
    assert cli.main([*command, "--format", "json"]) == 1
    (subject,) = json.loads(capsys.readouterr().out)["subjects"]
    found = [f for case in subject["cases"] for f in case["findings"]]
    assert [f["code"] for f in found] == ["GP101"]
    assert found[0]["message"].startswith("d.b[1]: proved different: ")
    assert " is not " in found[0]["message"] and "[d.b] at m=" in found[0]["message"]
    assert (found[0]["file"], found[0]["line"]) == ("mine.py", 15)


def test_values_of_data_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The code knows labels 0 and 1 only, the model -1 and 1."""
    put(folder, "ng_logistic")
    command = ["verify", "mine.py:cost_function_reg", "--against", str(ROOT / "examples/models/logistic_regression.py")]
    assert cli.main([*command, "--among", "y=-1,1"]) == 0
    assert "ones(x), (y + 1) / 2" in capsys.readouterr().out
    assert cli.main(command) != 0


def test_a_layout_that_is_found_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "softmax_regression")
    assert cli.main(["verify", "mine.py:grad", "--cost", "mine.py:loss", *SOFTMAX]) == 0
    assert "layout: (w.T, b, x, label) -> (w.T, b)" in capsys.readouterr().out
    put(folder, "softmax_regression", "sum for mean")
    assert cli.main(["verify", "mine.py:grad", "--cost", "mine.py:loss", *SOFTMAX]) == 1
    shown = capsys.readouterr().out
    assert "GP101 d.b[1]" in shown and "layout: (w.T, b, x, label) -> (w.T, b)" in shown


def test_a_layout_that_is_not_found_exits_with_4(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "funk_factorisation")
    model = str(ROOT / "examples/models/matrix_factorisation.py")
    assert cli.main(["verify", "mine.py:loss_and_gradient", "--against", model]) == 4
    shown = " ".join(capsys.readouterr().out.split())
    assert "GP112 gradient: layout not found: " in shown and "layouts were tried" in shown and "--layout" in shown


@pytest.mark.parametrize("form", ["text", "junit", "sarif", "github"])
def test_every_format_has_the_code(form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "softmax_regression", "sum for mean")
    command = ["verify", "mine.py:grad", "--cost", "mine.py:loss", *SOFTMAX, *LAYOUT]
    assert cli.main([*command, "--format", form]) == 1
    assert "GP101" in capsys.readouterr().out


USAGE = {
    "no such function": (
        ["mine.py:nothing", *SOFTMAX],
        "mine.py has no nothing; its functions are softmax, loss",
    ),
    "no such file": (["yours.py:grad", *SOFTMAX], "there is no file yours.py"),
    "no function": (["mine.py", *SOFTMAX], "mine.py does not name a function: write FILE.py:FUNCTION"),
    "no such model": (["mine.py:grad", "--against", "nope"], "there is no model nope"),
    "no values": (["mine.py:grad", *SOFTMAX, "--among", "y=-1,a"], "--among takes NAME=NUMBER,NUMBER"),
    "no size": (["mine.py:grad", *SOFTMAX, "--size", "m"], "--size takes NAME=NUMBER"),
    "a size of another model": (["mine.py:grad", *SOFTMAX, *LAYOUT, "--size", "L=3"], "L is no size of"),
    "no template": (["mine.py:grad", *SOFTMAX, "--layout", "w.T, b, x,, y"], "the layout w.T, b, x,, y cannot be"),
    "a letter that is none": (["mine.py:grad", *SOFTMAX, "--layout", "w.T, b, x, t"], "t in the layout is nothing"),
    "nothing to accept": (["mine.py:grad", *SOFTMAX, "--accept", "all"], "--accept takes differences"),
    "a class": (["mine.py:Net.loss", *SOFTMAX], "Net of mine.py needs arguments"),
}
NET = """

class Net:
    def __init__(self, params):
        self.params = params

    def loss(self):
        pass
"""


@pytest.mark.parametrize("case", USAGE)
def test_usage_errors_exit_with_2(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(folder, "softmax_regression")
    path.write_text(path.read_text() + NET)
    arguments, message = USAGE[case]
    assert cli.main(["verify", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_an_error_of_the_file_is_at_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.py").write_text("x = 1\n1 / 0\n")
    assert cli.main(["verify", "mine.py:grad", *SOFTMAX]) == 2
    assert capsys.readouterr().err.startswith("error: mine.py:2: 1 / 0\n  ZeroDivisionError")


PLAIN = """import numpy as np


def cost(w, x, y):
    return np.sum((x @ w - y) ** 2) / 2


def grad(w, x, y):
    return x.T @ (x @ w - y)


def points():
    return np.ones(2), np.arange(6.0).reshape(3, 2), np.ones(3)
"""


def test_without_a_model_the_cost_is_the_users(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["verify", "mine.py:grad", "--cost", "mine.py:cost", "--at", "mine.py:points"]
    (folder / "mine.py").write_text(PLAIN)
    assert cli.main(command) == 0, capsys.readouterr()
    (folder / "mine.py").write_text(PLAIN.replace("return x.T @", "return 2 * x.T @"))
    assert cli.main(command) == 1
    assert "GP101" in capsys.readouterr().out
    assert cli.main(command[:-2]) == 2
    assert capsys.readouterr().err.startswith("error: say --against MODEL; or without a model")


def test_a_function_that_ends_the_process_is_not_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.py").write_text("import sys\n\n\ndef grad(w, b, x, label):\n    sys.exit(0)\n")
    assert cli.main(["verify", "mine.py:grad", *SOFTMAX]) == 2
    assert "SystemExit: 0" in capsys.readouterr().err


def test_what_the_file_prints_is_no_part_of_a_format(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(folder, "softmax_regression")
    path.write_text(
        path.read_text().replace("    R = softmax", '    print("here")\n    R = softmax') + 'print("there")\n'
    )
    command = ["verify", "mine.py:grad", "--cost", "mine.py:loss", *SOFTMAX, *LAYOUT, "--format", "json"]
    assert cli.main(command) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["exit"] == 0
    assert "here" in shown.err and "there" in shown.err


METHOD = """
from neighbour_of_mine import scale


class Fit:
    def gradient(self, w, b, x, y, lam):
        e = scale(x @ w + b - y, len(x))
        return e @ x + lam * w, e.sum()
"""


def test_a_method_whose_file_imports_a_neighbour(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "neighbour_of_mine.py").write_text("def scale(e, m):\n    return e / m\n")
    (folder / "mine.py").write_text(METHOD)
    ridge = ["--against", str(ROOT / "examples/models/ridge_regression.py")]
    modules = set(sys.modules)
    assert cli.main(["verify", "mine.py:Fit.gradient", *ridge, "--layout", "w, b, x, y, lam"]) == 0
    assert "(the formula itself" in capsys.readouterr().out
    assert not {name for name in set(sys.modules) - modules if "mine" in name}


def test_a_layout_in_a_file(folder: Path) -> None:
    put(folder, "softmax_regression")
    (folder / "layouts.py").write_text('mine = {"arguments": ["w.T", "b", "x", "label"], "returns": ("w.T", "b")}\n')
    assert cli.main(["verify", "mine.py:grad", *SOFTMAX, "--layout", "layouts.py:mine"]) == 0


def test_layers_of_a_depth(folder: Path) -> None:
    """The layout has two layers, and is judged at no other depth."""
    shutil.copy(IMPLEMENTATIONS["ufldl_network"].path, folder / "mine.py")
    text = (
        "\n\ndef plain(W1, b1, W2, b2, data, labels, lambda_):\n"
        "    theta = np.concatenate((W1.ravel(), W2.ravel(), b1, b2))\n"
        "    cost, grad = network_cost(theta, W1.shape[1], W1.shape[0], W2.shape[0], lambda_, data, labels)\n"
        "    stack = params_to_stack(grad, W1.shape[1], W1.shape[0], W2.shape[0])\n"
        '    return cost, stack["W1"], stack["b1"], stack["W2"], stack["b2"]\n'
    )
    with (folder / "mine.py").open("a") as file:
        file.write(text)
    layout = "w[2], b[2], w[3], b[3], x.T, y.T, lam"
    assert cli.main(["verify", "mine.py:plain", "--against", "mlp", "--layout", layout]) == 0


TEMPLATES = (
    [Flat("w[2]", "b[2]"), "x.T", "lam * m"],
    [{"W1": "w[2].T", "b1": "b[2]"}, [Layers("w.T"), Layers("b")], ("x",)],
    ["w", Flat("w[2]", order="F"), Named("x", "x"), Named("reg", "lam * 2")],
)


@pytest.mark.parametrize("template", TEMPLATES, ids=show)
def test_a_layout_that_is_printed_can_be_read(template: Sequence[object]) -> None:
    text = f"({', '.join(map(show, template))}) -> {show(template[0])}"
    assert templates(text) == (template, template[0])


def test_the_layouts_of_the_guide_can_be_read() -> None:
    table = (ROOT / "docs/judge.md").read_text().partition("| text | your code takes |")[2].partition("\n\n")[0]
    texts = re.findall(r"^\| `(.*)` \|", table, flags=re.MULTILINE)
    assert len(texts) == 8
    for text in texts:
        arguments, returns = templates(text)
        printed = show(arguments)[1:-1]
        assert (f"({printed})" if returns is not None else printed) == text.partition(" ->")[0]


def test_a_layout_without_sense_is_an_error() -> None:
    with pytest.raises(LayoutError, match="cannot be read"):
        templates("w[2")


def test_public_names_cost_nothing_until_they_are_used() -> None:
    code = (
        "import sys, gradproof; assert not {'sympy', 'numpy'} & set(sys.modules);"
        "from gradproof import assert_gradient, check_gradient; assert 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gradproof.nothing


def test_assert_gradient_raises_what_the_verdict_says() -> None:
    model = runpy.run_path(str(ROOT / "examples/models/ridge_regression.py"))["model"]

    def gradient(w, b, x, y, lam):
        e = (x @ w + b - y) / len(x)
        return e @ x + lam * w, 2 * e.sum()

    with pytest.raises(AssertionError, match=r"d\.b.*proved different.*\[d\.b\] at m="):
        gradproof.assert_gradient(gradient, against=model, arguments=["w", "b", "x", "y", "lam"])
