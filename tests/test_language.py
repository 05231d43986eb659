"""What cannot be meant is an error at definition time that names the file, the line, the equation and the fix."""

import runpy
from pathlib import Path

import pytest

from derive import Model, ModelError, Sum, function
from derive.values.text import render_expr, render_range

HEAD = """
from sympy import Eq, Rational, exp, log
from derive import Model, Sum, function, d
f = function("f", lambda z: 1 / (1 + exp(-z)))
with Model("net") as model:
    m, L = model.sizes("m L")
    n = model.width("n")
    i, j, k, l = model.indices("i j k l")
    p = model.indices("p")
    x, y = model.data(x=(m, n(1)), y=(m, n(L)))
    w, b = model.parameters(w=(l, n(l), n(l - 1)), b=(l, n(l)), over=(l, 2, L))
    lam = model.hyper("lam")
    z, a, C = model.variables("z a C")
"""
INPUT = "    a[1, i, k] = x[i, k]\n"
AFFINE = "    z[l, i, j] = Sum(w[l, j, k] * a[l - 1, i, k], k) + b[l, j]\n"
ACTIVATION = "    a[l, i, j] = f(z[l, i, j])\n"
COST = "    C[i] = Sum((a[L, i, j] - y[i, j])**2, j) / 2\n"
GOAL = "    model.minimise(Sum(C[i], i) / m)\n"


def build(tmp_path: Path, *lines: str) -> Model:
    """The model of the head and these lines, from a file of its own."""
    file = tmp_path / "net.py"
    file.write_text(HEAD + "".join(lines))
    return runpy.run_path(str(file))["model"]


WRONG = {
    "two ranges for one index": (
        [INPUT, "    z[l, i, j] = Sum(w[l, j, k] * a[l, i, k], k) + b[l, j]\n", ACTIVATION, COST, GOAL],
        "z[l, i, j] = Sum(w[l, j, k] * a[l, i, k], k)",
        "index k has two ranges",
    ),
    "undeclared size equality": (
        [INPUT, AFFINE, ACTIVATION, COST.replace("y[i, j]", "x[i, j]"), GOAL],
        "C[i]",
        "declare model.assume(Eq(n(L), n(1)))",
    ),
    "unbound index": (
        [INPUT, AFFINE.replace(", k) +", ", k) + a[1, i, k] +"), ACTIVATION, COST, GOAL],
        "z[l, i, j]",
        "index k is neither on the left side nor summed",
    ),
    "unused index in a sum": (
        [INPUT, AFFINE, ACTIVATION, COST, GOAL.replace("Sum(C[i], i)", "Sum(C[i], i, j)")],
        "model.minimise",
        "the sum over j does not use it",
    ),
    "unused index on the left": (
        [INPUT, AFFINE, ACTIVATION, COST.replace("C[i] =", "C[i, k] ="), GOAL.replace("C[i], i", "C[i, k], i, k")],
        "C[i, k]",
        "index k of the left side does not stand on the right side",
    ),
    "gap between regions": (
        [INPUT, AFFINE, "    with model.over(l, 3, L):\n    " + ACTIVATION, COST, GOAL],
        "a[l, i, j] = f(z",
        "the equations of a leave a gap at l = 2",
    ),
    "overlap of regions": (
        [INPUT, AFFINE, ACTIVATION, "    a[L, i, j] = exp(z[L, i, j])\n", COST, GOAL],
        "a[L, i, j] = exp",
        "overlap",
    ),
    "undefined entry": (
        [INPUT, AFFINE.replace(", k) +", ", k) + Sum(a[l - 2, i, p], p) +"), ACTIVATION, COST, GOAL],
        "z[l, i, j]",
        "a[l - 2, i, p] is read at 0..L - 2, but a has 1..L there",
    ),
    "read outside the range": (
        [INPUT, AFFINE, ACTIVATION, COST, "    model.minimise(Sum(C[i], i) / m + b[1, 1])\n"],
        "model.minimise",
        "b[1, 1] is read at 1, but b has 2..L there",
    ),
    "variable without an equation": (
        [INPUT, AFFINE, ACTIVATION, GOAL],
        "model.minimise",
        "C is read but no equation defines it",
    ),
    "cyclic definition": (
        [INPUT, AFFINE.replace(" + b[l, j]", " + b[l, j] + a[l, i, j]"), ACTIVATION, COST, GOAL],
        "z[l, i, j]",
        "need each other at the same place",
    ),
    "division by zero": (
        [INPUT, AFFINE, ACTIVATION, COST, GOAL.replace("/ m", "/ 0")],
        "model.minimise",
        "division by 0",
    ),
    "not a number": (
        [INPUT, AFFINE, ACTIVATION, COST, GOAL.replace("/ m", "* float('nan')")],
        "model.minimise",
        "nan is no number",
    ),
    "a tensor without its indices": (
        [INPUT, AFFINE, ACTIVATION, COST, GOAL.replace("Sum(C[i], i)", "Sum(C[i] * w**2, i)")],
        "model.minimise",
        "C[i]*w**2 has shape (2..L, n(l), n(l - 1)), where a single value is needed",
    ),
    "an imaginary unit": (
        [
            INPUT,
            AFFINE,
            ACTIVATION.replace("f(z[l, i, j])", "f(z[l, i, j]) * Rational(-1) ** Rational(1, 2)"),
            COST,
            GOAL,
        ],
        "a[l, i, j]",
        "ImaginaryUnit is not supported",
    ),
    "a position that is not linear": (
        [INPUT, AFFINE.replace("a[l - 1, i, k]", "a[l * l, i, k]"), ACTIVATION, COST, GOAL],
        "z[l, i, j]",
        "must be linear in indices",
    ),
    "a second objective": ([INPUT, AFFINE, ACTIVATION, COST, GOAL, GOAL], "model.minimise", "a second objective"),
    "wrong rank": (
        [INPUT, AFFINE.replace("b[l, j]", "b[j]"), ACTIVATION, COST, GOAL],
        "z[l, i, j]",
        "b has 2 indices, not 1",
    ),
    "data defined by an equation": (
        [INPUT, "    x[i, j] = y[i, j]\n", AFFINE, ACTIVATION, COST, GOAL],
        "x[i, j]",
        "x is given",
    ),
    "no range": (
        [INPUT, AFFINE, ACTIVATION, COST, "    model.minimise(Sum(C[i], i) / m + Sum(p**2 * lam, p))\n"],
        "model.minimise",
        "nothing gives index p a range",
    ),
}


@pytest.mark.parametrize("case", [c for c in WRONG if WRONG[c][2]])
def test_error_names_line_and_fix(case: str, tmp_path: Path) -> None:
    lines, where, what = WRONG[case]
    with pytest.raises(ModelError) as caught:
        build(tmp_path, *lines)
    text = str(caught.value)
    assert what in text
    assert text.startswith("net.py:") and where in text.split("\n")[0]


@pytest.mark.parametrize("name", ["2w", "w-1", "lambda", "w w", "J", "np", "", "_w", "w;import os"])
def test_names_that_cannot_stand_in_code_are_refused(name: str) -> None:
    with pytest.raises(ModelError), Model("net") as model:
        model.hyper(name)
    with pytest.raises(ModelError):
        function(name + "!", lambda z: z)


def test_ranges_follow_from_where_an_index_stands(tmp_path: Path) -> None:
    system = build(tmp_path, INPUT, AFFINE, ACTIVATION, COST, GOAL).system
    z = system.equation("z")
    assert [f"{b.index.name}={render_range(b.lo, b.hi)}" for b in z.bounds] == ["l=2..L", "i=1..m", "j=1..n(l)"]
    assert [e.id for e in system.equations] == ["a@l=1", "z", "a@l=2..L", "C"]


def test_the_order_of_equations_does_not_matter(tmp_path: Path) -> None:
    forwards = build(tmp_path, INPUT, AFFINE, ACTIVATION, COST, GOAL).system
    backwards = build(tmp_path, GOAL, COST, ACTIVATION, AFFINE, INPUT).system
    assert {e.id: e.value for e in forwards.equations} == {e.id: e.value for e in backwards.equations}


def test_written_order_is_kept(tmp_path: Path) -> None:
    system = build(tmp_path, INPUT, AFFINE, ACTIVATION, COST, GOAL).system
    assert render_expr(system.equation("z").value) == "Sum(w[l, j, k]*a[l - 1, i, k], k) + b[l, j]"
    assert render_expr(system.equation("C").value) == "Sum((a[L, i, j] - y[i, j])**2, j)/2"


def test_two_sums_may_use_one_letter_over_two_ranges(tmp_path: Path) -> None:
    goal = "    model.minimise(Sum(C[i], i) / m + Sum(b[L, j]**2, j) + Sum(b[2, j]**2, j))\n"
    system = build(tmp_path, INPUT, AFFINE, ACTIVATION, COST, goal).system
    assert render_expr(system.objective.value) == "Sum(C[i], i)/m + Sum(b[L, j]**2, j) + Sum(b[2, j]**2, j)"


def test_a_functions_formula_uses_its_arguments_only() -> None:
    with Model("net") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x = model.data(x=(m,))
        p = model.parameters(p=(m,))
        with pytest.raises(ModelError, match=r"the formula of g|not declared"):
            function("g", lambda z: z * x[i])
        model.minimise(Sum(p[i] * x[i], i))


def test_two_functions_of_one_name_are_refused() -> None:
    with Model("net") as model:
        m = model.sizes("m")
        i = model.indices("i")
        p = model.parameters(p=(m,))
        with pytest.raises(ModelError, match="two functions are called g"):
            Sum(function("g", lambda z: z)(p[i]) + function("g", lambda z: z**2)(p[i]), i)
        model.minimise(Sum(p[i] ** 2, i))


def test_a_slot_that_no_letter_fills_gets_a_letter_that_no_tensor_has() -> None:
    """The loop over it would take the place of the tensor in the generated code."""
    with Model("slots") as model:
        n = model.sizes("n")
        b = model.indices("b")
        tensors = [model.parameters(**{name: (n,)}) for name in "pqrstuvwefgh"] + [model.parameters(q1=(n,))]
        model.minimise(sum(Sum(x[n + 1 - b] ** 2, (b, 1, n)) for x in tensors))
    letters = {slot.index.name for tensor in model.system.tensors for slot in tensor.slots}
    assert not letters & {tensor.name for tensor in model.system.tensors}
