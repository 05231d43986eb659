"""How many planted mistakes are named: `PYTHONPATH=. python tests/diagnosed.py [part of an implementation's name]`.

The last line tells how many seconds of the processor a diagnosis takes. A class is right if it is one of those in
ACCEPTED: equations do not tell a missing 1/m from a sum for a mean.
"""

from __future__ import annotations

import runpy
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
from corpus import IMPLEMENTATIONS, MISTAKES, Implementation, Mistake
from examination import AMONG, LAYERS, derivation

from verify.case import Case
from verify.diagnosis.diagnose import diagnose
from verify.foreign.check import with_cost
from verify.foreign.layout import stated
from verify.foreign.points import cases_of, possible, supported

ACCEPTED = {
    "transposed weight": ("transposed weight", "mirrored index"),
    "sum for mean": ("missing 1/m",),
    "off-by-one sample": ("off-by-one sample", "dropped first sample", "dropped last sample", "stale activation"),
    "decay on biases": ("decay added",),
    "decay factor 2": ("decay factor",),
    "relu' of the wrong variable": ("f' of the wrong variable", "kink moved"),
    "sparsity missing": ("penalty missing",),
    "sparsity outside f'": ("term outside f'",),
    "KL factor": ("factor missing", "term missing", "1/m twice", "factor"),
    "term missing": ("term missing", "factor missing", "penalty missing", "factor", "one of a sum", "truncated BPTT"),
    "factor 2": ("factor 2", "factor missing"),
    "penalty missing": ("penalty missing", "decay missing"),
    "neighbouring weight": ("neighbouring weight", "stale activation"),
    "wrong cost derivative": ("wrong cost derivative", "factor missing"),
}
OUTSIDE = ("low precision", "state between calls", "modifies its input")  # told by the verdict itself
OUTCOMES = ("named", "named among several", "localised", "misnamed", "nothing said")


def outcome(mistake: Mistake, lines: tuple[str, ...]) -> str:
    """What a diagnosis is worth. A line that names begins with its class and a colon."""
    if not lines:
        return "nothing said"
    names = {text.partition(": ")[0] for line in lines for text in line.split("; or ") if ": " in line}
    if not names:
        return "localised"
    right = names & set(ACCEPTED.get(mistake.kind, (mistake.kind,)))
    return "misnamed" if not right else "named" if len(names) == 1 else "named among several"


def diagnosed(mistakes: Iterable[Mistake]) -> Iterator[tuple[Mistake, str, tuple[str, ...], float]]:
    """Every mistake that shows in numbers, what came of it, the lines, and the seconds that they took."""
    known: dict[object, tuple[Case, ...]] = {}
    with TemporaryDirectory() as folder, np.errstate(all="ignore"):
        for number, mistake in enumerate(mistakes):
            one = IMPLEMENTATIONS[mistake.implementation]
            if one.present and mistake.kind not in OUTSIDE:
                file = Path(folder) / f"case{number}.py"
                file.write_text(mistake.edited(one.path.read_text()))
                lines, seconds = lines_of(one, file, known)
                yield mistake, outcome(mistake, lines), lines, seconds


def lines_of(one: Implementation, file: Path, known: dict[object, tuple[Case, ...]]) -> tuple[tuple[str, ...], float]:
    """The diagnosis as `check_gradient` makes it, without the judgement; cases are kept for the next mistake."""
    names, derived = runpy.run_path(str(file)), derivation(one.model)
    system, among = derived.system, AMONG.get(one.name, {})
    layout = stated(one.arguments, one.gradient, [t.name for t in system.role("parameter")])
    sizes = possible(system, LAYERS.get(one.name, {}), 0)
    cost = names[one.cost] if one.cost else None
    target = with_cost(names[one.function], cost, system, layout, sizes, 0)
    good, _ = supported(target, sizes, 0, among)
    key = one.name, good
    if key not in known:
        known[key] = cases_of(derived, good, 0, among)
    start = process_time()
    lines = diagnose(derived, target, known[key], among)
    return lines, process_time() - start


def main() -> None:
    """A table of counts by class, and every mistake."""
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    counts: dict[str, Counter[str]] = {}
    spent: list[float] = []
    for mistake, word, lines, seconds in diagnosed(m for m in MISTAKES if part in m.implementation):
        counts.setdefault(mistake.kind, Counter())[word] += 1
        spent.append(seconds)
        print(f"{word}: {mistake.name}", *lines, sep="\n    ", flush=True)
    print("| planted |", " | ".join(OUTCOMES), "|\n|---|" + "--:|" * len(OUTCOMES))
    total = sum(counts.values(), Counter[str]())
    for kind, row in [*sorted(counts.items()), ("all", total)]:
        print(f"| {kind} |", " | ".join(str(row[word]) for word in OUTCOMES), "|")
    quantiles = ", ".join(
        f"{name} {np.quantile(spent, q):.1f} s" for q, name in ((0.5, "median"), (0.9, "nine tenths"))
    )
    print(f"{len(spent)} diagnoses, {quantiles}, longest {max(spent):.1f} s")


if __name__ == "__main__":
    main()
