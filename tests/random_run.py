"""Many random models against an independent oracle: torch, which differentiates the model's text.

    python tests/random_run.py FIRST COUNT RESULTS.jsonl

Every seed is derived and generated; the generated float64 code runs on random entries at random sizes, and its cost and
every entry of its gradient are compared with those that torch finds for the text of the model, term by term. The two
share nothing but the text. torch is needed here and nowhere else: give it an environment of its own. A seed that is in
RESULTS.jsonl is not run again.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
import torch
from grammar import model_text
from random_outcome import Outcome, kind_of_reason, made, tail
from text_code import call_code
from text_layout import Layout
from text_model import Unread, read_text
from text_value import PLAIN, Entry, Reading

TOLERANCE = 1e-8
SMALL = 1e-4  # a tensor whose gradient is smaller than this part of the largest one is judged against that
TINY = 1e-7  # a gradient that is smaller than this part of the cost, or than this, is judged against that
POINTS, SECONDS, WORKERS = 3, 20.0, 2


class Torch:
    """Scalars of torch."""

    plain: ClassVar = {name: getattr(torch, name) for name in PLAIN} | {"loggamma": torch.lgamma}

    def number(self, value: int) -> Any:
        return torch.tensor(float(value), dtype=torch.float64)

    def stop(self, value: Any, key: Any) -> Any:
        return value.detach()

    def size(self, value: Any) -> float:
        return abs(float(value.detach()))


@dataclass(frozen=True)
class Point:
    """One comparison: the error relative to the largest entry, where it is, and how near the nearest tie was."""

    error: float
    where: str
    nearest: float


def judged(seed: int, folder: Path) -> dict[str, Any]:
    """What becomes of a seed."""
    started = time.monotonic()
    path = folder / f"random_{seed}.py"
    path.write_text(model_text(seed))
    outcome, found = made(path)
    points: list[Point] = []
    if isinstance(found, tuple):
        try:
            outcome, points = compared(seed, path.read_text(), *found)
        except Unread as error:
            outcome = Outcome("UNDECIDED", f"the oracle does not read {error}")
        except Exception as error:
            outcome = Outcome("CRASH", f"run: {tail(error)}")
    path.unlink()
    error = (
        min((p.error for p in points), default=0.0)
        if outcome.kind == "WRONG"
        else max((p.error for p in points if p.error < TOLERANCE), default=0.0)
    )
    return {"seed": seed, **asdict(outcome), "error": error, "seconds": round(time.monotonic() - started, 2)}


def compared(seed: int, text: str, derivation: Any, module: Any) -> tuple[Outcome, list[Point]]:
    """Two points at different sizes, and a third one where they disagree."""
    points: list[Point] = []
    for number in range(POINTS):
        good = [p for p in points if p.error <= TOLERANCE]
        if len(good) < 2:
            points.append(compare(Layout(read_text(text), POINTS * seed + number), derivation, module))
    bad = [p for p in points if not p.error <= TOLERANCE]
    if not bad:
        return Outcome("RIGHT"), points
    story = "; ".join(f"{p.where}: {p.error:.1e}, nearest tie {p.nearest:.1e}" for p in bad)
    if len(bad) < len(points):
        return Outcome("RIGHT", f"not everywhere: {story}"), points
    return Outcome("UNDECIDED" if all(p.nearest < TOLERANCE for p in bad) else "WRONG", story), points


def compare(layout: Layout, derivation: Any, module: Any) -> Point:
    """Cost and gradient of the code and of torch at random entries, smaller ones if a value is too large."""
    for scale in (1.0, 0.5, 0.1):
        entries = drawn(layout, scale)
        leaves = {e: torch.tensor(v, dtype=torch.float64, requires_grad=True) for e, v in entries.items()}
        reading = Reading(layout, leaves, Torch())
        cost = reading.objective()
        if cost.requires_grad:
            cost.backward()
        wanted: dict[Entry, float] = {("J", ()): float(cost.detach())}
        for (name, at), leaf in leaves.items():
            if layout.given(name).role == "parameters":
                wanted[name, at] = 0.0 if leaf.grad is None else float(leaf.grad)
        if all(np.isfinite(v) and abs(v) < 1e100 for v in wanted.values()):
            return nearest(call_code(derivation.system, module, layout, entries), wanted, reading.nearest, layout)
    raise Unread("a value that is not finite")


def drawn(layout: Layout, scale: float) -> dict[Entry, float]:
    """Random entries for everything that is given; hyper-parameters are positive, integer data is the layout's."""
    found: dict[Entry, float] = {}
    for name, declared in layout.text.given.items():
        for at in layout.places(name) if declared.role != "integers" else ():
            dice = Random(f"{layout.seed} {name} {at}")
            value = dice.uniform(0.05, 1.0)
            found[name, at] = value if declared.role == "hyper" else scale * value * dice.choice((-1, 1))
    return found


def nearest(found: dict[Entry, float], wanted: dict[Entry, float], tie: float, layout: Layout) -> Point:
    """The largest error, relative to the largest entry of its tensor."""
    if set(found) != set(wanted):
        return Point(float("inf"), f"entries {sorted(set(found) ^ set(wanted))[:3]} at {layout.sizes}", tie)
    least = max((abs(v) for (name, _), v in wanted.items() if name != "J"), default=0.0)
    least = max(least * SMALL, TINY * max(1.0, abs(wanted["J", ()])))
    worst = Point(0.0, "", tie)
    for name in {name for name, _ in wanted}:
        peers = [e for e in wanted if e[0] == name]
        scale = max(least, *(abs(wanted[e]) for e in peers))
        for entry in peers:
            error = abs(found[entry] - wanted[entry]) / scale
            if not error <= worst.error:
                where = f"{name}{list(entry[1])} at {layout.sizes}: {found[entry]!r}, not {wanted[entry]!r}"
                worst = replace(worst, error=error, where=where)
    return worst


def work(line: Connection) -> None:
    """A worker: judges the seeds that it is given."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as folder:
        while True:
            line.send(judged(line.recv(), Path(folder)))


class Worker:
    """A process that can be ended and begun again."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.line, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.seed: int | None = None
        self.deadline = 0.0

    def give(self, seed: int) -> None:
        self.seed, self.deadline = seed, time.monotonic() + SECONDS
        self.line.send(seed)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.line.close()

    def answer(self) -> dict[str, Any] | None:
        """The result of its seed, or what became of the worker; None while it is at work."""
        try:
            if self.line.poll():
                return dict(self.line.recv())
            if time.monotonic() < self.deadline:
                return None
            lost = {"kind": "TIMEOUT", "why": f"more than {SECONDS:.0f} s"}
        except EOFError:
            lost = {"kind": "CRASH", "why": "the process died"}
        seed = self.seed
        self.end()
        self.begin()
        return {"seed": seed, **lost, "error": 0.0, "seconds": SECONDS}


def run(seeds: list[int], workers: int = WORKERS) -> Iterator[dict[str, Any]]:
    """The results of the seeds, as they come."""
    left, staff = list(reversed(seeds)), [Worker() for _ in range(workers)]
    while True:
        for worker in staff:
            if worker.seed is None and left:
                worker.give(left.pop())
        busy = [w for w in staff if w.seed is not None]
        if not busy:
            break
        wait([w.line for w in busy], timeout=1.0)
        for worker in busy:
            found = worker.answer()
            if found:
                worker.seed = None
                yield found
    for worker in staff:
        worker.end()


def summary(results: list[dict[str, Any]]) -> str:
    """Counts by verdict, refusals by reason, the seeds of everything that is neither right nor refused."""
    counts = Counter(r["kind"] for r in results)
    lines = [f"{len(results)} models: " + ", ".join(f"{n} {kind}" for kind, n in counts.most_common())]
    right = [r for r in results if r["kind"] == "RIGHT"]
    if right:
        worst = max(right, key=lambda r: r["error"])
        lines.append(f"largest error of a right one: {worst['error']:.1e} (seed {worst['seed']})")
        some = [r["seed"] for r in right if r["why"]]
        lines.append(f"right at two of three points only (a tie, or rounding): {len(some)} {some[:40]}")
    reasons = Counter(kind_of_reason(r["why"]) for r in results if r["kind"] == "REFUSED")
    lines += [f"  refused {n}: {why}" for why, n in reasons.most_common()]
    for r in results:
        if r["kind"] not in ("RIGHT", "REFUSED"):
            lines.append(f"  {r['seed']} {r['kind']}: {r['why']}")
    return "\n".join(lines)


def main(first: int, count: int, file: Path) -> None:
    known = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {r["seed"] for r in known}
    with file.open("a") as out:
        for found in run([s for s in range(first, first + count) if s not in done]):
            out.write(json.dumps(found) + "\n")
            out.flush()
            known.append(found)
    print(summary([r for r in sorted(known, key=lambda r: r["seed"]) if first <= r["seed"] < first + count]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
