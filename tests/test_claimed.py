"""Formulas that a model claims for derivatives: proved, refuted with a place and a term, or undecided."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from derive import Model, ModelError, derive
from verify.claims import check_claims
from verify.evidence import Judged

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "derive" / "models"
PLAIN = """
from sympy import Abs, Eq, KroneckerDelta, Piecewise, exp, log, sqrt
from derive import Max, Model, Sum, d, function
from derive.library import sigmoid, softmax

with Model("plain") as model:
    m, n = model.sizes("m n")
    i, j, k, l = model.indices("i j k l")
    x, y = model.data(x=(m, n), y=(m, n))
    label = model.integers(label=(m,), over=(1, n))
    w = model.parameters(w=(n, n))
    lam = model.hyper("lam")
    z, a, v = model.variables("z a v")
    z[i, j] = Sum(w[j, k] * x[i, k], k)
    a[i, j] = softmax(z[i, j], j)
    model.minimise(-Sum(y[i, j] * log(a[i, j]), i, j) / m + lam / 2 * Sum(w[j, k] ** 2, j, k))
"""


def extended(text: str, *claims: str) -> str:
    """A model file with more lines in its block."""
    return text + "".join(f"    {line}\n" for claim in claims for line in claim.split("\n"))


def shipped(name: str) -> str:
    return (MODELS / f"{name}.py").read_text()


def made(tmp_path: Path, text: str) -> Model:
    file = tmp_path / "claimed.py"
    file.write_text(text)
    model = runpy.run_path(str(file))["model"]
    assert isinstance(model, Model)
    return model


def judged(tmp_path: Path, text: str, *claims: str) -> tuple[Judged, ...]:
    return check_claims(derive(made(tmp_path, extended(text, *claims))))


def one(tmp_path: Path, text: str, claim: str) -> Judged:
    (found,) = judged(tmp_path, text, claim)
    return found


BP1 = "model.claim(d(z)[L, i, j], (a[L, i, j] - y[i, j]) / m * sigmoid.prime(z[L, i, j]))"
BP2 = (
    "with model.over(l, 2, L - 1):\n"
    "    model.claim(d(z)[l, i, k], Sum(w[l + 1, j, k] * d(z)[l + 1, i, j], j) * sigmoid.prime(z[l, i, k]))"
)
BP3 = "model.claim(d(b)[l, j], Sum(d(z)[l, i, j], i))"
BP4 = "model.claim(d(w)[l, j, k], Sum(a[l - 1, i, k] * d(z)[l, i, j], i) + lam * w[l, j, k])"
RIGHT = (BP1, BP2, BP3, BP4)


def test_the_four_equations_hold(tmp_path: Path) -> None:
    assert all(c.good for c in judged(tmp_path, shipped("mlp"), *RIGHT))


def test_claims_of_one_sample_hold(tmp_path: Path) -> None:
    """The textbook's own form: C of one sample, whose delta is d(C[i], z[l, i, j])."""
    found = judged(
        tmp_path,
        shipped("mlp"),
        "model.claim(d(C[i], z[L, i, j]), (a[L, i, j] - y[i, j]) * sigmoid.prime(z[L, i, j]))",
        "model.claim(d(C[i], b[l, j]), d(C[i], z[l, i, j]))",
        "model.claim(d(C[i], w[l, j, k]), a[l - 1, i, k] * d(C[i], z[l, i, j]))",
    )
    assert [c.good for c in found] == [True] * 3


def test_whole_arrays_may_be_claimed(tmp_path: Path) -> None:
    line = "model.claim(d(w)[l, :, :], d(z)[l, :, :].T @ a[l - 1, :, :] + lam * w[l, :, :])"
    found = one(tmp_path, shipped("mlp"), line)
    assert found.good
    assert found.claim.startswith("d.w[l, j, k] = Sum(d.z[l, i, j]*a[l - 1, i, k], i)")


def test_a_transposed_weight_is_refuted(tmp_path: Path) -> None:
    line = BP2.replace("w[l + 1, j, k] * d(z)[l + 1, i, j], j", "w[l + 1, k, j] * d(z)[l + 1, i, j], j")
    text = shipped("mlp").replace('n = model.width("n")', "n = lambda q: p\n    p = model.sizes('p')")
    found = one(tmp_path, text, line)
    assert found.grade == "refuted"
    assert found.where.startswith("d.z[2, 1, 1] with m=")
    assert found.derived != found.claimed


def test_a_transposed_weight_of_layers_that_differ_is_no_claim(tmp_path: Path) -> None:
    line = BP2.replace("w[l + 1, j, k] * d(z)[l + 1, i, j], j", "w[l + 1, k, j] * d(z)[l + 1, i, j], j")
    with pytest.raises(ModelError, match=r"index . has two ranges"):
        made(tmp_path, extended(shipped("mlp"), line))


def test_a_claim_about_other_places_than_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is read at 3..L \+ 1, but (w|d.z) has 2..L there"):
        made(tmp_path, extended(shipped("mlp"), BP2.partition("\n    ")[2]))


# terms


def test_a_missing_decay_is_refuted_and_named(tmp_path: Path) -> None:
    found = one(tmp_path, shipped("mlp"), BP4.replace(" + lam * w[l, j, k]", ""))
    assert (found.grade, found.why) == ("refuted", "the term lam*w[l, j, k] is missing")
    assert found.where.startswith("d.w[2, 1, 1] with m=")
    assert found.line == len(shipped("mlp").splitlines()) + 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (BP1.replace(" / m", ""), "it is m times the derivative"),
        (BP1.replace("a[L, i, j] - y[i, j]", "y[i, j] - a[L, i, j]"), "it is -1 times the derivative"),
        (
            BP1.replace("sigmoid.prime", "sigmoid"),
            "the term -(a[L, i, j] - y[i, j])*a[L, i, j]*a[L, i, j]/m is missing",
        ),
        (
            BP1.replace("sigmoid.prime(z[L, i, j])", "(1 + a[L, i, j] ** 2)"),
            "derived: (a[L, i, j] - y[i, j])*a[L, i, j]*(1 - a[L, i, j])/m",
        ),
        (BP3.replace("], i)", "], i) + lam * b[l, j]"), "the term lam*b[l, j] does not belong there"),
        (BP4.replace("lam *", "2 * lam *"), "the term lam*w[l, j, k] stands there 2 times"),
        (BP4.replace("+ lam", "- lam"), "the term lam*w[l, j, k] stands there -1 times"),
        (BP4.replace("lam *", "lam / m *"), "the term lam*w[l, j, k] stands there 1/m times"),
    ],
)
def test_the_term_that_is_wrong(line: str, why: str, tmp_path: Path) -> None:
    found = one(tmp_path, shipped("mlp"), line)
    assert (found.grade, found.why) == ("refuted", why)


SPARSE = (
    "model.claim(d(z)[2, i, j], (Sum(w[3, k, j] * d(z)[3, i, k], k) + beta / m * PENALTY)"
    " * a[2, i, j] * (1 - a[2, i, j]))"
)
PENALTY = "(-rho / rho_hat[j] + (1 - rho) / (1 - rho_hat[j]))"


def test_the_sparsity_term(tmp_path: Path) -> None:
    text = shipped("sparse_autoencoder")
    right = one(tmp_path, text, SPARSE.replace("PENALTY", PENALTY))
    assert right.grade == "proved"
    wrong = one(tmp_path, text, SPARSE.replace("PENALTY", PENALTY).replace(" / m *", " *"))
    assert wrong.grade == "refuted"
    assert wrong.why.startswith(
        "the term beta*((1 - rho)/(1 - rho_hat[j]) - rho/rho_hat[j])*a[2, i, j]*(1 - a[2, i, j])/m"
    )
    assert wrong.why.endswith("stands there m times")
    missing = one(tmp_path, text, SPARSE.replace(" + beta / m * PENALTY", ""))
    assert missing.why.startswith("the term beta*")
    assert missing.why.endswith("is missing")


# softmax


def test_the_softmax_derivative(tmp_path: Path) -> None:
    right = one(tmp_path, PLAIN, "model.claim(d(a[i, j], z[i, k]), a[i, j] * (KroneckerDelta(j, k) - a[i, k]))")
    assert right.grade == "proved"
    assert right.claim == "∂a[i, j]/∂z[i, k] = a[i, j]*([j = k] - a[i, k])"


def test_the_softmax_derivative_of_the_notes_is_the_diagonal(tmp_path: Path) -> None:
    """The notes give f' = f - f**2: right for j = k, and not 0 elsewhere."""
    diagonal = one(tmp_path, PLAIN, "model.claim(d(a[i, j], z[i, j]), a[i, j] - a[i, j] ** 2)")
    assert diagonal.good
    found = one(tmp_path, PLAIN, "model.claim(d(a[i, j], z[i, k]), KroneckerDelta(j, k) * (a[i, j] - a[i, j] ** 2))")
    assert (found.grade, found.claimed) == ("refuted", "0")
    assert found.where.startswith("∂a[1, 1]/∂z[1, 2] with")


def test_a_sum_of_targets_that_is_not_declared_is_not_used(tmp_path: Path) -> None:
    line = "model.claim(d(z)[i, j], (a[i, j] - y[i, j]) / m)"
    assert one(tmp_path, PLAIN, line).grade == "refuted"
    assert one(tmp_path, PLAIN, f"model.assume(Eq(Sum(y[i, j], j), 1))\n{line}").grade == "proved"
