"""Time to find the law and the stable form of each activation, and to prove claims: `python benchmarks/functions.py`.

Processor time of one process, so that a busy machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import sympy

from codegen.stable.forms import stable
from derive import derive
from derive.language.functions import Function
from derive.library import activations
from derive.scalar.laws import find_law
from gradproof.load import load, place
from verify.claims import check_claims

CLAIMED = Path(__file__).parent.parent / "examples" / "models" / "claimed_equations.py"
VALUE = sympy.Symbol("a")


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    print(f"{'seconds of processor time':30} {'law':>9} {'stable':>9}")
    for name, function in vars(activations).items():
        if isinstance(function, Function) and function.formula is not None:
            formula, z = function.formula, function.arguments[0]
            law, form = seconds(partial(find_law, formula, z, VALUE)), seconds(partial(stable, formula, z))
            print(f"{name:30} {law:9.3f} {form:9.3f}")
    derivation = derive(load(place(CLAIMED))[0].model)
    count = len(derivation.system.claims)
    print(f"{f'{count} claims of {CLAIMED.stem}, proved':40} {seconds(partial(check_claims, derivation)):9.3f}")


if __name__ == "__main__":
    main()
