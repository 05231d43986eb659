"""scipy.special on balls: what generated code calls, entry by entry, by the rows of `codegen.program.special`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from flint import arb, fmpq

from codegen.program.special import SPECIAL, Special
from verify.numbers import ball_of
from verify.shadow import SPECIAL_UNITS, Shadow, like


def entrywise(row: Special) -> Callable[..., Any]:
    """The function on arrays of balls; of numbers that the text alone determines, a plain ball."""

    def at(*args: Any) -> Any:
        shadow = next((a for a in args if isinstance(a, Shadow)), None)
        if shadow is None:
            return ball_of(row, tuple(map(plain, args)))
        balls = [b for b in (like(a, shadow) for a in args) if b is not None]
        widest = max(balls, key=lambda b: (b.unit, type(b) is not Shadow))  # one that keeps a record, if there is one
        ball = ball_of(row, tuple(b.settled() for b in balls))
        return widest.called(f"{row.name} {row.part}", tuple(balls), ball, SPECIAL_UNITS, row.scale)

    def on_arrays(*args: Any) -> Any:
        if not any(isinstance(a, np.ndarray) for a in args):
            return at(*args)
        return np.frompyfunc(at, len(args), 1)(*args)

    return on_arrays


def plain(value: Any) -> arb:
    """A number as a ball; a float means the decimal that is written."""
    if isinstance(value, arb):
        return value
    number = value if isinstance(value, Fraction) else Fraction(repr(value))
    return arb(fmpq(number.numerator, number.denominator))


class Several:
    """A function of SciPy with several results: `special.sici(z)[0]`."""

    def __init__(self, name: str) -> None:
        self.rows = {row.part: row for row in SPECIAL if row.name == name}

    def __call__(self, *args: Any) -> Any:
        return Parts(self.rows, args)


class Parts:
    """The results, each computed when it is taken."""

    def __init__(self, rows: dict[int | str | None, Special], args: tuple[Any, ...]) -> None:
        self.rows, self.args = rows, args

    def __getitem__(self, part: int) -> Any:
        return entrywise(self.rows[part])(*self.args)

    @property
    def real(self) -> Any:
        return np.asarray(entrywise(self.rows["real"])(*self.args), dtype=object)


ON_BALLS: dict[str, Callable[..., Any]] = {
    row.name: entrywise(row) if row.part is None else Several(row.name) for row in SPECIAL
}
SPECIAL_ON_BALLS = SimpleNamespace(**ON_BALLS)
SCIPY_ON_BALLS = SimpleNamespace(special=SPECIAL_ON_BALLS)


def replace_special(names: dict[str, Any]) -> None:
    """Whatever a module took from scipy.special by its counterpart on balls."""
    scipy = sys.modules.get("scipy.special")
    if scipy is None:
        return
    for name, value in tuple(names.items()):
        if isinstance(value, ModuleType) and value.__name__ in ("scipy", "scipy.special"):
            names[name] = SCIPY_ON_BALLS if value.__name__ == "scipy" else SPECIAL_ON_BALLS
        elif isinstance(value, np.ufunc):
            own = getattr(scipy, value.__name__, None) is value
            names[name] = ON_BALLS.get(value.__name__, value) if own else value
