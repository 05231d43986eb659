"""The derivation: each step is one use of one named rule, and what comes out is the textbook equation."""

import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from models import SHIPPED, VARIANTS, derivation, system
from processes import output_of
from sympy import Eq, floor, log

from derive import Model, Refused, RuleDidNotApply, Sum, derive
from derive.calculus.rules import RULES, Context, apply
from derive.calculus.scalars import scalars_of
from derive.library import softmax
from derive.values.affine import Affine
from derive.values.binders import Sum as Sum_
from derive.values.nodes import ZERO, Bracket, Partial
from derive.values.text import render_expr
from derive.values.walks import walk

MODELS = Path(__file__).parent.parent / "examples" / "models"
TEXTBOOK = {
    "theorems": {
        "BP1": "∂C(a[L, :], y[:])/∂a[L, j]*f'(z[L, j])",
        "BP2": "Sum(d.z[l + 1, k]*w[l + 1, k, j], k)*f'(z[l, j])",
        "BP3": "d.z[l, j]",
        "BP4": "d.z[l, j]*a[l - 1, k]",
    },
    "mlp": {
        "BP1": "(a[L, i, j] - y[i, j])*a[L, i, j]*(1 - a[L, i, j])/m",
        "BP2": "Sum(d.z[l + 1, i, k]*w[l + 1, k, j], k)*a[l, i, j]*(1 - a[l, i, j])",
        "BP3": "Sum(d.z[l, i, j], i)",
        "BP4": "Sum(d.z[l, i, j]*a[l - 1, i, k], i) + lam*w[l, j, k]",
    },
    "mlp_tanh": {"BP1": "(a[L, i, j] - y[i, j])*(1 - a[L, i, j]**2)/m"},
    "softmax_classifier": {"BP1": "(a[L, i, j] - y[i, j])/m"},
    "softmax_squared_error": {"BP1": "a[L, i, j]*(a[L, i, j] - y[i, j] - Sum((a[L, i, k] - y[i, k])*a[L, i, k], k))/m"},
    "sigmoid_cross_entropy": {"BP1": "(a[L, i, j] - y[i, j])/m"},
    "regression": {"BP1": "(a[L, i, j] - t[i, j])*a[L, i, j]*(1 - a[L, i, j])/m"},
    "sparse_autoencoder": {
        "d.rho_hat": "beta*((1 - rho)/(1 - rho_hat[j]) - rho/rho_hat[j])",
        "d.z@l=2": "(Sum(d.z[3, i, k]*w[3, k, j], k) + beta*((1 - rho)/(1 - rho_hat[j]) - rho/rho_hat[j])/m)"
        "*a[2, i, j]*(1 - a[2, i, j])",
    },
    "skip": {
        "d.v": "Sum(d.z[l, i, j]*a[l - 2, i, k], i)",
        "BP2": "(Sum(d.z[l + 1, i, k]*w[l + 1, k, j], k) + Sum(d.z[l + 2, i, k]*v[l + 2, k, j], k))"
        "*a[l, i, j]*(1 - a[l, i, j])",
    },
    "tied": {"d.w@l=2": "Sum(d.z[2, i, j]*a[1, i, k], i) + Sum(d.z[L, i, k]*a[L - 1, i, j], i) + lam*w[2, j, k]"},
    "activity": {"BP1": "((a[L, i, j] - y[i, j])/m + 2*mu*a[L, i, j])*a[L, i, j]*(1 - a[L, i, j])"},
}


@pytest.mark.parametrize(("name", "equation"), [(n, e) for n, rows in TEXTBOOK.items() for e in rows])
def test_the_textbook_equation_comes_out(name: str, equation: str) -> None:
    assert render_expr(derivation(name)[equation].value) == TEXTBOOK[name][equation]


@pytest.mark.parametrize("name", [*SHIPPED, *VARIANTS])
def test_steps_form_a_chain_and_replay(name: str) -> None:
    made = derivation(name)
    context = Context(made.system, scalars_of(made.system), made.known)
    for adjoint in made.adjoints:
        assert any(isinstance(node, Partial) for node in walk(adjoint.steps[0].before)), "starts with the chain rule"
        for first, second in zip(adjoint.steps, adjoint.steps[1:], strict=False):
            assert first.after == second.before
        assert adjoint.steps[-1].after == adjoint.value
        for step in adjoint.steps:
            assert apply(step.rule, step.before, context, step.arguments) == step.after


@pytest.mark.parametrize("name", [*SHIPPED, *VARIANTS])
def test_nothing_is_left_undone(name: str) -> None:
    for adjoint in derivation(name).adjoints:
        nodes = list(walk(adjoint.value))
        assert not any(isinstance(node, (Partial, Bracket)) for node in nodes)
        assert not any("'" in b.index.name for node in nodes if isinstance(node, Sum_) for b in node.bounds)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_states_its_identity_and_refuses_to_do_nothing(rule: str) -> None:
    made = derivation("mlp")
    context = Context(made.system, scalars_of(made.system), made.known)
    assert re.search(r"=|same|value", RULES[rule].__doc__ or "")
    region = {"letter": "l", "lo": Affine.of(2), "hi": Affine.of(3)}
    arguments = {
        "sift": {"bounds": ()},
        "restrict": region,
        "recall": {"bounds": ()},
        "law": {"bounds": ()},
        "insert": {"names": ("d.a",), "bounds": ()},
        "fold": {"bounds": ()},
        "rename": {"names": (("q", "r"),)},
    }
    with pytest.raises(RuleDidNotApply, match="found no"):
        RULES[rule](ZERO, context, **arguments.get(rule, {}))


def test_every_rule_is_used() -> None:
    models = [system(name) for name in SHIPPED]
    models += [runpy.run_path(str(MODELS / f"{name}.py"))["model"] for name in ("gaussian_process", "kalman_filter")]
    used = {step.rule for model in models for adjoint in derive(model).adjoints for step in adjoint.steps}
    assert used == set(RULES)


def test_renaming_the_letters_renames_the_derivation() -> None:
    letters = {
        "m": "N",
        "L": "D",
        "n": "h",
        "i": "s",
        "j": "p",
        "k": "q",
        "l": "r",
        "x": "X",
        "y": "T",
        "w": "V",
        "b": "c",
        "lam": "gamma",
        "z": "u",
        "a": "o",
        "C": "E",
        "sigmoid": "g",
    }
    plain, renamed = derivation("mlp"), derivation("renamed")
    assert [a.name for a in plain.adjoints] == [a.name for a in renamed.adjoints]
    for first, second in zip(plain.adjoints, renamed.adjoints, strict=True):
        assert [s.rule for s in first.steps] == [s.rule for s in second.steps]
        text = re.sub(r"[A-Za-z_]+", lambda m: letters.get(m[0], m[0]), render_expr(first.value))
        assert _unordered(text) == _unordered(render_expr(second.value))


def _unordered(text: str) -> str:
    """Positions of an entry in alphabetical order, and the letter of the only sum as a star."""
    sums = re.findall(r", (\w)\)", text)
    text = re.sub(r"\[([^\]]*)\]", lambda m: f"[{', '.join(sorted(m[1].split(', ')))}]", text)
    return re.sub(rf"\b({'|'.join(sums)})\b", "*", text) if sums else text


def test_declared_facts_are_used_and_undeclared_ones_are_not() -> None:
    bare = replace(system("softmax_classifier"), sums=())
    value = render_expr(derive(bare)["BP1"].value)
    assert value == "(a[L, i, j]*Sum(y[i, k], k) - y[i, j])/m"


def test_the_gradient_of_what_only_jumps_is_zero() -> None:
    with Model("lonely") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x = model.data(x=(m,))
        p, q = model.parameters(p=(m,), q=(m,))
        model.minimise(Sum(p[i] * x[i] + floor(q[i]), i))
    made = derive(model)
    assert render_expr(made["d.p"].value) == "x[i]"
    assert made["d.q"].value == ZERO


def test_a_model_whose_regions_depend_on_undeclared_sizes_is_refused() -> None:
    source = system("sparse_autoencoder")
    loose = replace(source, facts=type(source.facts)(source.facts.equal, ()))
    with pytest.raises(Refused, match=r"declare model\.assume"):
        derive(loose)


SCRIPT = """
import sys
from models import derivation
from derive.values.text import render_expr
for name in {names}:
    for a in derivation(name).adjoints:
        print(a.id, a.name, render_expr(a.value), [(s.rule, render_expr(s.after)) for s in a.steps])
"""


@pytest.mark.parametrize("ground", ["python", "flint"])
def test_the_derivation_is_the_same_under_any_hash_seed_and_ground_type(ground: str) -> None:
    script = SCRIPT.format(names=("mlp", "softmax_classifier", "sparse_autoencoder", "made_up"))
    assert len({output_of(script, seed, ground) for seed in ("0", "1", "7")}) == 1


def test_a_declared_sum_is_used_inside_of_a_sum_over_samples() -> None:
    with Model("classes") as model:
        m, n, p = model.sizes("m n p")
        i, j, k = model.indices("i j k")
        x, y = model.data(x=(m, n), y=(m, p))
        model.assume(Eq(Sum(y[i, j], j), 1))
        w = model.parameters(w=(p, n))
        a = model.variables("a")

        a[i, j] = softmax(Sum(w[j, k] * x[i, k], k), j)
        model.minimise(-Sum(y[i, j] * log(a[i, j]), i, j) / m)
    (slope,) = derive(model).adjoints_of("w")
    assert render_expr(slope.value) == "(Sum(a[i, j]*x[i, k], i) - Sum(y[i, j]*x[i, k], i))/m"
