"""Gradient checkers on the corpus of hand-written gradients: `PYTHONPATH=tests python benchmarks/checkers.py`.

Peers are used where they are installed, `pip install torch jax scipy` in an environment of their own; the project does
not depend on them. `--seeds 2` is the number of points of each kind, `--only NAME` one implementation.

A mistake counts at a point where it is live: bits of the result, of a second call or of the arguments differ. It is
caught if it is rejected and the right code is accepted at the same point: a checker that rejects everything catches
nothing. A false alarm is right code that is rejected. Mismatches are the mistakes at which the gradient is not that of
the cost, which is all that a checker can see that knows neither the model nor a second call.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from corpus import IMPLEMENTATIONS, KINDS, MISTAKES, Code, Mistake, Point, points
from corpus.mistakes import KINDS as CLASSES
from peers import CHECKERS, Checker

import gradproof

NO_MISMATCH = ("wrong cost, matching gradient", "state between calls", "modifies its input")


@dataclass(frozen=True)
class Trial:
    """One checker on one piece of code at one point; `mistake` is None for the right code."""

    checker: str
    point: Point
    mistake: Mistake | None
    accepted: bool
    right_accepted: bool
    seconds: float

    @property
    def caught(self) -> bool:
        """Rejected, where the right code is accepted."""
        return self.right_accepted and not self.accepted


def judged(checker: Checker, code: Code, point: Point) -> tuple[bool, float]:
    """The verdict and its time; an exception rejects."""
    started = time.perf_counter()
    try:
        accepted = checker.accepts(code, point)
    except Exception:
        accepted = False
    return accepted, time.perf_counter() - started


def trials(checkers: Iterable[Checker], names: Iterable[str], seeds: int) -> Iterator[Trial]:
    """Every checker on every live mistake, and on the right code, at every point."""
    for entry in (IMPLEMENTATIONS[name] for name in names):
        for point in (points(entry.name, seed, kind) for kind in entry.kinds for seed in range(seeds)):
            right = Code(entry).outcome(point.values)
            planted = [m for m in MISTAKES if m.implementation == entry.name]
            live = [m for m in planted if Code(entry, m).outcome(point.values) != right]
            for checker in checkers:
                accepted, seconds = judged(checker, Code(entry), point)
                yield Trial(checker.name, point, None, accepted, accepted, seconds)
                for mistake in live:
                    verdict, seconds = judged(checker, Code(entry, mistake), point)
                    yield Trial(checker.name, point, mistake, verdict, accepted, seconds)


def share(found: list[bool]) -> str:
    """Per cent of those that are true."""
    return f"{100 * sum(found) / len(found):.1f} %" if found else "-"


def summary(checker: str, all_trials: list[Trial]) -> list[str]:
    """The cells of a checker's row."""
    mine = [t for t in all_trials if t.checker == checker]
    clean, wrong = [t for t in mine if t.mistake is None], [t for t in mine if t.mistake is not None]
    mismatch = [t for t in wrong if t.mistake and t.mistake.kind not in NO_MISMATCH]
    alarms = [share([not t.accepted for t in clean if t.point.kind == kind]) for kind in KINDS]
    return [
        checker,
        share([t.caught for t in wrong]),
        share([t.caught for t in mismatch]),
        share([not t.accepted for t in wrong]),
        *alarms,
        f"{1000 * sum(t.seconds for t in mine) / len(mine):.1f}",
    ]


def classes(checkers: list[str], all_trials: list[Trial]) -> list[list[str]]:
    """For each class of mistake the share that each checker catches."""
    return [
        [kind, *(share([t.caught for t in found if t.checker == name]) for name in checkers)]
        for kind in CLASSES
        if (found := [t for t in all_trials if t.mistake and t.mistake.kind == kind])
    ]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    ruled = [head, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in ruled)


def found_version(package: str) -> str:
    """The version of a package, or that it is absent; the project may run from its folder."""
    if package == "gradproof":
        return f"{package} {gradproof.__version__}"
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} not found"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", choices=sorted(IMPLEMENTATIONS), default=None)
    options = parser.parse_args()
    print("; ".join(found_version(package) for package in ("numpy", *dict.fromkeys(c.needs for c in CHECKERS))))
    checkers = [checker for checker in CHECKERS if find_spec(checker.needs)]
    names = [name for name, entry in IMPLEMENTATIONS.items() if entry.present and options.only in (None, name)]
    made: list[Trial] = []
    for name in names:
        made += trials(checkers, [name], options.seeds)
        print(f"{len(made)} trials, {name} done", file=sys.stderr)
    live = len({(t.point.implementation, t.point.kind, t.point.seed, t.mistake) for t in made if t.mistake})
    print(f"{len(names)} implementations, {live} live mistakes, {options.seeds} points of each kind\n")
    head = ["checker", "caught", "of mismatches", "rejected", *KINDS, "ms"]
    print(table(head, [summary(c.name, made) for c in checkers]))
    print(f"\nColumns {KINDS[0]} to {KINDS[-1]}: false alarms at these points. Caught, by class of mistake:\n")
    print(table(["class", *(c.name for c in checkers)], classes([c.name for c in checkers], made)))


if __name__ == "__main__":
    main()
