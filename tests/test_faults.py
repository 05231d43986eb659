"""Planted faults: each is put into a derivation or into generated text, caught, and its catcher named."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import pytest
from gradients import symbolic_gradient, true_gradient

from derive import derive
from derive.derivation import Adjoint, Derivation, Step
from derive.values.affine import Affine, Index, Node, Size
from derive.values.binders import Bound, Sum
from derive.values.nodes import Access, Add, Bracket, Call, Expr, Mul, add, mul, number
from derive.values.text import render_expr
from derive.values.walks import transform
from verify.evidence import Evidence, failures
from verify.instance import instance
from verify.numbers import Exact
from verify.sizes import plan
from verify.steps import Bench, check_adjoint, check_steps
from verify.unroll import OutOfRange

Rewrite = Callable[[Expr], Expr]


@cache
def derivation_of(name: str) -> Derivation:
    return derive(importlib.import_module(f"derive.models.{name}").model)


@cache
def bench_of(name: str) -> Bench:
    return Bench(derivation_of(name).system)


# What a fault does to an expression.


def place(text: str) -> Affine:
    """`l - 1`, `L`, `2`."""
    name, sign, shift = re.fullmatch(r"([A-Za-z']*) ?([+-]?) ?(\d*)", text).groups()
    constant = int(shift or 0) * (-1 if sign == "-" else 1)
    return Affine.of(Size(name) if name.isupper() else Index(name)) + constant if name else Affine.of(constant)


def entry(text: str) -> Access:
    """`a[l - 1, i, k]`."""
    name, positions = re.fullmatch(r"([\w.]+)(?:\[(.*)\])?", text).groups()
    return Access(name, tuple(map(place, positions.split(", "))) if positions else ())


def swap(old: str, new: str | Expr) -> Rewrite:
    """Put one entry for another wherever it stands."""
    put = entry(new) if isinstance(new, str) else new
    return lambda expr: transform(expr, lambda node: put if isinstance(node, Access) and node == entry(old) else node)


def without(text: str) -> Rewrite:
    """Leave out the terms and factors that print as `text`."""

    def rewrite(node: Expr) -> Expr:
        if isinstance(node, Add):
            return add(*(t for t in node.terms if render_expr(t) != text))
        if isinstance(node, Mul):
            return mul(number(1), *(f for f in node.factors if render_expr(f) != text))
        return node

    return lambda expr: transform(expr, rewrite)


def times(value: Fraction | int) -> Rewrite:
    """The whole right side times a number."""
    return lambda expr: mul(number(value), expr)


def plus(term: Expr) -> Rewrite:
    """One more term."""
    return lambda expr: add(expr, term)


def negated(text: str) -> Rewrite:
    """The sign of the terms that print as `text`."""
    return lambda expr: transform(
        expr,
        lambda node: (
            add(*(mul(number(-1), t) if render_expr(t) == text else t for t in node.terms))
            if isinstance(node, Add)
            else node
        ),
    )


def within(letter: str, lo: Callable[[Affine], Affine], hi: Callable[[Affine], Affine]) -> Rewrite:
    """Other ends for a summed letter."""

    def rewrite(node: Expr) -> Expr:
        if not isinstance(node, Sum):
            return node
        return Sum(
            node.body, tuple(Bound(b.index, lo(b.lo), hi(b.hi)) if b.index.name == letter else b for b in node.bounds)
        )

    return lambda expr: transform(expr, rewrite)


def called(change: Callable[[Call], Expr]) -> Rewrite:
    """Change every call of a function."""
    return lambda expr: transform(expr, lambda node: change(node) if isinstance(node, Call) else node)


def unguarded(expr: Expr) -> Expr:
    """Forget every condition."""
    return transform(expr, lambda node: number(1) if isinstance(node, Bracket) else node)


def same(value: Affine) -> Affine:
    return value


# Faults of a rule: from one step on, everything that follows is rewritten in the same wrong way.


@dataclass(frozen=True)
class Fault:
    """A rule that went wrong at one step of one equation; `rule` is what must catch it."""

    name: str
    equation: str
    step: int
    rewrite: Rewrite
    rule: str
    model: str = "mlp"


TINY = Fraction(10**12 + 1, 10**12)
FAULTS = (
    Fault(
        "sign of a rule",
        "d.w",
        1,
        negated("Sum(lam*w[l', j', k']*[l' = l]*[j' = j]*[k' = k], l', j', k')"),
        "differentiate",
    ),
    Fault("sign of decay", "d.w", 2, negated("lam*w[l, j, k]"), "sift"),
    Fault("dropped decay", "d.w", 2, without("lam*w[l, j, k]"), "sift"),
    Fault("dropped data term", "d.w", 2, without("Sum(d.z[l, i, j]*a[l - 1, i, k], i)"), "sift"),
    Fault("transposed factor", "d.z@l=2..L - 1", 3, swap("w[l + 1, k, j]", "w[l + 1, j, k]"), "insert"),
    Fault("wrong layer of an activation", "d.w", 2, swap("a[l - 1, i, k]", "a[l, i, k]"), "sift"),
    Fault("wrong layer of a weight", "d.z@l=2..L - 1", 3, swap("w[l + 1, k, j]", "w[l, k, j]"), "insert"),
    Fault("wrong layer of an error", "d.a@l=2..L - 1", 2, swap("d.z[l + 1, i, j']", "d.z[l, i, j']"), "sift"),
    Fault(
        "shift by two",
        "d.a@l=2..L - 1",
        2,
        lambda e: transform(
            e,
            lambda n: (
                Access(n.tensor, (n.at[0] + 1, *n.at[1:]))
                if isinstance(n, Access) and n.at and n.at[0] == place("l + 1")
                else n
            ),
        ),
        "sift",
    ),
    Fault("decay on the bias", "d.b", 2, plus(mul(entry("lam"), entry("b[l, j]"))), "sift"),
    Fault("relative 1e-12", "d.w", 2, times(TINY), "sift"),
    Fault("relative 1e-12 in a law", "d.z@l=L", 5, times(TINY), "law"),
    Fault("missing 1/m", "d.C", 2, lambda e: number(1), "sift"),
    Fault("missing 1/m in BP1", "d.z@l=L", 4, without("1/m"), "insert"),
    Fault("factor 2", "d.a@l=L", 2, times(2), "sift"),
    Fault("missing f'", "d.z@l=L", 2, called(lambda c: number(1) if c.orders == (1,) else c), "sift"),
    Fault("f for f'", "d.z@l=L", 2, called(lambda c: Call(c.function, c.args)), "sift"),
    Fault("f'(a) for f'(z)", "d.z@l=L", 2, swap("z[l, i, j]", "a[l, i, j]"), "sift"),
    Fault(
        "wrong law",
        "d.z@l=2..L - 1",
        4,
        lambda e: transform(
            e, lambda n: add(number(1), entry("a[l, i, j]")) if render_expr(n) == "1 - a[l, i, j]" else n
        ),
        "law",
    ),
    Fault("stale activation", "d.z@l=L", 5, swap("a[L, i, j]", "z[L, i, j]"), "law"),
    Fault("wrong end of a sum", "d.b", 2, within("i", same, lambda hi: hi - 1), "sift"),
    Fault("wrong start of a sum", "d.w", 2, within("i", lambda lo: lo + 1, same), "sift"),
    Fault(
        "sum over another width",
        "d.a@l=2..L - 1",
        4,
        lambda e: transform(
            e,
            lambda n: (
                Sum(n.body, tuple(Bound(b.index, b.lo, substitute_end(b.hi)) for b in n.bounds))
                if isinstance(n, Sum)
                else n
            ),
        ),
        "rename",
    ),
    Fault("wrong index", "d.z@l=L", 4, swap("y[i, j]", "y[i, 1]"), "insert"),
    Fault("wrong data", "d.z@l=L", 4, swap("y[i, j]", "x[i, 1]"), "insert"),
    Fault("prediction for target", "d.z@l=L", 4, swap("y[i, j]", "z[L, i, j]"), "insert"),
    Fault("forgotten condition", "d.a@l=2..L - 1", 2, unguarded, "sift"),
    Fault(
        "diagonal softmax",
        "d.z@l=L",
        1,
        without(
            "Sum(-d.a[L, i', j']*exp(z[L, i', j'])*exp'(z[L, i', k])*[L = l]*[i' = i]*[k = j]"
            "/Sum(exp(z[L, i', k]), k)**2, i', j', k)"
        ),
        "differentiate",
        "softmax_squared_error",
    ),
    Fault("sign of KL", "d.rho_hat", 4, times(-1), "simplify", "sparse_autoencoder"),
    Fault("KL without 1/m", "d.a@l=2", 4, without("1/m"), "insert", "sparse_autoencoder"),
    Fault(
        "KL at every layer",
        "d.a@l=3..L - 1",
        2,
        lambda e: transform(e, lambda n: number(1) if isinstance(n, Bracket) and render_expr(n) == "[2 = l]" else n),
        "sift",
        "sparse_autoencoder",
    ),
    Fault(
        "undeclared fact",
        "d.z@l=L",
        9,
        lambda e: transform(e, lambda n: mul(number(2), n) if render_expr(n) == "a[L, i, j]/m" else n),
        "declared",
        "softmax_classifier",
    ),
)


def substitute_end(hi: Affine) -> Affine:
    """n(l + 1) -> n(l)"""
    values: dict[Node, Affine] = {Index("l"): place("l - 1")}
    body = Access("_", (hi,)).replaced(values)
    assert isinstance(body, Access)
    return body.at[0]


def planted(fault: Fault) -> Derivation:
    """The derivation with the fault in it."""
    derivation = derivation_of(fault.model)
    old = derivation[fault.equation]
    steps = []
    for number_, step in enumerate(old.steps, 1):
        before = fault.rewrite(step.before) if number_ > fault.step else step.before
        after = fault.rewrite(step.after) if number_ >= fault.step else step.after
        steps.append(Step(step.rule, before, after, step.arguments))
    assert steps[fault.step - 1].after != old.steps[fault.step - 1].after, "the fault changes nothing"
    return exchanged(derivation, old, replace(old, steps=tuple(steps), value=fault.rewrite(old.value)))


def exchanged(derivation: Derivation, old: Adjoint, *new: Adjoint) -> Derivation:
    adjoints = tuple(b for a in derivation.adjoints for b in (new if a is old else (a,)))
    return replace(derivation, adjoints=adjoints)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_wrong_step_is_caught_where_it_was_made(fault):
    found = failures(tuple(check_adjoint(planted(fault)[fault.equation], bench_of(fault.model))))
    first = found[0]
    assert (first.equation, first.number, first.rule) == (fault.equation, fault.step, fault.rule), found
    assert first.where and first.before != first.after


def in_the_gradient(fault: Fault) -> bool:
    """Does the fault change an equation that is computed, and that others read?"""
    old = derivation_of(fault.model)[fault.equation]
    return fault.equation.split("@")[0] in ("d.z", "d.w", "d.b") and fault.rewrite(old.value) != old.value


@pytest.mark.parametrize("fault", list(filter(in_the_gradient, FAULTS)), ids=lambda f: f.name)
def test_wrong_gradient_is_caught_without_its_steps(fault):
    mutant = planted(fault)
    assert any(differs(mutant, sizes) for sizes in plan(mutant.system))


def differs(mutant: Derivation, sizes) -> bool:
    drawn = instance(mutant.system, sizes)
    try:
        return symbolic_gradient(mutant, drawn, Exact(1)) != true_gradient(drawn, Exact(1))
    except OutOfRange:
        return True


def only(evidence: tuple[Evidence, ...]) -> Evidence:
    found = failures(evidence)
    assert len(found) == 1, found
    return found[0]


# Faults of the records.


@pytest.mark.parametrize("name", ["mlp", "softmax_squared_error", "sparse_autoencoder"])
def test_the_right_derivation_passes(name):
    assert not failures(check_steps(derivation_of(name)))


def test_value_that_no_step_led_to():
    derivation = derivation_of("mlp")
    old = derivation["d.b"]
    found = only(check_steps(exchanged(derivation, old, replace(old, value=mul(number(2), old.value)))))
    assert (found.equation, found.rule) == ("d.b", "chain of steps")


def test_steps_that_do_not_hang_together():
    derivation = derivation_of("mlp")
    old = derivation["d.w"]
    first, second = old.steps
    torn = (first, replace(second, before=mul(number(2), second.before), after=mul(number(2), second.after)))
    found = failures(check_steps(exchanged(derivation, old, replace(old, steps=torn, value=torn[1].after))))
    assert [f.rule for f in found] == ["chain of steps"]


def test_use_that_the_chain_rule_forgot():
    derivation = derivation_of("mlp")
    old = derivation["d.w"]
    steps = tuple(replace(s, before=s.before.terms[0], after=s.after.terms[0]) for s in old.steps)
    found = only(check_steps(exchanged(derivation, old, replace(old, steps=steps, value=steps[-1].after))))
    assert (found.equation, found.number, found.rule) == ("d.w", 0, "chain rule")


@pytest.mark.parametrize(("lo", "hi"), [("3", "L"), ("2", "L - 1")])
def test_region_with_a_gap(lo, hi):
    derivation = derivation_of("mlp")
    old = derivation["d.w"]
    bounds = (Bound(Index("l"), place(lo), place(hi)), *old.bounds[1:])
    found = failures(check_steps(exchanged(derivation, old, replace(old, bounds=bounds))))
    assert ("d.w", "regions") in [(f.equation, f.rule) for f in found]


def test_region_that_overlaps():
    derivation = derivation_of("mlp")
    old = derivation["d.b"]
    found = failures(check_steps(exchanged(derivation, old, old, old)))
    assert ("d.b", "regions") in [(f.equation, f.rule) for f in found]


def test_region_that_is_too_large():
    derivation = derivation_of("mlp")
    old = derivation["d.z@l=2..L - 1"]
    bounds = (Bound(Index("l"), place("2"), place("L")), *old.bounds[1:])
    found = failures(check_steps(exchanged(derivation, old, replace(old, bounds=bounds))))
    assert (found[0].equation, found[0].rule) == (old.id, "insert")


def test_region_that_no_size_reaches():
    derivation = derivation_of("mlp")
    old = derivation["d.b"]
    nowhere = (Bound(Index("l"), place("L + 1"), place("L")), *old.bounds[1:])
    found = failures(check_steps(exchanged(derivation, old, old, replace(old, id="d.b@nowhere", bounds=nowhere))))
    assert {f.grade for f in found} == {"not visited"}


def test_missing_equation():
    derivation = derivation_of("mlp")
    found = failures(check_steps(exchanged(derivation, derivation["d.b"])))
    assert [(f.equation, f.rule) for f in found] == [("d.b", "regions")]
