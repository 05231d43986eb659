"""What becomes of a random model: refused, or its code judged by numbers of many digits."""

from __future__ import annotations

import re
import runpy
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, ClassVar

import mpmath
from text_code import call_code
from text_layout import Layout
from text_model import read_text
from text_value import PLAIN, Entry, Reading

from codegen.render import render_module
from derive import Derivation, ModelError, derive
from verify.run import load

DIGITS, STEP = 60, mpmath.mpf(10) ** -25
TOLERANCE = 1e-9
POINTS = 3
TIE = 1e-9  # numbers this near to each other may be ordered otherwise by floats


@dataclass(frozen=True)
class Outcome:
    """RIGHT, REFUSED, UNDECIDED (a tie everywhere), WRONG or CRASH, and why."""

    kind: str
    why: str = ""


def made(path: Path) -> tuple[Outcome, tuple[Derivation, ModuleType] | None]:
    """The derivation and the generated module of a model file, or what is the matter."""
    try:
        derivation = derive(runpy.run_path(str(path))["model"])
        text = render_module(derivation, source=path.name, digest="0")
        return Outcome("RIGHT"), (derivation, load(text, derivation.system.name))
    except ModelError as error:
        return Outcome("REFUSED", str(error)), None
    except Exception as error:
        return Outcome("CRASH", tail(error)), None


def tail(error: Exception) -> str:
    """The error and the innermost frames."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return f"{error!r:.200} at " + "; ".join(f"{Path(f.filename).name}:{f.lineno}" for f in frames)


def kind_of_reason(why: str) -> str:
    """A refusal without the names of the model."""
    line = next((x.strip() for x in why.splitlines() if x.startswith("  ") and "fix:" not in x), why.splitlines()[0])
    return re.sub(r"\b[a-zA-Z]\d?\b(\[[^\]]*\])?|\d+", "_", line)


class Many:
    """Numbers of many digits; what `stop` holds keeps its first value."""

    plain: ClassVar = {name: getattr(mpmath, name) for name in (*PLAIN, "loggamma")}

    def __init__(self) -> None:
        self.held: dict[Any, Any] = {}

    def number(self, value: int) -> Any:
        return mpmath.mpf(value)

    def stop(self, value: Any, key: Any) -> Any:
        return value if key is None else self.held.setdefault(key, value)

    def size(self, value: Any) -> float:
        return float(abs(value))


@dataclass(frozen=True)
class Slope:
    """The cost and its slope in a direction; None at a kink. `nearest` is how near two numbers compared were."""

    cost: Any
    slope: Any
    nearest: float


def slope_along(layout: Layout, entries: Mapping[Entry, Fraction], direction: Mapping[Entry, float]) -> Slope:
    """(J(h) - J(-h)) / 2h, h = 1e-25 in 60 digits"""
    numbers = Many()

    def at(h: Any) -> Reading:
        values = {e: mpmath.mpf(v.numerator) / v.denominator + h * direction.get(e, 0.0) for e, v in entries.items()}
        return Reading(layout, values, numbers)

    with mpmath.workdps(DIGITS):
        reading = at(0)
        here, after, before = reading.objective(), at(STEP).objective(), at(-STEP).objective()
        kink = abs((after - here) - (here - before)) > STEP * mpmath.mpf(10) ** -12 * max(1, abs(here))
        return Slope(here, None if kink else (after - before) / (2 * STEP), reading.nearest)


def against_text(text: str, derivation: Derivation, module: ModuleType, seed: int) -> Outcome:
    """The code's cost, and its gradient along a random direction, against the text of the model at random entries."""
    why = ""
    for number in range(POINTS):
        layout = Layout(read_text(text), POINTS * seed + number)
        entries, direction = drawn(layout)
        true = slope_along(layout, entries, direction)
        if true.slope is None:
            why = why or f"a kink at {layout.sizes}"
            continue
        found = call_code(derivation.system, module, layout, {e: float(v) for e, v in entries.items()})
        if set(direction) != set(found) - {("J", ())}:
            return Outcome("WRONG", f"entries {sorted(set(direction) ^ set(found))} at {layout.sizes}")
        parts = [found[e] * u for e, u in direction.items()]
        wrong = abs(sum(parts) - true.slope) > TOLERANCE * max(sum(map(abs, parts)), abs(true.slope), 1e-6)
        if not wrong and abs(found["J", ()] - true.cost) <= TOLERANCE * max(1, abs(true.cost)):
            return Outcome("RIGHT")
        values = f"J = {found['J', ()]!r}, slope {sum(parts)!r}; they are {float(true.cost)!r}, {float(true.slope)!r}"
        if true.nearest > TIE:
            return Outcome("WRONG", f"{values} at {layout.sizes}")
        why = f"near a tie, {values}"
    return Outcome("UNDECIDED", why)


def drawn(layout: Layout) -> tuple[dict[Entry, Fraction], dict[Entry, float]]:
    """Random entries that floats hold exactly, and a direction in the parameters in which none stands still."""
    entries: dict[Entry, Fraction] = {}
    direction: dict[Entry, float] = {}
    for name, declared in layout.text.given.items():
        for at in layout.places(name) if declared.role != "integers" else ():
            dice = Random(f"{layout.seed} {name} {at}")
            value = Fraction(dice.randint(60, 1000), 1024)
            entries[name, at] = value if declared.role == "hyper" else value * dice.choice((-1, 1))
            if declared.role == "parameters":
                direction[name, at] = dice.uniform(0.5, 1.0) * dice.choice((-1, 1))
    return entries, direction
