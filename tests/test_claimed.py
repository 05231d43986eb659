"""Formulas that a model claims for derivatives: proved, refuted with a place and a term, or undecided."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from codegen.files import meaning
from codegen.render import render_module
from codegen.report.document import render_report
from derive import Model, ModelError, derive
from derive.higher import hessian_vector
from gradproof import cli
from verify.certificate import Certificate
from verify.claims import check_claims
from verify.evidence import HOLDS, Judged
from verify.records import record

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
    assert [c.grade for c in judged(tmp_path, shipped("mlp"), *RIGHT)] == ["proved"] * 4


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


# what is refused

REFUSED = {
    "model.claim(d(w)[j, k], x[i, k] * d(z)[i, j])": "index i is neither on the left side nor summed",
    "model.claim(d(x)[i, k], x[i, k])": "x is data: there is no derivative by it here",
    "model.claim(d(lam), lam)": "lam is a number that is given: there is no derivative by it here",
    "model.claim(d(label)[i], 1)": "label is integer data: there is no derivative by it here",
    "model.claim(d(v)[i], 1)": "v is read but no equation defines it",
    "model.claim(d(w)[j, k], v[j])": "v is read but no equation defines it",
    "model.claim(d(w), lam * w)\nmodel.claim(d(w), lam * w)": "this is claimed at line 17 already",
    "model.claim(d(w), d(w))": "the two sides are the same, so nothing is claimed",
    "model.claim(w[j, k], 1)": "w[j, k] is no derivative",
    "model.claim(3, 1)": "3 is no derivative",
    "model.claim(d(w)[j], 1)": "d.w has 2 indices, not 1",
    "model.claim(d(w)[j, n + 1], 1)": "d.w[j, n + 1] is read at n + 1, but d.w has 1..n there",
    "model.claim(d(z)[i, label[i]], 1)": "d.z[i, label[i]] stands at a place that data give",
    "model.claim(d(w)[j, k], None)": "the formula is no value: None is not a value of an equation",
    "model.claim(d(a, z), 1)": "the derivative of one entry by another needs their indices",
    "model.claim(d(x[i, k], z[i, k]), 1)": "x is given, so it does not move",
    "with model.over(l, 1, 2):\n    model.claim(d(w), 1)": "model.over states the range of l, which stands in no",
    "v[i] = d(z)[i, 1]": "d.z[i, 1] stands in claims and names, not in equations",
    "v[i] = d(a[i, 1], z[i, 1])": "∂a[i, 1]/∂z[i, 1] stands in claims and names, not in equations",
    "model.predict(d(z)[i, j])": "d.z[i, j] stands in claims and names, not in equations",
    "d(v)[i] = 1": "d(v) is derived, so no equation defines it",
    "model.claim(d(z)[i, j], sigmoid.prime(z[i, j], by='q'))": "sigmoid has no argument q",
}


@pytest.mark.parametrize(("line", "what"), REFUSED.items(), ids=REFUSED)
def test_a_claim_that_cannot_be_meant(line: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        made(tmp_path, extended(PLAIN, line))
    assert caught.value.what.startswith(what)
    assert caught.value.source is not None
    assert caught.value.source.file == "claimed.py"


def test_after_the_block_nothing_is_claimed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the block of the model plain has ended"):
        made(tmp_path, PLAIN + "model.claim(d(w), lam * w)\n")


# what is not decided

KINK = """
from sympy import Abs, Piecewise, exp, log, sqrt
from derive import Max, Model, Sum, d, function

with Model("kink") as model:
    n = model.sizes("n")
    k = model.indices("k")
    w = model.parameters(w=(n,))
    model.minimise(Sum(Max(0, w[k]) + w[k] ** 2 / 2, k))
"""


def test_at_kinks_alone_nothing_is_decided(tmp_path: Path) -> None:
    right = one(tmp_path, KINK, "model.claim(d(w)[k], Piecewise((1, w[k] > 0), (0, True)) + w[k])")
    assert right.good
    found = one(tmp_path, KINK, "model.claim(d(w)[k], Piecewise((1, w[k] >= 0), (0, True)) + w[k])")
    assert found.grade == "undecided"
    assert found.why.startswith("the two differ at kinks only: d.w[1] with n=")
    assert found.why.endswith("parameters 0 is 0, claimed 1")


def test_without_a_value_nothing_is_decided(tmp_path: Path) -> None:
    line = "model.claim(d(w)[k], Max(0, w[k]) / w[k] + sqrt(w[k]) * exp(log(w[k]) / 2))"
    found = one(tmp_path, KINK, line)
    assert found.grade == "undecided"
    assert found.why.startswith("the claimed formula has no value at d.w[")


def test_a_region_that_no_size_reaches_is_undecided(tmp_path: Path) -> None:
    found = one(tmp_path, shipped("mlp"), f"with model.over(l, 12, L):\n    {BP4}")
    assert (found.grade, found.why) == ("undecided", "no size that was tried reaches a place of it")


def test_exact_numbers_refute_where_no_function_stands(tmp_path: Path) -> None:
    text = KINK.replace("Max(0, w[k]) + ", "")
    found = one(tmp_path, text, "model.claim(d(w)[k], 2 * w[k])")
    assert (found.grade, found.why) == ("refuted", "it is 2 times the derivative")
    assert "/" in found.derived
    assert "/" in found.claimed


# a claim is no part of a model


def texts(model: Model) -> tuple[str, str, str]:
    made_of = derive(model)
    module = render_module(made_of, source="claimed.py", digest="0")
    report = render_report(made_of, module, source="claimed.py", digest="0", certificate=None)
    return meaning.model_digest(made_of.system), module, report


def test_generated_text_knows_nothing_of_claims(tmp_path: Path) -> None:
    """Nor of a function or a letter that only claims use."""
    own = "model.claim(d(z)[i, j], function('f', lambda z: z**2).prime(z[i, j]))"
    claimed = made(tmp_path, extended(PLAIN, own, "model.claim(d(w), d(z).T @ x + lam * w)"))
    assert texts(claimed) == texts(made(tmp_path, PLAIN))
    assert len(claimed.system.claims) == 2
    assert hessian_vector(claimed).claims == ()


def test_check_says_what_became_of_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong = "model.claim(d(w)[k], w[k])", "model.claim(d(w)[k], 2 * w[k])"
    file = tmp_path / "claimed.py"
    file.write_text(extended(KINK.replace("Max(0, w[k]) + ", ""), right, wrong))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "claimed.py", "--mutants", "0", "--format", "json"]) == 1
    (subject,) = json.loads(capsys.readouterr().out)["subjects"]
    assert [c["outcome"] for c in subject["cases"] if c["name"] == "claim d.w[k]"] == ["proved", "REFUTED"]
    (finding,) = (f for c in subject["cases"] for f in c["findings"])
    assert (finding["code"], finding["file"], finding["line"]) == ("GP201", "claimed.py", 11)
    assert finding["message"].endswith("; it is 2 times the derivative")
    file.write_text(extended(KINK, f"with model.over(k, 50, n):\n    {right}"))
    assert cli.main(["check", "claimed.py", "--mutants", "0"]) == 4
    assert "GP202" in capsys.readouterr().out


def test_a_certificate_holds_the_verdicts(tmp_path: Path) -> None:
    found = judged(tmp_path, KINK, "model.claim(d(w)[k], w[k])")
    assert found[0].grade not in HOLDS
    certificate = Certificate("kink", (), (), (), None, found)
    assert not certificate.good
    assert certificate.failures == found
    (kept,) = json.loads(certificate.to_json())["claims"]
    assert record(Judged, kept) == found[0]
