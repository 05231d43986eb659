"""Faults that are planted in generated code: each operator works, and a judge that does not look is found out."""

from __future__ import annotations

import ast
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from models import SHIPPED, derivation
from modules import module
from sympy import exp, log

from codegen.render import render_module
from derive import Derivation, Model, Sum, derive, eye, norm2
from derive.library import inverse, solve
from gradproof import cli
from gradproof.load import find, load
from verify import run
from verify.agreement import agree, make_cases
from verify.case import Case
from verify.certificate import Check, Score
from verify.judge import compare_kernel
from verify.kernel import kernel_on_balls
from verify.mutants.operator import Operator, moved, parsed, pattern
from verify.mutants.plant import Mutant, kernels_of, mutants, sample
from verify.mutants.score import REJECTED, Bench, first_difference, judge_all, score, verdict
from verify.mutants.table import OPERATORS
from verify.numbers import Balls
from verify.run import Code

GALLERY = Path(__file__).parent.parent / "examples" / "models"


def matrices() -> Model:
    """Matrices that are not symmetric, which no model of the gallery has to invert."""
    with Model("matrices") as model:
        m, n = model.sizes("m n")
        x = model.data(x=(m, n))
        A = model.parameters(A=(n, n))
        B = model.variables("B")
        B[:, :] = inverse(A + 2 * eye(n))
        model.minimise(norm2(solve(A + 3 * eye(n), x.T)) / m + norm2(B @ x.T))
    return model


@cache
def derived(name: str) -> Derivation:
    """The derivation of a shipped model or of one in the gallery."""
    if name == "matrices":
        return derive(matrices())
    return derivation(name) if name in SHIPPED else derive(load(find(str(GALLERY / f"{name}.py")))[0].model)


@cache
def code(name: str) -> Code:
    made = derived(name)
    found = module(name) if name in SHIPPED else run.load(render_module(made, source="", digest="0"), name)
    return Code.of(found, made, Balls(0))


@cache
def planted(name: str) -> tuple[Mutant, ...]:
    return tuple(mutants(kernels_of(code(name)), OPERATORS))


@cache
def cases(name: str) -> tuple[Case, ...]:
    return make_cases(derived(name))


def test_there_are_many_operators_with_a_name_each():
    assert len(OPERATORS) >= 60
    assert len({operator.name for operator in OPERATORS}) == len(OPERATORS)
    assert len({operator.what for operator in OPERATORS}) == len(OPERATORS)


def test_mutants_are_the_same_every_time():
    assert [*map(str, planted("mlp"))] == [*map(str, mutants(kernels_of(code("mlp")), OPERATORS))]
    assert sample([*planted("mlp")], 50) == sample([*planted("mlp")], 50)


def test_a_sample_has_as_many_operators_as_it_can():
    chosen = sample([*planted("mlp")], 80)
    assert len(chosen) == len({mutant.operator for mutant in chosen}) == 80


def test_every_mutant_is_another_program():
    whole = {f.name: ast.dump(f) for f in kernels_of(code("mlp")).functions}
    wrong = [(m.spot.function.name, ast.dump(m.tree().body[0])) for m in planted("mlp")]
    assert not [name for name, text in wrong if text == whole[name]]


@pytest.mark.parametrize(
    ("old", "new"), [("l", "l + 1"), ("l - 1", "l"), ("L + 1", "L + 2"), ("2", "3"), ("-1", "0"), ("t - 2", "t - 1")]
)
def test_an_index_moves_up(old: str, new: str):
    assert ast.unparse(moved(parsed(old), 1)) == new


def test_a_pattern_knows_what_is_written_twice():
    same = pattern("double", "A + A", "2 * A")
    text = "def f(x, y):\n    return x + x, x + y\n"
    found = [str(m) for m in mutants(replace(kernels_of(code("mlp")), functions=functions(text)), (same,))]
    assert found == ["line 2: x + x  ->  2 * x  (double)"]


def functions(text: str) -> tuple[ast.FunctionDef, ...]:
    return tuple(f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef))


@pytest.mark.parametrize("name", ["mlp", "sparse_autoencoder"])
def test_a_sample_of_mutants_of_shipped_code_is_rejected_or_explained(name: str):
    found = score(derived(name), code(name), cases(name), 160)
    assert found.good and found.tried == 160 < found.possible
    assert found.rejected >= 0.9 * found.tried
    assert found.rejected + len(found.equal) + len(found.indistinguishable) == found.tried


SOME = 4  # mutants of each operator
MODELS = (
    "mlp",
    "softmax_classifier",
    "sparse_autoencoder",
    "huber_regression",
    "beta_regression",
    "gaussian_process",
    "canonical_correlation",
    "noisy_or",
    "vector_quantisation",
    "von_mises_regression",
    "max_pooling",
    "support_vector_machine",
    "quantile_regression",
    "recurrent_network",
    "gaussian_likelihood",
    "plackett_luce",
    "causal_attention",
    "hidden_markov_model",
    "matrices",
)


@cache
def bench(name: str) -> Bench:
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        return Bench.of(derived(name), code(name), cases(name), first_difference)


def rejected(operator: Operator, name: str) -> bool:
    """Is one of the first mutants of this operator rejected in that model?"""
    mine = [mutant for mutant in planted(name) if mutant.operator == operator.name][:SOME]
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        return any(verdict(mutant, bench(name)).word == REJECTED for mutant in mine)


def test_every_operator_has_a_mutant_that_is_rejected():
    idle = [operator.name for operator in OPERATORS if not any(rejected(operator, name) for name in MODELS)]
    assert not idle


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a[L] - y  ->  y - a[L]", "equal"),
        ("range(L - 1, 1, -1)  ->  range(L - 1, 0, -1)", "equal"),
        ("C.sum()  ->  np.abs(C).sum()", "equal"),
        ("z >= 0  ->  z > 0", "indistinguishable"),
        ("range(L - 1, 1, -1)  ->  range(L - 1, 2, -1)", "rejected"),
        ("x  ->  _float32(x)", "rejected"),
    ],
)
def test_what_becomes_of_a_mutant(text: str, word: str):
    chosen = [mutant for mutant in planted("mlp") if f": {text}  (" in str(mutant)]
    verdicts = judge_all(chosen, derived("mlp"), code("mlp"), cases("mlp"), first_difference)
    assert word in [v.word for v in verdicts] and (word != "rejected" or len({v.word for v in verdicts}) == 1)


def test_a_lost_shift_overflows():
    chosen = [m for m in planted("softmax_classifier") if str(m).endswith("0 * z[L].max(axis=1)  (value to 0)")]
    (found,) = judge_all(
        chosen, derived("softmax_classifier"), code("softmax_classifier"), cases("softmax_classifier"), first_difference
    )
    assert found.word == REJECTED and ("overflows" in found.why or "not finite" in found.why)


def cost_only(case: Case, wrong: Code) -> Check | None:
    """A judge that is nearly blind: it looks at the cost and at no gradient."""
    with case.field.context():
        found = kernel_on_balls(case, wrong, equal=True)
        return next((c for c in compare_kernel(case, found) if not c.good and c.equation == "J"), None)


def test_a_blind_judge_lets_mutants_live(monkeypatch: pytest.MonkeyPatch):
    seen = score(derived("mlp"), code("mlp"), cases("mlp"), 60)
    monkeypatch.setattr("verify.mutants.score.check_type", lambda *_, **__: ())
    monkeypatch.setattr("verify.mutants.score.finite", lambda *_: True)
    blind = score(derived("mlp"), code("mlp"), cases("mlp"), 60, cost_only)
    assert seen.rejected > blind.rejected + 15
    assert len(blind.indistinguishable) > len(seen.indistinguishable) + 15


def test_what_only_floats_can_tell_survives():
    """Code that does not run on balls: no mutant of it is known to have the right digits."""
    broken = replace(code("mlp"), exact=module("mlp_tanh"))
    chosen = [m for m in planted("mlp") if m.operator == "sum of absolute values"]
    wanted = [v.word for v in judge_all(chosen, derived("mlp"), code("mlp"), cases("mlp"), first_difference)]
    words = [v.word for v in judge_all(chosen, derived("mlp"), broken, cases("mlp"), first_difference)]
    assert "equal" in wanted and words == [{"equal": "survived"}.get(word, word) for word in wanted]


def test_numbers_that_are_turned_like_arrays_stay_what_they_are():
    """The states of a recurrence of numbers: no fault may survive because balls bear less than floats."""
    with Model("level") as model:
        T = model.sizes("T")
        t = model.indices("t")
        model.assume(T >= 2)
        y = model.data(y=(T,))
        s = model.parameters(s=())
        P, F = model.variables("P F")

        P[1] = 1
        F[t] = P[t] + exp(s)
        P[t] = P[t - 1] / F[t - 1] + exp(s)
        model.minimise(Sum(log(F[t]) * y[t], t))
    level = derive(model)
    right = Code.of(run.load(render_module(level, source="", digest=""), "level"), level, Balls(0))
    turned = [m for m in mutants(kernels_of(right), OPERATORS) if m.operator == "value transposed"]
    assert turned
    words = {v.word for v in judge_all(turned, level, right, make_cases(level, 0), first_difference)}
    assert words <= {REJECTED, "equal", "indistinguishable"}


def test_the_certificate_has_the_score():
    found = agree(derived("mlp").system, derived("mlp"), code("mlp").module, mutants=20)
    assert found.good and found.mutants is not None and '"tried": 20' in found.to_json()
    lost = replace(found.mutants, survived=("line 1: a  ->  b",))
    assert not replace(found, mutants=lost).good
    assert "1 survived" in str(lost)
    assert not Score(0, 0, 0, (), (), ()).good


def test_the_command_line_prints_the_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "mlp", "--mutants", "30", "-v"]) == 0
    assert "rejected, " in capsys.readouterr().out
    assert cli.main(["check", "mlp", "--mutants", "many"]) == cli.UNUSABLE
    assert "--mutants takes all or a number" in capsys.readouterr().err
