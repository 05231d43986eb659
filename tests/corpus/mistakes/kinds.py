"""The classes of mistakes that are planted."""

from __future__ import annotations

from corpus.records import Mistake

KINDS = (
    "missing 1/m",
    "1/m twice",
    "sum for mean",
    "factor 2",
    "sign",
    "decay missing",
    "decay on biases",
    "decay factor 2",
    "decay divided by m",
    "transposed weight",
    "neighbouring weight",
    "f'(a) for f'(z)",
    "f' missing",
    "relu' of the wrong variable",
    "stale activation",
    "diagonal Jacobian",
    "wrong cost derivative",
    "term missing",
    "sparsity missing",
    "sparsity outside f'",
    "KL factor",
    "penalty missing",
    "off-by-one sample",
    "dropped last sample",
    "swapped blocks",
    "one wrong element",
    "weights updated too early",
    "truncated BPTT",
    "clipped",
    "repeated index",
    "low precision",
    "state between calls",
    "modifies its input",
    "wrong cost, matching gradient",
    "wrong cost only",
)
SHOWS = {"state between calls": "second call", "modifies its input": "arguments"}


def planted(implementation: str, *rows: tuple[str, str, str, str]) -> tuple[Mistake, ...]:
    """Mistakes from rows: class, blocks that are wrong, old text, new text."""
    return tuple(
        Mistake(implementation, kind, old, new, tuple(wrong.split()), SHOWS.get(kind, "result"))
        for kind, wrong, old, new in rows
    )
