"""Recurrence in time with symbolic T: a closed backward recurrence, a loop in the code, the same module at any T."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from codegen.render import render_module
from derive import Derivation, derive
from derive.values.text import render_expr
from verify.agreement import check_code
from verify.case import make_case
from verify.judge import check_derivation
from verify.run import load
from verify.sizes import Sizes, plan

GALLERY = Path(__file__).parent.parent / "examples" / "models"


@cache
def made(name: str) -> tuple[Derivation, str, ModuleType]:
    derivation = derive(runpy.run_path(str(GALLERY / f"{name}.py"))["model"])
    text = render_module(derivation, source=f"{name}.py", digest="0")
    return derivation, text, load(text, name)


def at(derivation: Derivation, T: int) -> Sizes:
    """The smallest sizes of the plan with T steps."""
    first = plan(derivation.system)[0]
    numbers = tuple((name, T if name == "T" else 2) for name, _ in first.numbers)
    return Sizes(first.equal, numbers, first.kind, first.widest, first.seed)


def test_the_adjoint_is_a_closed_backward_recurrence() -> None:
    derivation, text, _ = made("recurrent_network")
    by_region = {a.id: render_expr(a.value) for a in derivation.adjoints if a.of == "h"}
    assert len(by_region) == 2
    assert sum("d.h[t + 1, " in value for value in by_region.values()) == 1
    assert "for t in range(T - 1, 0, -1):" in text


@pytest.mark.parametrize(
    ("name", "T"), [*((name, T) for name in ("recurrent_network", "garch") for T in (1, 2, 50)), ("gru", 50)]
)
def test_one_module_agrees_at_any_number_of_steps(name: str, T: int) -> None:
    derivation, _, module = made(name)
    case = make_case(derivation, at(derivation, T), 0)
    checks = [*check_derivation(case), *check_code(derivation, module, (case,))]
    assert {"code, 170 bits", "code, float64", "differences"} <= {c.check for c in checks}
    assert all(c.good for c in checks), "\n".join(str(c) for c in checks if not c.good)
    assert not any(c.grade == "black box" for c in checks)


def test_a_step_that_is_left_out_is_seen() -> None:
    derivation, text, _ = made("recurrent_network")
    short = text.replace("for t in range(T - 1, 0, -1):", "for t in range(T - 1, 1, -1):")
    assert short != text
    case = make_case(derivation, at(derivation, 3), 0)
    assert not all(c.good for c in check_code(derivation, load(short, "short"), (case,)))
