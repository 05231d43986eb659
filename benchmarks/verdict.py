"""Time of a verdict on a gradient of 73 parameters, beside central differences and torch's gradcheck.

`python benchmarks/verdict.py --torch PYTHON`, where PYTHON is the interpreter of an environment with torch and NumPy;
without it, torch is left out. Everything runs in turn, round after round, on one thread; the times are medians of
processor time, and of ratios to the central differences of the same round.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
UNIT = "central differences"


class Worker:
    """A process that takes times."""

    def __init__(self, python: str, kind: str) -> None:
        self.process = subprocess.Popen(
            [python, str(HERE / "verdict_worker.py"), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(HERE.parent)},
        )
        self.names = self.line().split("\t")

    def line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().rstrip("\n")
        if not line:
            raise SystemExit("a worker ended")
        return line

    def seconds(self, name: str) -> float:
        """The processor time of one check."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return float(self.line())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has torch")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    workers = [Worker(sys.executable, "ours")]
    workers += [Worker(options.torch, "torch")] if options.torch else []
    times: dict[str, list[float]] = {name: [] for worker in workers for name in worker.names}
    first = {name: worker.seconds(name) for worker in workers for name in worker.names}
    for _ in range(options.rounds):
        for worker in workers:
            for name in worker.names:
                times[name].append(worker.seconds(name))
    print(f"| {'check':<45} | first ms |     ms | x differences |\n|{'-' * 47}|---------:|-------:|--------------:|")
    for name, mine in times.items():
        ratio = median(one / unit for one, unit in zip(mine, times[UNIT], strict=True))
        print(f"| {name:<45} | {1e3 * first[name]:8.1f} | {1e3 * median(mine):6.2f} | {ratio:13.2f} |")


if __name__ == "__main__":
    main()
