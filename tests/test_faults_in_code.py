"""Faults planted in generated text: each is caught, by the check and in the equation that are named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import pytest
from models import derivation

from codegen.render import render_module
from verify.agreement import check_code, make_cases
from verify.case import Case
from verify.certificate import Check
from verify.run import load

BALLS, FLOAT64, FLOAT32 = "code, 170 bits", "code, float64", "code, float32"
BP2 = "(delta[l + 1] @ w[l + 1]) * a[l] * (1 - a[l])"
BP4 = "dw[l] = delta[l].T @ a[l - 1] + lam * w[l]"
BP3 = "db[l] = delta[l].sum(axis=0)"
KL = "beta * (1 - rho) * a[2] * share_one_minus_a"
SHARE = "share_a = exp_log_a / exp_log_a.sum(axis=0)"


@dataclass(frozen=True)
class Fault:
    """`old` is replaced by `new`; `check` is what must catch it, in `equation`."""

    name: str
    old: str
    new: str
    equation: str
    check: str = BALLS
    model: str = "mlp"


FAULTS = (
    Fault("sign of BP1", "delta[L] = (a[L] - y)", "delta[L] = (y - a[L])", "d.w"),
    Fault("sign of decay", BP4, BP4.replace("+ lam", "- lam"), "d.w"),
    Fault("dropped decay", BP4, BP4.replace(" + lam * w[l]", ""), "d.w"),
    Fault("decay on the bias", BP3, BP3 + " + lam * parameters['b'][l]", "d.b"),
    Fault("decay not halved", "for l in range(2, L + 1)) / 2", "for l in range(2, L + 1))", "J"),
    Fault("transposed weight", BP2, BP2.replace("@ w[l + 1]", "@ w[l + 1].T"), "d.w"),
    Fault("transposed gradient", BP4, BP4.replace("delta[l].T @ a[l - 1]", "(a[l - 1].T @ delta[l])"), "d.w"),
    Fault("wrong layer of a weight", BP2, BP2.replace("w[l + 1]", "w[l]"), "d.w"),
    Fault("wrong layer of an activation", BP4, BP4.replace("a[l - 1]", "a[l]"), "d.w"),
    Fault("input at every layer", BP4, BP4.replace("a[l - 1]", "a[1]"), "d.w"),
    Fault("relative 1e-12", BP4, BP4.replace("lam * w", "1.000000000001 * lam * w"), "d.w"),
    Fault("relative 1e-15", BP3, BP3 + " * 1.000000000000001", "d.b"),
    Fault("one entry, relative 1e-9", BP3, BP3 + "; db[l][-1] = db[l][-1] * 1.000000001", "d.b"),
    Fault("missing 1/m", "(a[L] - y) / m", "(a[L] - y)", "d.w"),
    Fault("1/m twice", BP3, BP3.replace(".sum(", ".mean("), "d.b"),
    Fault("missing f'", " * a[L] * (1 - a[L])", "", "d.w"),
    Fault("f'(a) for f'(z)", " * a[L] * (1 - a[L])", " * sigmoid(a[L]) * (1 - sigmoid(a[L]))", "d.w"),
    Fault("half of the law", BP2, BP2.replace(" * (1 - a[l])", ""), "d.w"),
    Fault("loop ends early", "range(L - 1, 1, -1)", "range(L - 1, 2, -1)", "J", FLOAT64),
    Fault("loop upwards", "range(L - 1, 1, -1)", "range(2, L)", "J", FLOAT64),
    Fault("wrong axis", BP3, BP3.replace("axis=0", "axis=1"), "d.b"),
    Fault("factor 2 in the cost", ".sum(axis=1) / 2 ", ".sum(axis=1) ", "J"),
    Fault("targets of another sample", "delta[L] = (a[L] - y)", "delta[L] = (a[L] - y[::-1])", "d.w"),
    Fault("branches of the sigmoid exchanged", "np.where(z >= 0, 1, u)", "np.where(z >= 0, u, 1)", "J"),
    Fault(
        "stale activation",
        "J, a = _cost(parameters, x, y, lam)",
        "J, a = _cost(parameters, x, y, lam); a = {l: a[max(l - 1, 2)] if a[max(l - 1, 2)].shape == a[l].shape "
        "and l > 1 else a[l] for l in a}",
        "d.w",
    ),
    Fault(
        "wrong public cost",
        "J = _cost(parameters, x, y, lam)[0]",
        "J = _cost(parameters, x, y, lam)[0] * 1.0001",
        "J",
        "cost alone, float64",
    ),
    Fault("missing gradient", '{"w": dw, "b": db}', '{"w": dw}', "J", FLOAT64),
    Fault("weights updated before they are read", BP4, BP4 + "; w[l] -= w[l] / 1048576", "d.w", FLOAT64),
    Fault("rounded to float32", "a[l] = sigmoid(z)", "a[l] = sigmoid(z).astype(np.float32)", "d.w", FLOAT64),
    Fault("float64 in float32", BP3, BP3 + " * np.float64(1)", "d.b", FLOAT32),
    Fault("NaN", BP3, BP3 + " * float('nan')", "J", FLOAT64),  # it raises
    Fault(
        "diagonal softmax",
        "((a[L] - y) * a[L]).sum(axis=1, keepdims=True)",
        "(a[L] - y) * a[L]",
        "d.w",
        model="softmax_squared_error",
    ),
    Fault(
        "softmax over samples",
        "delta[L] = a[L] * (a[L] - y - ((a[L] - y) * a[L]).sum(axis=1",
        "delta[L] = a[L] * (a[L] - y - ((a[L] - y) * a[L]).sum(axis=0",
        "d.w",
        model="softmax_squared_error",
    ),
    Fault("softmax without its shift back", "z_max + np.log(", "np.log(", "J", model="softmax_classifier"),
    Fault(
        "precedence",
        "(delta[l + 1] @ w[l + 1]) * (1 - a[l]**2)",
        "(1 - a[l]**2) * delta[l + 1] @ w[l + 1]",
        "d.w",
        model="softmax_classifier",
    ),
    Fault("sign of KL", f"+ {KL}", f"- {KL}", "d.w", model="sparse_autoencoder"),
    Fault("KL without 1/m", KL, f"m * {KL}", "d.w", model="sparse_autoencoder"),
    Fault("KL before f'", KL, f"{KL} * (1 - a[2])", "d.w", model="sparse_autoencoder"),
    Fault(
        "share of the units", SHARE, SHARE.replace("axis=0", "axis=1, keepdims=True"), "d.w", model="sparse_autoencoder"
    ),
    Fault("inputs not as targets", "(a[L] - x) / m", "(a[L] - a[2].mean()) / m", "d.w", model="sparse_autoencoder"),
)


@cache
def text_of(name: str) -> str:
    return render_module(derivation(name), source=f"{name}.py", digest="0")


def planted(text: str, fault: Fault) -> str:
    """The text with the fault in it, however its lines are broken."""
    pattern = re.escape(fault.old).replace(r"\ ", r"\s+")
    wrong, count = re.subn(pattern, lambda _: fault.new, text)
    assert count, "the generated text has changed: plant the fault elsewhere"
    return wrong


@cache
def cases_of(name: str) -> tuple[Case, ...]:
    return make_cases(derivation(name))


def failed(text: str, name: str) -> list[Check]:
    return [c for c in check_code(derivation(name), load(text, name), cases_of(name)) if not c.good]


@pytest.mark.parametrize("name", sorted({f.model for f in FAULTS}))
def test_the_right_code_passes(name):
    assert not failed(text_of(name), name)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_wrong_code_is_caught(fault):
    caught = {(c.check, c.equation) for c in failed(planted(text_of(fault.model), fault), fault.model)}
    assert (fault.check, fault.equation) in caught, sorted(caught)
