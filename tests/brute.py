"""A derivation judged by brute force, and its code by balls.

The brute force evaluates the unrolled objective in 120 digits and moves one entry at a time by 1e-40; it knows no rule
of differentiation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from types import ModuleType
from typing import Any

import mpmath
import sympy
from oracle import Entry, Oracle

from derive import Derivation, System
from derive.values import binders, nodes
from derive.values.affine import Affine
from verify.agreement import agree, check_code
from verify.case import make_case, resting_cases
from verify.instance import Instance
from verify.numbers import Undecided
from verify.sizes import Sizes, plan

STEP, DIGITS = mpmath.mpf(10) ** -40, 120
ENTRIES = 10


class Brute(Oracle):
    """The objective as a number; what `stop` holds keeps the value of the first evaluation."""

    def __init__(self, drawn: Instance) -> None:
        super().__init__(drawn.system, drawn.sizes.size, drawn.sizes.width)
        self.values = {e: mpmath.mpf(v.numerator) / v.denominator for e, v in drawn.entries.items()}
        self.held: dict[Any, Any] = {}
        self.moved: dict[Entry, Any] = {}

    def at(self, moved: Mapping[Entry, Any]) -> Any:
        """J with some entries moved."""
        self.moved, self.done = dict(moved), {}
        return self.objective()

    def slope(self, entry: Entry) -> Any:
        """dJ/d(entry), or None at a kink."""
        here = self.at({})
        after, before = (self.at({entry: self.values[entry] + h}) for h in (STEP, -STEP))
        kink = abs((after - here) - (here - before)) > STEP * mpmath.mpf(10) ** -20
        return None if kink else (after - before) / (2 * STEP)

    def entry(self, tensor: str, at: tuple[int, ...]) -> Any:
        if self.system.tensor(tensor).role == "variable":
            return super().entry(tensor, at)
        return self.moved.get((tensor, at), self.values[tensor, at])

    def integer(self, affine: Affine, env: Mapping[str, int]) -> int:
        chosen = [(atom, count) for atom, count in affine.terms if isinstance(atom, nodes.Expr)]
        places = sum(count * int(self.expr(atom, env)) for atom, count in chosen)
        rest = Affine(tuple(t for t in affine.terms if t not in chosen), affine.constant)
        return places + super().integer(rest, env)

    def expr(self, e: nodes.Expr, env: Mapping[str, int]) -> Any:
        if isinstance(e, nodes.Number):
            return mpmath.mpf(e.value.numerator) / e.value.denominator
        if isinstance(e, nodes.Add):
            return mpmath.fsum(self.expr(t, env) for t in e.terms)
        if isinstance(e, nodes.Mul):
            return mpmath.fprod(self.expr(f, env) for f in e.factors)
        if isinstance(e, binders.Sum):
            return mpmath.fsum(self.expr(e.body, inner) for inner in self.inner(e.bounds, env))
        if isinstance(e, binders.Product):
            return mpmath.fprod(self.expr(e.body, inner) for inner in self.inner(e.bounds, env))
        if isinstance(e, binders.Extreme):
            return (max if e.op == "max" else min)(self.expr(e.body, inner) for inner in self.inner(e.bounds, env))
        if isinstance(e, nodes.Choice):
            met = (v for c, v in e.branches if COMPARE[c.op](self.expr(c.left, env), self.expr(c.right, env)))
            return self.expr(next(met, e.otherwise), env)
        if isinstance(e, nodes.Call):
            args = [self.expr(a, env) for a in e.args]
            if e.function == nodes.STOP:
                return self.held.setdefault((e.key, tuple(sorted(env.items()))), args[0])
            return number_function(self.system, e.function, len(args))(*args)
        found = super().expr(e, env)
        return mpmath.mpf(int(found)) if isinstance(found, sympy.Integer) else found


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@cache
def number_function(system: System, name: str, count: int) -> Callable[..., Any]:
    """A function of a model on numbers of many digits."""
    function = system.function(name, count)
    return sympy.lambdify(function.arguments, function.formula, "mpmath")


def against_brute_force(derivation: Derivation) -> Iterator[str]:
    """The first entry of the derived gradient that is not the slope of the objective, at each of some sizes."""
    for sizes in tiny(derivation.system):
        case = make_case(derivation, sizes, 0)
        with mpmath.workdps(DIGITS):
            brute = Brute(case.instance)
            for entry in chosen(sorted(e for e in case.symbolic if e[0] != "J")):
                slope, ball = brute.slope(entry), case.symbolic[entry]
                if slope is not None and not close(ball, slope):
                    yield f"d.{entry[0]}{list(entry[1])} at {sizes}: {ball.str(15)}, not {mpmath.nstr(slope, 15)}"
                    break


def tiny(system: System) -> list[Sizes]:
    """The two smallest sizes of the plan that are not 1 everywhere."""
    return sorted((s for s in plan(system) if s.kind != "one"), key=lambda s: sum(n for _, n in s.numbers))[:2]


def chosen(entries: list[Entry]) -> list[Entry]:
    """At most ENTRIES of them, every tensor among them."""
    first = list({entry[0]: entry for entry in reversed(entries)}.values())
    rest = [e for e in entries if e not in first]
    return [*first, *Random(0).sample(rest, min(len(rest), max(0, ENTRIES - len(first))))]


def close(ball: Any, value: Any) -> bool:
    """Is the middle of the ball the value, to 25 digits?"""
    middle = mpmath.mpf(ball.mid().str(60, radius=False))
    return bool(abs(middle - value) <= mpmath.mpf(10) ** -25 * max(1, abs(value)))


def against_balls(derivation: Derivation, module: ModuleType, everything: bool) -> list[str]:
    """The checks of generated code that fail, one of each kind; a gradient that is 0 everywhere is none."""
    if everything:
        failures = agree(derivation.system, derivation, module).failures
    else:
        case, *others = (make_case(derivation, sizes, 0) for sizes in quick(derivation.system))
        cases = (case, *others, *resting_cases(derivation, case))
        failures = tuple(c for c in check_code(derivation, module, cases) if not c.good)
    found = {
        re.sub(r"[\d.]+", "", str(getattr(f, "check", f"step {f}"))): f for f in failures if f.grade != "not visited"
    }
    if any("undecided" in str(f) for f in found.values()):
        raise Undecided("; ".join(map(str, found.values())))
    return [str(f) for f in found.values()]


def quick(system: System) -> tuple[Sizes, ...]:
    """The smallest sizes, random ones, and 1 everywhere."""
    ones = [s for s in plan(system) if s.kind == "one"]
    return (*tiny(system)[:1], *ones[:1])
