"""What a script prints in a process of its own: under another hash seed, with other integers below SymPy."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def output_of(script: str, seed: str, ground: str | None = None) -> str:
    """The output of a script that may import what the tests import; `ground`: "python" or "flint"."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    if ground is not None:
        environment["SYMPY_GROUND_TYPES"] = ground
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=TESTS.parent, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout
    return done.stdout
