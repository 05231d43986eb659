"""Wrong gradients are told apart: the class that was planted, the equation, and the sentence; else only the place."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import IMPLEMENTATIONS, MISTAKES
from diagnosed import outcome
from examination import derivation, judged
from sympy import log

from derive import Model, Sum
from derive.library import softmax
from gradproof.formats import Format
from gradproof.formats.machine import FORMATS
from gradproof.judging import summary
from verify.diagnosis import matching
from verify.foreign.check import check_gradient
from verify.foreign.verdict import Verdict

RIDGE = "examples/models/ridge_regression.py"
ARGUMENTS = ["w", "b", "x", "y", "lam"]
EVERY = "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc"
LSTM = "Wi Wf Wo Wc Ui Uf Uc bi bf bo bc"
SAMPLE = (
    ("ufldl_network", "missing 1/m", "b[3]", "missing 1/m: BP3 (d.b), layer 3: its right side stands times m"),
    ("ufldl_network", "1/m twice", "w[2] w[3] b[2] b[3]", "1/m twice: BP1 (d.z@l=L): its right side stands times 1/m"),
    ("ufldl_network", "decay missing", "w[3]", "decay missing: BP4 (d.w), layer 3: the term lam*w[l, j, k] is missing"),
    ("ufldl_network", "decay on biases", "b[2]", "decay added: BP3 (d.b), layer 2: a term b[l, j] is added times lam"),
    (
        "ufldl_network",
        "decay factor 2",
        "w[2]",
        "decay factor: BP4 (d.w), layer 2: the term lam*w[l, j, k] stands times 2",
    ),
    ("ufldl_network", "decay divided by m", "w[3]", "decay divided by m: BP4 (d.w), layer 3"),
    ("ufldl_network", "sign", "w[2] w[3] b[2] b[3]", "sign: BP1 (d.z@l=L)"),
    ("ufldl_network", "f' missing", "w[2] b[2]", "f' missing: BP2 (d.z@l=2..L - 1)"),
    (
        "ufldl_network",
        "f'(a) for f'(z)",
        "w[2] b[2]",
        "f'(a) for f'(z): BP2 (d.z@l=2..L - 1): f' is taken of sigmoid(a[",
    ),
    (
        "ufldl_network",
        "stale activation",
        "w[3]",
        "stale activation: BP4 (d.w), layer 3: z[l - 1, i, k] stands where a[",
    ),
    (
        "ufldl_network",
        "wrong cost derivative",
        "w[2] w[3] b[2] b[3]",
        "wrong cost derivative: BP1 (d.z@l=L): the sign of",
    ),
    ("ufldl_network", "dropped last sample", "b[2]", "dropped last sample: BP3 (d.b), layer 2"),
    ("ufldl_network", "swapped blocks", "b[2] b[3]", "swapped blocks: d.b[2] holds what belongs to d.b[3]"),
    ("ufldl_network", "one wrong element", "w[3]", "one wrong element: all entries are right but d.w[3, "),
    ("ufldl_network", "wrong cost only", "J", "wrong cost only: the gradient is right, the cost is another one"),
    ("nielsen_network", "transposed weight", "w[2] w[3] b[2] b[3]", "transposed weight: BP2"),
    ("nielsen_network", "neighbouring weight", "w[2] w[3] b[2] b[3]", "neighbouring weight: BP2"),
    ("ufldl_autoencoder", "sparsity missing", "w[2] b[2]", "penalty missing: d.z@l=2: the term beta"),
    ("ufldl_autoencoder", "sparsity outside f'", "w[2] b[2]", "term outside f': d.z@l=2"),
    ("cs231n_two_layer", "relu' of the wrong variable", "w b", "f' of the wrong variable: d.z"),
    ("cs231n_two_layer", "relu' of the wrong variable", "", "kink moved: d.z"),
    ("cs231n_two_layer", "diagonal Jacobian", "w b v d", "diagonal Jacobian: d.s: it is 0 but where label[i] = c"),
    ("cs231n_two_layer", "wrong cost, matching gradient", "J w b v d", "wrong cost, matching gradient: cost and"),
    ("einsum_attention", "diagonal Jacobian", "Q K", "diagonal Jacobian: d.s: of the sum over p only the term with"),
    ("word_bag", "repeated index", "E", "repeated index: d.E: where [word[i, s] = p] holds more than once"),
    ("word_bag", "stale activation", "U", "stale activation: d.U: E[word[i, 1], k] stands where h[i, k] ="),
    ("word_bag", "wrong cost derivative", "E U", "wrong cost derivative: d.z: of the sum Sum(exp(z[i, p]), p) only"),
    ("conv1d_loops", "off-by-one sample", "w", "off-by-one sample: d.w: relu'(Sum(w[f, r, u]*x[i, r + t - 2, u]"),
    ("conv1d_loops", "transposed weight", "w", "mirrored index: d.w: x[i, F + t - s, c] stands where"),
    ("max_pool_argmax", "neighbouring weight", "w", "stale activation: d.w: argmax(z[i, t, q], t) stands where"),
    ("ng_logistic", "wrong cost derivative", "b w", "wrong cost derivative: d.z: a factor sigmoid'(z[i]) stands here"),
    (
        "ng_logistic",
        "wrong cost only",
        "J",
        "wrong cost only: the gradient is right, the cost is another one; the cost",
    ),
    ("ridge_loops", "decay missing", "w", "decay missing: d.w, only at d.w["),
    ("svm_vectorized", "wrong cost, matching gradient", "J w", "wrong cost, matching gradient: cost and gradient are"),
    ("huber_lasso", "neighbouring weight", "w", "neighbouring weight: d.w: the next number of one vector of b and w"),
    ("char_rnn", "clipped", "V", "clipped: each entry is cut off at 0.5 in d.V"),
    ("packed_lstm", "truncated BPTT", LSTM, "truncated BPTT: d.s@t=1..T - 1: the term d.s[t + 1, i, j]*forget"),
    ("packed_lstm", "swapped blocks", EVERY, "swapped blocks: d.h@t=1..T - 1, d.Wf, d.Wi, d.Uf, d.Ui, d.bf, d.bi"),
    ("packed_lstm", "off-by-one sample", "Wi Wo Wc bi bo bc", "off-by-one sample: the way back: the first step"),
)


def of_mistake(name: str, kind: str, wrong: str, folder: Path) -> tuple[Verdict, str]:
    """The verdict on the planted mistake, and what its diagnosis is worth."""
    mistake = next(m for m in MISTAKES if (m.implementation, m.kind, m.wrong) == (name, kind, tuple(wrong.split())))
    one = IMPLEMENTATIONS[name]
    verdict = judged(one, mistake.edited(one.path.read_text()), folder / "case.py")
    return verdict, outcome(mistake, verdict.diagnosis)


@pytest.mark.parametrize(("name", "kind", "wrong", "line"), SAMPLE, ids=[f"{row[0]}: {row[1]}" for row in SAMPLE])
def test_planted_mistakes_are_named(name: str, kind: str, wrong: str, line: str, tmp_path: Path) -> None:
    verdict, word = of_mistake(name, kind, wrong, tmp_path)
    assert word == "named", str(verdict)
    assert verdict.diagnosis[0].startswith(line), str(verdict)
    assert f"likely: {line}" in str(verdict)


def gradient(w, b, x, y, lam):
    """Ridge regression; what is wrong with it has no name."""
    e = x @ w + b - y
    return e @ x / len(x) + lam * w, np.tanh(e).mean() * np.exp(b)


def test_what_no_edit_explains_is_only_localised() -> None:
    verdict = check_gradient(gradient, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert verdict.diagnosis == ("d.b wrong, d.w right", "look first at d.b")


def almost(w, b, x, y, lam):
    """Ridge regression with a decay that is almost 0."""
    e = x @ w + b - y
    return e @ x / len(x) + 1e-12 * np.sin(w), e.mean()


def test_a_near_miss_is_not_named() -> None:
    """Without its decay the gradient agrees in 12 digits: floats would call that a missing decay."""
    verdict = check_gradient(almost, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert verdict.diagnosis[0] == "d.w wrong, d.b right"


def cut_by_norm(w, b, x, y, lam):
    """Ridge regression with a gradient whose norm is cut off at 0.001."""
    e = x @ w + b - y
    dw, db = e @ x / len(x) + lam * w, e.mean()
    scale = 0.001 / np.sqrt((dw**2).sum() + db**2)
    return dw * scale, db * scale


def test_a_norm_that_is_cut_off_is_named() -> None:
    verdict = check_gradient(cut_by_norm, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert verdict.diagnosis == ("clipped: the norm of the whole gradient is cut off at 0.001 in d.b, d.w",)


def without_decay(w, b, x, y, lam):
    """Ridge regression without its decay."""
    e = x @ w + b - y
    return e @ x / len(x), e.mean()


def test_a_search_ends_after_so_many_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted in reads, so a diagnosis is the same on every machine; without work only the place is shown."""
    verdict = check_gradient(without_decay, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert verdict.diagnosis == ("decay missing: d.w: the term lam*w[k] is missing",)
    monkeypatch.setattr(matching, "MOST_READS", 10)
    verdict = check_gradient(without_decay, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert verdict.diagnosis == ("d.w wrong, d.b right", "look first at d.w")


def test_the_equations_that_a_diagnosis_names_are_shown() -> None:
    verdict = check_gradient(without_decay, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert verdict.equations == ("d.w[k] = Sum(d.a[i]*x[i, k], i) + lam*w[k]",)
    assert "  equation: d.w[k] = " in str(verdict)
    assert check_gradient(gradient, against=derivation(RIDGE), arguments=ARGUMENTS).equations == (
        "d.b = Sum(d.a[i], i)",
    )


TOLD = (
    ("cs231n_two_layer", "low precision", "low precision: d.b, d.w right to 3 digits, as where something is float16"),
    ("funk_factorisation", "low precision", "low precision: d.V right to 7 digits, as where something is float32"),
    ("max_pool_argmax", "state between calls", "state between calls: each call adds its gradient to that of the call"),
    ("char_rnn", "state between calls", "state between calls: a call gives other numbers after another call"),
    ("huber_lasso", "modifies its input", "modifies its input: work on a new array"),
)


@pytest.mark.parametrize(("name", "kind", "line"), TOLD, ids=[f"{row[0]}: {row[1]}" for row in TOLD])
def test_what_the_verdict_tells_is_said(name: str, kind: str, line: str, tmp_path: Path) -> None:
    one, mistake = IMPLEMENTATIONS[name], next(m for m in MISTAKES if (m.implementation, m.kind) == (name, kind))
    (said,) = judged(one, mistake.edited(one.path.read_text()), tmp_path / "case.py").diagnosis
    assert said.startswith(line)


def rounded(w, b, x, y, lam):
    """Ridge regression with errors of six digits."""
    e = np.array([float(f"{v:.6f}") for v in x @ w + b - y])
    return e @ x / len(x) + lam * w, e.mean()


def rounded_on_balls(w, b, x, y, lam):
    """Ridge regression with errors of six digits, by a function that balls have."""
    e = [round(v, 6) for v in x @ w + b - y]
    return sum(v * row for v, row in zip(e, x, strict=True)) / len(x) + lam * w, sum(e) / len(x)


@pytest.mark.parametrize("function", [rounded, rounded_on_balls])
def test_rounding_is_told_from_a_wrong_formula(function: Callable[..., Any]) -> None:
    verdict = check_gradient(function, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert any(line.startswith("all numbers are nearly right: something is rounded") for line in verdict.diagnosis)


@pytest.mark.parametrize("form", ["github", "sarif", "junit", "json"])
def test_every_format_says_what_is_likely(form: str) -> None:
    """Also where each finding stands alone."""
    verdict = check_gradient(without_decay, against=derivation(RIDGE), arguments=ARGUMENTS)
    assert "decay missing: d.w: the term lam*w[k] is missing" in FORMATS[Format(form)]([summary(verdict, "mine.py", 3)])


def test_a_right_gradient_has_no_diagnosis(tmp_path: Path) -> None:
    one = IMPLEMENTATIONS["ufldl_network"]
    assert judged(one, one.path.read_text(), tmp_path / "right.py").diagnosis == ()


def test_fact_about_data_that_the_model_does_not_declare():
    """dz = (a - y)/m is the gradient of a cross-entropy where y sums to 1; nothing else is said of it."""
    with Model("classes") as model:
        m, n, p = model.sizes("m n p")
        i, j, k = model.indices("i j k")
        x, y = model.data(x=(m, n), y=(m, p))
        w = model.parameters(w=(p, n))
        model.minimise(-Sum(y[i, j] * log(softmax(Sum(w[j, k] * x[i, k], k), j)), i, j) / m)

    def gradient(w, x, y, sign=1):
        e = np.exp(x @ w.T)
        a = e / e.sum(axis=1, keepdims=True)
        return -(y * np.log(a)).sum() / len(x), sign * (a - y).T @ x / len(x)

    verdict = check_gradient(gradient, against=model, arguments=["w", "x", "y"])
    assert verdict.diagnosis == (
        "undeclared fact: right for data with Sum(y[i, j], j) = 1 only; "
        "if all data are so: model.assume(Eq(Sum(y[i, j], j), 1))",
    )
    wrong = check_gradient(partial(gradient, sign=-1), against=model, arguments=["w", "x", "y"])
    assert "undeclared fact" not in str(wrong)
