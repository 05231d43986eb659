"""Any equation is right or refused with a reason: random models of the grammar.

The code of every model is judged by the text of the model, evaluated term by term in many digits; that of every tenth
by brute force, by balls, and by the steps of its derivation too. The number of models is RANDOM_MODELS, the first seed
RANDOM_SEED. `tests/random_run.py` does the same for thousands of models with torch.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
from brute import DIGITS, Brute, against_balls, against_brute_force, tiny
from grammar import model_text
from models import derivation as model_derivation
from models import system
from oracle import Oracle
from random_outcome import Outcome, against_text, kind_of_reason, made, tail

from derive.values import nodes
from verify.case import make_case
from verify.numbers import Undecided

MODELS, FIRST = int(os.environ.get("RANDOM_MODELS", "500")), int(os.environ.get("RANDOM_SEED", "0"))
EVERY = int(os.environ.get("RANDOM_EVERY", "10"))  # one in so many is judged by everything
THOROUGH = "RANDOM_THOROUGH" in os.environ
GROUPS = 10
GOOD = ("RIGHT", "REFUSED", "UNDECIDED")
UNDECIDABLE = 0.02  # of a group at most: values that are equal for all entries have no larger one


def outcome(seed: int, path: Path) -> Outcome:
    """The whole road of the model of a seed."""
    path.write_text(model_text(seed))
    first, found = made(path)
    if found is None:
        return first
    derivation, module = found
    try:
        judged = against_text(path.read_text(), derivation, module, seed)
        if judged.kind != "RIGHT" or seed // GROUPS % EVERY:
            return judged
        wrong = [*against_brute_force(derivation), *against_balls(derivation, module, THOROUGH)]
    except Undecided as error:
        return Outcome("UNDECIDED", str(error))
    except Exception as error:
        return Outcome("CRASH", f"verification: {tail(error)}")
    return Outcome("WRONG", "; ".join(wrong)) if wrong else Outcome("RIGHT")


def report(results: Mapping[int, Outcome]) -> str:
    """How many of each kind, and why models were refused."""
    counts = Counter(o.kind for o in results.values())
    reasons = Counter(kind_of_reason(o.why) for o in results.values() if o.kind == "REFUSED")
    lines = [", ".join(f"{n} {kind}" for kind, n in sorted(counts.items()))]
    lines += [f"  refused {n}: {why}" for why, n in reasons.most_common()]
    lines += [f"  {seed} undecided: {o.why}" for seed, o in results.items() if o.kind == "UNDECIDED"]
    return "\n".join(lines)


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_models_are_right_or_refused(group: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seeds = range(FIRST + group, FIRST + MODELS, GROUPS)
    results = {seed: outcome(seed, tmp_path / f"random_{seed}.py") for seed in seeds}
    with capsys.disabled():
        print(f"\nrandom models, group {group}: {report(results)}", file=sys.stderr)
    bad = {s: o for s, o in results.items() if o.kind not in GOOD}
    assert not bad, "\n".join(f"{s}: {o.kind} {o.why}\n{model_text(s)}" for s, o in bad.items())
    counts = Counter(o.kind for o in results.values())
    assert 2 * counts["RIGHT"] >= len(results) and counts["UNDECIDED"] <= max(1, UNDECIDABLE * len(results))


CONSTRUCTS = (
    *("softmax(", "stop(", "Piecewise(", "huber(", "exp(", "log(", "tanh(", "sin(", "sqrt(", "Abs(", "log(Sum(exp("),
    *(
        r"Max\(0, ",
        r"Max\([^0].*, \w\)",
        r"Min\(.*, \w\)",
        r"\*\*3",
        r"\*\*tanh",
        r"\) / \(",
        "elu",
        "softplus",
        "erf(",
        "gelu(",
        "mish(",
        "asinh(",
        "cosh(",
        "loggamma(",
    ),
    *("model.integers", "model.hyper", "model.width", "model.over", "model.assume", r"parameters\(\w=\(\)\)"),
    *(r"parameters\(\w=\(\w,\)\)", r"parameters\(\w=\(\w, \w\)\)", r"parameters\(\w=\(\w, \w, \w\)\)"),
    *(r"\[\w, \w\].*\[(\w), \1\]", r"\[\w \+ 1 - \w\]", r"\[\w \+ \w - 1", r"\[2\*\w\]", r"\w - 2[,\]]", r"\w\[0, "),
    *(r"\[\w, \w, 0\]", r"\w\[\w\[\w\], \w\]", r"\[\(\)\] = ", r"\(\w, 1, \w\)", r"Sum\(.*, \w, \w\)", r" / \w$"),
    *(r"Eq\(", r" / sqrt\(\w\)$", r"\(\w, 1, (\w)\)\) / Sum\(.*, \(\w, 1, \1\)\)", r"Sum\(.*\(\w, (\w), \w\)\) \+ "),
    *(r"2\*\w \+ \w - 2", r"3\*\w", r"2\*\w - \w \+ \w", r"elu\(.*, \w\)", r"Piecewise\(\(1, \w\[\w\] > \w\[\w\]\)"),
    *(r"parameters\(\w=\(\w, \w, \w, \w\)\)", r"\(\w\[.*\]\) \* \(\w\[.*\]\) \* \(", r"Piecewise\(\(1, \w [<>]=? \w\)"),
)


@cache
def texts() -> tuple[str, ...]:
    return tuple(map(model_text, range(600)))


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_the_grammar_draws_every_construct(construct: str) -> None:
    pattern = re.compile(construct if "\\" in construct else re.escape(construct), re.MULTILINE)
    assert any(map(pattern.search, texts()))


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


@pytest.mark.parametrize(("cost", "gradient"), [(1.0, 1.0), (1 + 1e-7, 1.0), (1.0, 1 + 1e-6), (1.0, -1.0)])
def test_wrong_code_is_seen(cost: float, gradient: float, tmp_path: Path) -> None:
    path = tmp_path / "random_0.py"
    path.write_text(model_text(0))
    _, found = made(path)
    assert found
    derivation, right = found
    wrong = ModuleType("wrong")

    def cost_and_gradient(*args: Any, **given: Any) -> Any:
        J, slopes = right.cost_and_gradient(*args, **given)
        name = max(slopes, key=lambda n: np.abs(slopes[n]).max())
        return cost * J, {**slopes, name: gradient * slopes[name]}

    wrong.cost_and_gradient = cost_and_gradient
    judged = against_text(path.read_text(), derivation, wrong, 0)
    assert judged.kind == ("RIGHT" if cost == gradient == 1 else "WRONG")


def test_a_wrong_derivation_is_seen(tmp_path: Path) -> None:
    made = model_derivation("mlp")
    assert not list(against_brute_force(made))
    doubled = tuple(replace(a, value=nodes.mul(nodes.number(2), a.value)) if a.of == "b" else a for a in made.adjoints)
    assert list(against_brute_force(replace(made, adjoints=doubled)))


@pytest.mark.parametrize("seed", [1522, 5917])
def test_functions_that_were_composed_may_stand_in_others(seed: int, tmp_path: Path) -> None:
    path = tmp_path / f"random_{seed}.py"
    path.write_text(model_text(seed))
    found = outcome(seed, path)
    assert found.kind == "RIGHT", found.why
