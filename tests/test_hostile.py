"""Models that cannot be meant: each is refused by an error that names its line and says what to write."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from derive import Model, ModelError, derive
from derive.values.text import render_expr

HEAD = """
import math
from sympy import *
from derive import *
from derive import Max, Min, Sum, stop
from derive.library import *
"""
BASE = """with Model("plain") as model:
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x, y = model.data(x=(m, n), y=(m,))
    w, b = model.parameters(w=(n,), b=())
    c = model.hyper("c")
    label = model.integers(label=(m,), over=(1, n))
    z, u = model.variables("z u")
"""
PLAIN = BASE.replace("    label = model.integers(label=(m,), over=(1, n))\n", "")  # without data that nothing reads
EQUATION = "    z[i] = Sum(w[k] * x[i, k], k) + b\n"
COST = "Sum((z[i] - y[i]) ** 2, i) / m"


def refused(tmp_path: Path, text: str) -> str:
    """What the error says of this model."""
    file = tmp_path / "plain.py"
    file.write_text(HEAD + text)
    with pytest.raises(ModelError) as caught:
        derive(runpy.run_path(str(file))["model"])
    return str(caught.value)


# added to the cost: what the error says
COSTS = {
    "Sum(w[k] ** 2, k, k)": "index k stands twice in one sum",
    "Max(z[i], i, i)": "index i stands twice in one sum",
    "Sum(w[k], (k, 3, 2))": "the range 3..2 of k is empty",
    "Sum(w[k], (k, n, 1))": "the range n..1 of k runs backwards\n  fix: the lower end comes first: (k, 1, n)",
    "Sum(b * k, (k, 1, 10**12))": "the range 1..1000000000000 of k has 1000000000000 places",
    "Sum(b, 3)": "3 is not an index",
    "Sum(b, (k, 3))": "is not an index",
    "acos(2) * b": "acos(2) is not a real number",
    "acos(2 + b**2)": "is not a real number, whatever its entries are",
    "log(-1 - b**2)": "log(-1 - b**2) is not a real number, whatever its entries are",
    "sqrt(-1 - b**2)": "is not a real number",
    "(b - b) / (b - b)": "division by 0: 1/(b - b)",
    "0**b": "0**b is 0, 1 or no number at all",
    "1e-320 * b": "out of the range of float32",
    "10**400 * b": "the constant 1.00e+400 is out of the range of float32, 1e-37 to 1e+37",
    "1e300 * b**2 * 1e300": "the constant 1.00e+600 is out of the range of float32",
    "(b**2) ** (10**30)": "the exponent 2.00e+30 is too large",
    "(w[1] * b).subs(b, 1)": "SymPy puts nothing for b in w[1]*b",
    "(z[1] ** 2).subs(b, 1)": "SymPy puts nothing for b in z[1]**2",
    "Sum(z[i].subs(i, 2), i)": "SymPy does not see i in z[i]",
    "(w[1] * b).xreplace({b: 1})": "SymPy does not see b in w[1]*b",
    "exp(w[1] * b).replace(b, 1)": "SymPy does not see b in w[1]*b",
    "(b**2).coeff(b)": "SymPy does not see what stands in an entry",
    "(b**2).integrate(b)": "SymPy does not see what stands in an entry",
    "(b**2).series(b, 0, 2)": "SymPy does not see what stands in an entry",
    "(b**2).limit(b, 0)": "SymPy does not see what stands in an entry",
    "(b and w[1])": "b has no truth value",
    "math.exp(b)": "b is a formula and has no number yet",
    "float(b)": "b is a formula and has no number yet",
    "w['k']": "'k' is no place\n  fix: an index, a size, a number",
    "w[True]": "True is no place",
    "Sum(w[k, k], k)": "w has 1 index, not 2\n  fix: write w with 1 index",
    "b + ".join(["exp("] * 150) + "b" + ")" * 150: "formulas stand inside one another",
}

# a line above the equation: what the error says of it
LINES = {
    "v = model.parameters(v=(-3,))": "the axis of -3 places of v is empty",
    "v = model.parameters(v=(0,))": "the axis of 0 places of v is empty",
    "v = model.parameters(v=(n - 3,))": (
        "the axis of n - 3 places of v may be empty\n  fix: declare model.assume(n - 3 >= 1)"
    ),
    "v = model.parameters(v=(10**12,))": "v has an axis of 1000000000000 places",
    "v = model.parameters(v=(c,))": "a shape holds sizes, and c is none",
    "v = model.parameters(v=(n,), over=3)": "over=3 is no range of an index",
    "q = model.integers(q=(m,), over=(n, 1))": "the places n..1 of q may be none",
    "q = model.integers(q=(m,))": "integer data are places, and nothing says which",
    "u.foo = 3": "u has no foo to set",
    "model.objective = b**2": "a model has no objective to set",
    "u[i, i] = z[i]": "index i stands twice on the left side",
    "del u[i]": "an equation of u cannot be taken back",
    "with model.over(k, 1, n): u[i] = z[i]": "model.over states the range of k, which stands in no equation inside",
    "with model.over(i, 1, m), model.over(i, 1, 2): u[i] = z[i]": "the range of i is stated already",
    "with model.over(i, m, 1): u[i] = z[i]": "the range m..1 of i runs backwards",
    "with model.over(i, 1, m): model.minimise(Sum(z[i], i))": "J has no index whose range could be stated",
    "if w: pass": "w has no truth value",
    "if w[1]: pass": "w[1] has no truth value",
    "for q in w: pass": "w has no sequence of entries",
    "len(w)": "w has no length in numbers",
    "int(b)": "b is a formula and has no number yet",
    "f = function('f', lambda z: None)": "the formula of f gives no value",
    "f = function('class', lambda z: z)": "'class' is no function name that can stand in code",
    "f = function('f', lambda z: z if z > 0 else 0)": "z > 0 is true at some entries and false at others",
    "sigmoid(b, 2)": "sigmoid takes 1 argument, not 2",
    "model.assume(n != 3)": "Python computed True before it could be declared",
    "model.assume(n == m)": "Eq(n, m) declares that two sizes are equal",
    "model.assume(True)": "Python computed True",
    "model.assume(Eq(n, -2))": "no sizes satisfy this",
    "model.assume(n >= 5, n <= 3)": "cannot hold together with the facts above",
    "model.assume(n <= 3, n >= 5)": "cannot hold together with the facts above",
    "model.assume(n > m, Eq(n, m))": "cannot hold",
    "model.assume(Eq(n, 2 * n))": "no sizes satisfy this",
    "model.assume(c > 0)": "c > 0 is not a fact about sizes or sums of data\n  fix: L >= 3, or Eq(n(L), n(1)), or",
    "model.assume(y[1] > 0)": "y[1] > 0 is not a fact about sizes or sums of data",
    "model.assume(Eq(Sum(w[k], k), 1))": "w is computed, so nothing can be declared of it",
    "model.error(zz='delta')": "delta is the error of zz, which is not declared",
    "model.error(z='delta', u='delta')": "the name delta is declared twice",
    "model.error(z='delta'); model.error(z='e')": "the error of z has a letter already",
    "model.predict('z')": "'z' is not a value of an equation",
    "model.predict(b); model.predict(b)": "a second prediction",
    "model.alias(G=d(b)); model.alias(G=d(w[k]))": "the alias G is given twice",
    "model.alias(**{'class': d(w[k])})": "'class' is no alias that can stand in code",
}


@pytest.mark.parametrize("term", COSTS)
def test_a_term_is_refused(term: str, tmp_path: Path) -> None:
    text = refused(tmp_path, f"{BASE}{EQUATION}    model.minimise({COST} + {term})\n")
    assert text.startswith("plain.py:16: model.minimise(")
    assert COSTS[term] in text


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_refused(line: str, tmp_path: Path) -> None:
    text = refused(tmp_path, f"{BASE}    {line}\n{EQUATION}    model.minimise({COST})\n")
    assert text.startswith(f"plain.py:15: {line}")
    assert LINES[line] in text


AFTER = ["z[k] = w[k]", "model.assume(n >= 2)", "v = model.sizes('v')", "model.minimise(b)", "model.alias(G=d(b))"]


@pytest.mark.parametrize("line", AFTER)
def test_nothing_is_added_after_the_block(line: str, tmp_path: Path) -> None:
    text = refused(tmp_path, f"{PLAIN}{EQUATION}    model.minimise({COST})\n{line}\n")
    assert text.startswith("plain.py:16") and line in text
    assert "the block of the model plain has ended" in text


def build(tmp_path: Path, text: str) -> Model:
    file = tmp_path / "plain.py"
    file.write_text(HEAD + text)
    model: Model = runpy.run_path(str(file))["model"]
    return model


def test_a_letter_of_the_left_side_may_be_summed_again(tmp_path: Path) -> None:
    lines = "    u[i, k] = exp(z[i] * w[k]) / Sum(exp(z[i] * w[k]), k)\n    model.minimise(Sum(u[i, k] * y[i], i, k))\n"
    value = build(tmp_path, PLAIN + EQUATION + lines).system.equation("u").value
    assert render_expr(value) == "exp(z[i]*w[k])/Sum(exp(z[i]*w[p]), p)"


def test_a_letter_with_a_stated_range_is_not_summed_again(tmp_path: Path) -> None:
    over = "    with model.over(k, 2, n): u[i, k] = exp(z[i] * w[k]) / Sum(exp(z[i] * w[k]), k)\n"
    text = refused(tmp_path, f"{BASE}{EQUATION}{over}    model.minimise(Sum(u[i, k], i, (k, 2, n)))\n")
    assert "index k is bound by the sum and stands on the left side" in text


def test_names_of_helpers_are_free(tmp_path: Path) -> None:
    names = "    d, stop = model.data(d=(m,), stop=(m,))\n"
    cost = "    model.minimise(Sum((z[i] - d[i] - y[i]) ** 2 * stop[i], i))\n"
    assert {"d", "stop"} <= set(build(tmp_path, PLAIN + names + EQUATION + cost).system.by_name)


def test_entries_of_two_models_do_not_meet(tmp_path: Path) -> None:
    second = 'with Model("two") as two:\n    v = two.parameters(v=())\n    two.minimise(v * b)\n'
    text = refused(tmp_path, f"{PLAIN}{EQUATION}    model.minimise({COST})\n{second}")
    assert text.startswith("plain.py:18") and "entries of two models meet" in text


@pytest.mark.parametrize("cost", ["0", "c", "Sum(y[i], i)", "Sum(x[i, k] * y[i], i, k)"])
def test_an_objective_without_parameters_is_refused(cost: str, tmp_path: Path) -> None:
    said = refused(tmp_path, BASE + EQUATION + f"    model.minimise({cost})\n")
    assert "the objective depends on no parameter" in said
    assert f"model.minimise({cost})" in said
