"""All planted mistakes, and right code at many points, judged: `PYTHONPATH=.:tests python tests/examination.py`.

`--points 200` judges the right implementations at so many points of every kind instead, `--only NAME` one of them.
"""

from __future__ import annotations

import argparse
import linecache
import runpy
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from corpus import IMPLEMENTATIONS, MISTAKES, Implementation, Mistake, points

from derive import derive
from derive.derivation import Derivation
from verify.foreign.check import check_gradient
from verify.foreign.verdict import Verdict

ROOT = Path(__file__).parents[1]
LAYERS = {name: {"L": 3} for name in ("ufldl_network", "ufldl_autoencoder", "torch_function")}
AMONG: dict[str, Mapping[str, tuple[float, ...]]] = {
    "ng_logistic": {"y": (-1, 1)},  # the code says (y + 1)/2, the model log(1 + exp(-y z))
    "funk_factorisation": {"M": (0, 1)},  # a list of the known ratings, a mask
}


@cache
def derivation(model: str) -> Derivation:
    """The derivation of a model file."""
    return derive(runpy.run_path(str(ROOT / model))["model"])


@dataclass(frozen=True)
class Row:
    """What the judge said of one mistake."""

    mistake: Mistake
    verdict: Verdict
    seconds: float

    @property
    def rejected(self) -> bool:
        return self.verdict.word == "WRONG"

    @property
    def codes(self) -> list[str]:
        return sorted({finding.code for finding in self.verdict.findings})


def verdict_on(name: str, mistake: Mistake | None, folder: Path, **options: Any) -> Verdict:
    """The verdict on an implementation, right or with a mistake."""
    text = IMPLEMENTATIONS[name].path.read_text()
    return judged(IMPLEMENTATIONS[name], mistake.edited(text) if mistake else text, folder / f"{name}.py", **options)


def judged(one: Implementation, text: str, file: Path, **options: Any) -> Verdict:
    """The verdict on a text of an implementation, which runs from a file."""
    file.write_text(text)
    linecache.checkcache(str(file))
    names = runpy.run_path(str(file))
    return check_gradient(
        names[one.function],
        against=derivation(one.model),
        cost=names[one.cost] if one.cost else None,
        arguments=one.arguments,
        returns=one.gradient,
        sizes=LAYERS.get(one.name),
        among=AMONG.get(one.name),
        **options,
    )


def examined(mistakes: Iterable[Mistake], folder: Path) -> Iterator[Row]:
    """The mistakes one by one, without the diagnosis: `diagnosed.py` examines that."""
    for mistake in mistakes:
        started = time.process_time()
        with patch("verify.foreign.check.diagnose", return_value=()):
            verdict = verdict_on(mistake.implementation, mistake, folder)
        yield Row(mistake, verdict, time.process_time() - started)


def all_mistakes(names: list[str], folder: Path) -> None:
    """Print every mistake with its verdict, and how many are rejected."""
    found, codes = Counter[str](), Counter[str]()
    for row in examined((m for m in MISTAKES if m.implementation in names), folder):
        found[row.verdict.word] += 1
        codes.update(row.codes)
        box = "white" if row.verdict.white else "black"
        print(f"{row.verdict.word} {box} {','.join(row.codes)} {row.seconds:.1f} s {row.mistake.name}", flush=True)
        if not row.rejected:
            print(row.verdict, flush=True)
    print(f"{sum(found.values())} mistakes: {dict(found)}; findings {dict(codes)}")


def right_code(names: list[str], number: int, folder: Path) -> None:
    """Print for every implementation and kind of point whether the right code is accepted at all of them."""
    good = wrong = 0
    for name in names:
        for kind in IMPLEMENTATIONS[name].kinds:
            started = time.process_time()
            at = [dict(points(name, seed, kind).values) for seed in range(number)]
            verdict = verdict_on(name, None, folder, at=at, around=False)
            good, wrong = good + number * verdict.good, wrong + number * (not verdict.good)
            print(
                f"{verdict.word} {name} {kind} {verdict.digits} digits {time.process_time() - started:.1f} s",
                flush=True,
            )
            if not verdict.good:
                print(verdict, flush=True)
    print(f"{good} points accepted; {wrong} points of which at least one is not")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=sorted(IMPLEMENTATIONS), default=None)
    options = parser.parse_args()
    names = [
        name for name, one in IMPLEMENTATIONS.items() if one.present and (not options.only or name in options.only)
    ]
    with TemporaryDirectory() as folder:
        if options.points:
            right_code(names, options.points, Path(folder))
        else:
            all_mistakes(names, Path(folder))


if __name__ == "__main__":
    main()
