"""Grades of evidence, the unrolled reference, differences, running code."""

import inspect
import linecache
import pkgutil
import sys
import traceback
from dataclasses import replace
from importlib import import_module

import pytest
import sympy
from gradients import symbolic_gradient, true_gradient
from models import derivation, system
from modules import module

import verify
from derive import Max, Model, Sum, derive, stop
from derive.derivation import Step
from derive.values.affine import Affine, Index
from derive.values.nodes import Access, Call, Expr, add, mul, number, power
from verify.agreement import agree, check_code, make_cases
from verify.differences import central
from verify.evidence import failures, weakest
from verify.instance import instance
from verify.numbers import Balls, Exact
from verify.run import load
from verify.sizes import plan
from verify.steps import Bench, check_adjoint, check_steps
from verify.unroll import OutOfRange, Unrolled

J, L = (Affine.of(Index(n)) for n in "jl")


def exp(value: Expr) -> Expr:
    return Call("exp", (value,))


def with_step(name: str, equation: str, after) -> tuple:
    """The derivation with one more step at the end of an equation, and that step's evidence."""
    found = derivation(name)[equation]
    step = Step("planted", found.value, after(found.value))
    longer = replace(found, value=step.after, steps=(*found.steps, step))
    return tuple(check_adjoint(longer, Bench(system(name))))[-1]


def test_grades():
    assert with_step("mlp", "d.b", lambda v: add(v, number(1), number(-1))).grade == "proved"
    z, w = Access("z", (L, Affine.of(1), J)), Access("b", (L, J))
    split = mul(exp(z), exp(w), power(exp(add(z, w)), number(-1)))
    assert with_step("mlp", "d.b", lambda v: mul(v, split)).grade in ("proved", "enclosed")
    failed = with_step("mlp", "d.b", lambda v: add(v, number(1)))
    assert failed.grade == "failed" and failed.where and "planted" in str(failed)


def test_identities_of_functions_are_enclosed_where_they_are_not_proved(monkeypatch):
    monkeypatch.setattr("verify.steps.proved", lambda *_: False)
    z = Access("z", (L, Affine.of(1), J))
    product = add(mul(exp(z), exp(z)), mul(number(-1), exp(mul(number(2), z))))
    assert with_step("mlp", "d.b", lambda v: add(v, product)).grade == "enclosed"


def test_laws_are_proved_and_the_rest_exact():
    evidence = check_steps(derivation("mlp"))
    assert {e.rule for e in evidence if e.grade == "proved"} == {"law"}
    assert weakest(evidence) == "exact"


def test_true_adjoints_need_no_derivation():
    model = system("mlp")
    for sizes in plan(model):
        drawn = instance(model, sizes)
        assert true_gradient(drawn, Exact(5)) == symbolic_gradient(derivation("mlp"), drawn, Exact(5))


def test_entries_that_do_not_exist_are_not_zero():
    model = system("mlp")
    unrolled = Unrolled(instance(model, plan(model)[0]), Exact(0))
    with pytest.raises(OutOfRange):
        unrolled.value("z", (1, 1, 1))
    with pytest.raises(OutOfRange):
        unrolled.adjoint("w", (9, 1, 1))


def test_differences_bar():
    def cost(h: float) -> float:
        return (1.5 + h) ** 3

    slope = central(cost, 1e-15)
    assert slope.agrees(6.75) and not slope.agrees(6.7501) and slope.bar < 1e-6


def test_loaded_module_stays_out_of_the_way_and_shows_its_lines():
    made = load("def f():\n    raise ValueError('here')\n", "planted")
    assert "planted" not in sys.modules
    with pytest.raises(ValueError, match="here") as caught:
        made.f()
    assert "raise ValueError('here')" in "".join(traceback.format_exception(caught.value))


def test_code_that_is_blind_to_balls_is_a_black_box_and_says_why():
    plain = "".join(linecache.cache[module("mlp").__file__][2])
    text = plain.replace("a[1] = x ", "a[1] = x * float(np.asarray(x, dtype=float).ndim / 2) ")
    assert text != plain
    checks = check_code(derivation("mlp"), load(text, "blind"), make_cases(derivation("mlp")))
    assert all(c.good for c in checks), [str(c) for c in checks if not c.good][:3]
    reasons = {c.why for c in checks if c.grade == "black box"}
    assert any("TypeError" in why for why in reasons)


def test_broken_derivation_gives_a_certificate_and_no_traceback():
    whole = derivation("mlp")
    certificate = agree(
        whole.system, replace(whole, adjoints=tuple(a for a in whole.adjoints if a.id != "d.b")), module("mlp")
    )
    assert not certificate.good
    assert {"d.b"} <= {getattr(f, "equation", "") for f in certificate.failures}


def test_no_tolerance_in_any_signature():
    for info in pkgutil.walk_packages(verify.__path__, "verify."):
        for _, function in inspect.getmembers(import_module(info.name), inspect.isfunction):
            names = set(inspect.signature(function).parameters)
            assert not names & {"eps", "epsilon", "atol", "rtol", "tol", "tolerance", "delta"}, function


def test_balls_and_oracles_tell_the_same_story():
    model = system("softmax_squared_error")
    sizes = plan(model)[0]
    found = true_gradient(instance(model, sizes), Balls(0))
    derived = symbolic_gradient(derivation("softmax_squared_error"), instance(model, sizes), Balls(0))
    with Balls(0).context():
        assert all(Balls(0).same(derived[entry], value) for entry, value in found.items())


def test_maxima_integer_data_and_stop():
    with Model("gather") as model:
        m, n, p, q = model.sizes("m n p q")
        i, k, j = model.indices("i k j")
        label = model.integers(label=(m,), over=(1, n))
        y = model.data(y=(m, q))
        e, w, c = model.parameters(e=(n, p), w=(q, p), c=(q,))
        z, largest, g = model.variables("z largest g")
        z[i, j] = Sum(w[j, k] * e[label[i], k], k) + c[j]
        largest[i] = Max(z[i, j], j)
        g[i, j] = sympy.exp(z[i, j] - stop(largest[i]))
        model.minimise(Sum((g[i, j] - y[i, j]) ** 2, i, j) / m + Sum(largest[i] ** 2, i) / 2)
    found = derive(model)
    assert not failures(check_steps(found))
    for sizes in plan(model.system):
        drawn = instance(model.system, sizes)
        assert symbolic_gradient(found, drawn, Exact(1)) == true_gradient(drawn, Exact(1))
