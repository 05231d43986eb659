"""Any equation is right or refused with a reason: random models of the grammar, against brute force.

The brute force evaluates the unrolled objective in 120 digits and moves one entry at a time by 1e-40; it knows no rule
of differentiation. The number of models is RANDOM_MODELS, the first seed RANDOM_SEED.
"""

from __future__ import annotations

import os
import re
import runpy
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import mpmath
import pytest
import sympy
from grammar import model_text
from models import derivation as model_derivation
from models import system
from oracle import Entry, Oracle

from codegen.render import render_module
from derive import Derivation, ModelError, System, derive
from derive import expression as node
from derive.affine import Affine
from verify.agreement import agree, check_code
from verify.case import make_case, resting_cases
from verify.instance import Instance
from verify.numbers import Undecided
from verify.run import load
from verify.sizes import Sizes, plan

MODELS, FIRST = int(os.environ.get("RANDOM_MODELS", "60")), int(os.environ.get("RANDOM_SEED", "0"))
THOROUGH = "RANDOM_THOROUGH" in os.environ
GROUPS = 6
STEP, DIGITS = mpmath.mpf(10) ** -40, 120
ENTRIES = 10
GOOD = ("RIGHT", "REFUSED", "UNDECIDED")
OPEN = {  # seeds that are not good yet; one that has become good is named in the output
    23: "a Piecewise in the condition of a Piecewise",
}
UNDECIDABLE = 0.2  # of a group at most: values that are equal for all entries have no larger one


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
        chosen = [(atom, count) for atom, count in affine.terms if isinstance(atom, node.Expr)]
        places = sum(count * int(self.expr(atom, env)) for atom, count in chosen)
        rest = Affine(tuple(t for t in affine.terms if t not in chosen), affine.constant)
        return places + super().integer(rest, env)

    def expr(self, e: node.Expr, env: Mapping[str, int]) -> Any:
        if isinstance(e, node.Number):
            return mpmath.mpf(e.value.numerator) / e.value.denominator
        if isinstance(e, node.Add):
            return mpmath.fsum(self.expr(t, env) for t in e.terms)
        if isinstance(e, node.Mul):
            return mpmath.fprod(self.expr(f, env) for f in e.factors)
        if isinstance(e, node.Sum):
            return mpmath.fsum(self.expr(e.body, inner) for inner in self.inner(e.bounds, env))
        if isinstance(e, node.Extreme):
            return (max if e.op == "max" else min)(self.expr(e.body, inner) for inner in self.inner(e.bounds, env))
        if isinstance(e, node.Choice):
            met = (v for c, v in e.branches if COMPARE[c.op](self.expr(c.left, env), self.expr(c.right, env)))
            return self.expr(next(met, e.otherwise), env)
        if isinstance(e, node.Call):
            args = [self.expr(a, env) for a in e.args]
            if e.function == node.STOP:
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
    return sympy.lambdify(function.arguments, function.formula, "mpmath")  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Outcome:
    """What became of a model: RIGHT, REFUSED, UNDECIDED (a tie everywhere), WRONG or CRASH, and why."""

    kind: str
    why: str = ""


def outcome(path: Path) -> Outcome:
    """The whole road of a model file."""
    try:
        model = runpy.run_path(str(path))["model"]
        derivation = derive(model)
        text = render_module(derivation, source=path.name, digest="0")
    except ModelError as error:
        return Outcome("REFUSED", str(error))
    except Exception as error:
        return Outcome("CRASH", tail(error))
    try:
        wrong = [*against_brute_force(derivation), *against_code(derivation, text)]
    except Undecided as error:
        return Outcome("UNDECIDED", str(error))
    except Exception as error:
        return Outcome("CRASH", f"verification: {tail(error)}")
    return Outcome("WRONG", "; ".join(wrong)) if wrong else Outcome("RIGHT")


def tail(error: Exception) -> str:
    """The error and the innermost frames."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return f"{error!r:.200} at " + "; ".join(f"{Path(f.filename).name}:{f.lineno}" for f in frames)


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


def against_code(derivation: Derivation, text: str) -> list[str]:
    """The checks of generated code that fail, one of each kind; a gradient that is 0 everywhere is none."""
    module = load(text, derivation.system.name)
    if THOROUGH:
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


def written(seed: int, folder: Path) -> Path:
    """The model file of a seed."""
    path = folder / f"random_{seed}.py"
    path.write_text(model_text(seed))
    return path


def kind_of_reason(why: str) -> str:
    """A refusal without the names of the model."""
    line = next((x.strip() for x in why.splitlines() if x.startswith("  ") and "fix:" not in x), why.splitlines()[0])
    return re.sub(r"\b[a-zA-Z]\b(\[[^\]]*\])?|\d+", "_", line)


def report(results: Mapping[int, Outcome]) -> str:
    """How many of each kind, and why models were refused."""
    counts = Counter(o.kind for o in results.values())
    reasons = Counter(kind_of_reason(o.why) for o in results.values() if o.kind == "REFUSED")
    closed = [s for s in results if s in OPEN and results[s].kind in GOOD[:2]]
    lines = [", ".join(f"{n} {kind}" for kind, n in sorted(counts.items()))]
    lines += [f"  refused {n}: {why}" for why, n in reasons.most_common()]
    lines += [f"  no longer wrong, take them out of OPEN: {closed}"] if closed else []
    return "\n".join(lines)


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_models_are_right_or_refused(group: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seeds = range(FIRST + group, FIRST + MODELS, GROUPS)
    results = {seed: outcome(written(seed, tmp_path)) for seed in seeds}
    with capsys.disabled():
        print(f"\nrandom models, group {group}: {report(results)}", file=sys.stderr)
    bad = {s: o for s, o in results.items() if o.kind not in GOOD and s not in OPEN}
    assert not bad, "\n".join(f"{s}: {o.kind} {o.why}\n{model_text(s)}" for s, o in bad.items())
    counts = Counter(o.kind for o in results.values())
    assert 2 * counts["RIGHT"] >= len(results) and counts["UNDECIDED"] <= UNDECIDABLE * len(results)


CONSTRUCTS = (
    *("softmax(", "stop(", "Piecewise(", "huber(", "exp(", "log(", "tanh(", "sin(", "sqrt(", "Abs(", "log(Sum(exp("),
    *(r"Max\(0, ", r"Max\([^0].*, \w\)", r"Min\(.*, \w\)", r"\*\*3", r"\*\*tanh", r"\) / \(", "elu", "softplus"),
    *("model.integers", "model.hyper", "model.width", "model.over", "model.assume", r"parameters\(\w=\(\)\)"),
    *(r"parameters\(\w=\(\w,\)\)", r"parameters\(\w=\(\w, \w\)\)", r"parameters\(\w=\(\w, \w, \w\)\)"),
    *(r"\[\w, \w\].*\[(\w), \1\]", r"\[\w \+ 1 - \w\]", r"\[\w \+ \w - 1", r"\[2\*\w\]", r"\w - 2[,\]]", r"\w\[0, "),
    *(r"\[\w, \w, 0\]", r"\w\[\w\[\w\], \w\]", r"\[\(\)\] = ", r"\(\w, 1, \w\)", r"Sum\(.*, \w, \w\)", r" / \w$"),
)


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_the_grammar_draws_every_construct(construct: str) -> None:
    pattern = re.compile(construct if "\\" in construct else re.escape(construct), re.MULTILINE)
    assert any(pattern.search(model_text(seed)) for seed in range(400))


def test_a_seed_is_a_model() -> None:
    texts = [model_text(seed) for seed in range(50)]
    assert texts == [model_text(seed) for seed in range(50)]
    assert len(set(texts)) == 50


@pytest.mark.parametrize("name", ["mlp", "tied", "made_up"])
def test_brute_force_is_the_derivative_that_sympy_finds(name: str) -> None:
    found = system(name)
    case = make_case(model_derivation(name), tiny(found)[0], 0)
    cost, gradient = Oracle(found, case.instance.sizes.size, case.instance.sizes.width).gradient(case.instance.entries)
    with mpmath.workdps(DIGITS):
        brute = Brute(case.instance)
        assert abs(brute.at({}) - cost) < mpmath.mpf(10) ** -45
        assert all(abs(brute.slope(e) - gradient[e]) < mpmath.mpf(10) ** -45 for e in list(gradient)[:6])


def test_a_wrong_derivation_is_seen(tmp_path: Path) -> None:
    made = model_derivation("mlp")
    assert not list(against_brute_force(made))
    doubled = tuple(replace(a, value=node.mul(node.number(2), a.value)) if a.of == "b" else a for a in made.adjoints)
    assert list(against_brute_force(replace(made, adjoints=doubled)))
