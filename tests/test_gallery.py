"""The gallery derives, generates and agrees; so does every model of the guide; its table of errors is what is said."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from codegen.render import render_module
from derive import Model, ModelError, derive
from verify.agreement import agree
from verify.run import load

ROOT = Path(__file__).parent.parent
GALLERY = sorted((ROOT / "examples" / "models").glob("*.py"))
IMPORTS = "import numpy; from sympy import *\nfrom derive import *; from derive.library import logdet, solve\n"
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")


def build(model: Model) -> None:
    derivation = derive(model)
    module = load(render_module(derivation, source="model.py", digest="0"), model.name)
    certificate = agree(derivation.system, derivation, module)
    assert certificate.good, "\n".join(map(str, certificate.failures))


def said(error: ModelError) -> str:
    """The error on one line, without the line of the file that it names."""
    return error.what + (f"; fix: {error.fix}" if error.fix else "")


@pytest.mark.parametrize("path", GALLERY, ids=lambda p: p.stem)
def test_gallery_model_agrees(path: Path) -> None:
    model = runpy.run_path(str(path))["model"]
    assert model.name == path.stem
    assert model.title.endswith(".")
    build(model)


def test_gallery_is_short_and_all_of_it_stands_in_the_guide() -> None:
    assert len(GALLERY) >= 25
    assert all(12 <= len(p.read_text().splitlines()) <= 45 for p in GALLERY)
    assert sorted(re.findall(r"\(\.\./examples/models/(\w+)\.py\)", GUIDE)) == [p.stem for p in GALLERY]
    assert f"holds {len(GALLERY)} more models" in (ROOT / "README.md").read_text(encoding="utf-8")


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.DOTALL | re.MULTILINE)


def test_models_of_the_guide_agree() -> None:
    space: dict[str, Any] = {"__name__": "guide"}
    seen: dict[str, Model] = {}
    for block in blocks():
        exec(compile(block, "guide.py", "exec"), space)
        if isinstance(model := space.get("model"), Model):
            seen[model.name] = model
    assert len(seen) == sum("with Model" in b for b in blocks())
    for model in seen.values():
        build(model)


def refusals() -> list[tuple[str, str]]:
    """What is written and what is said, from the table of the guide; `...` stands for any text."""
    table = GUIDE.partition("## What is refused")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(.*?)` \| `(.*?)` \|", table, flags=re.MULTILINE)


@pytest.mark.parametrize(("written", "error"), refusals(), ids=[w for w, _ in refusals()])
def test_refusal_of_the_guide(written: str, error: str, tmp_path: Path) -> None:
    head = next(b for b in reversed(blocks()) if 'Model("plain")' in b)
    goal = re.search(r"model\.minimise\((.*)\)\n", head)
    assert goal
    if isinstance(ast.parse(written).body[0], ast.Assign) or written.startswith("model."):
        text = head.replace("    model.minimise", f"    {written}\n    model.minimise")
    else:
        text = head.replace(goal[0], f"model.minimise({written})\n")
    file = tmp_path / "plain.py"
    file.write_text(IMPORTS + text)
    with pytest.raises(ModelError) as caught:
        render_module(derive(runpy.run_path(str(file))["model"]), source="plain.py", digest="0")
    assert re.fullmatch(
        ".*".join(map(re.escape, error.split("..."))) if "..." in error else re.escape(error), said(caught.value)
    )


def test_the_error_of_the_guide_is_the_one_that_is_raised(tmp_path: Path) -> None:
    """The last text block is the error of the last change that the guide describes."""
    shown = re.findall(r"^```text\n(.*?)^```$", GUIDE, flags=re.DOTALL | re.MULTILINE)[-1]
    head = next(b for b in reversed(blocks()) if 'Model("plain")' in b)
    file = tmp_path / "plain.py"
    file.write_text(IMPORTS + head.replace("Sum(w[k] * x[i, k], k)", "Sum(w[k] * x[k, i], k)"))
    with pytest.raises(ModelError) as caught:
        runpy.run_path(str(file))
    assert re.sub(r"plain\.py:\d+", "plain.py:12", str(caught.value)) + "\n" == shown
