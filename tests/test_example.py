"""The digits example, where its extra packages are installed: accuracies, learned features, pictures."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("package", ["sklearn", "matplotlib", "scipy"])
def test_extras_cover_the_example(package: str) -> None:
    names = {"sklearn": "scikit-learn"}
    extras = (ROOT / "pyproject.toml").read_text().partition("examples = [")[2].partition("]")[0]
    assert names.get(package, package) in extras


def test_digits(tmp_path: Path) -> None:
    for package in ("sklearn", "matplotlib", "scipy"):
        pytest.importorskip(package, reason=f"runs examples/digits.py, whose {package} the extra `examples` installs")
    for name in ("softmax_classifier", "sparse_autoencoder"):
        copy = tmp_path / "generated" / f"{name}.py"
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((ROOT / "generated" / f"{name}.py").read_bytes())
    script = tmp_path / "examples" / "digits.py"
    script.parent.mkdir()
    script.write_bytes((ROOT / "examples" / "digits.py").read_bytes())
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours, theirs = (float(x) for x in re.findall(r"test accuracy ([\d.]+)%", done.stdout))
    assert ours > 96
    assert ours > theirs - 1.5
    mean = re.search(r"mean activation ([\d.]+)", done.stdout)
    assert mean
    assert float(mean.group(1)) == pytest.approx(0.05, abs=0.02), "the penalty holds the activations near rho"
    pictures = sorted((tmp_path / "build" / "digits").iterdir())
    assert [p.name for p in pictures] == ["curves.png", "features.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures)
