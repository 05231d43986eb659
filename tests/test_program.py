"""The array program: it prints itself, types itself, and refuses what it cannot compute."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sympy import floor

from codegen.lower import lower
from codegen.program.array import Assign, Contract, Literal, Map, Read, Reduce, Repeat, Span, Turn
from codegen.program.checking import ProgramError
from codegen.program.naming import code_names
from codegen.program.program import Program
from codegen.program.walks import assigns, values
from codegen.render import render_module
from derive import Model, Sum, derive, function
from derive.models.mlp import model as mlp
from derive.models.softmax_classifier import model as softmax_classifier
from derive.values.affine import Affine, Index
from verify.run import load


@pytest.fixture(scope="module")
def program() -> Program:
    return lower(derive(mlp))


def changed(program: Program, section: str, ident: str, **changes: Any) -> Program:
    """The program with one assignment changed."""

    def visit(line: Any) -> Any:
        if isinstance(line, Repeat):
            return replace(line, body=tuple(map(visit, line.body)))
        return replace(line, **changes) if line.id == ident else line

    sections = tuple(replace(s, lines=tuple(map(visit, s.lines))) if s.name == section else s for s in program.sections)
    return replace(program, sections=sections)


def found(program: Program, ident: str) -> Assign:
    return next(a for s in program.sections for a, _ in assigns(s.lines) if a.id == ident)


def test_it_prints_itself(program: Program) -> None:
    text = str(program)
    assert "for l = 2..L - 1 down:" in text
    assert "contract(a[l - 1](i, k), w[l](j, k) over k)" in text
    assert "variable a[l=1..L] (i=1..m, j=1..n(l))" in text
    assert "np." not in text


def test_axes_are_letters_with_symbolic_sizes(program: Program) -> None:
    weights = found(program, "d.w").value
    assert [a.index.name for a in weights.axes] == ["j", "k"]
    products = [v for v in values(weights) if isinstance(v, Contract)]
    assert [x.name for v in products for x in v.over] == ["i"]


def test_sums_over_samples_stay_visible(program: Program) -> None:
    biases = found(program, "d.b").value
    assert isinstance(biases, Reduce) and [x.name for x in biases.over] == ["i"]


def test_a_turned_product_is_no_program(program: Program) -> None:
    line = found(program, "d.w")
    wrong = Turn(line.value, line.value.axes[::-1])
    with pytest.raises(ProgramError, match=r"d\.w: the two sides have axes \(k.*\) and \(j.*\)"):
        changed(program, "gradient", "d.w", value=wrong).check()


def test_two_lengths_of_one_letter_are_no_program(program: Program) -> None:
    line = found(program, "z")
    product = next(v for v in values(line.value) if isinstance(v, Contract))
    assert isinstance(product.right, Read) and isinstance(product.left, Read)
    off = replace(
        product.right,
        picks=tuple(
            replace(p, axis=replace(p.axis, hi=p.axis.hi + 1), stop=p.stop + 1)
            if isinstance(p, Span) and p.axis.index.name == "k"
            else p
            for p in product.right.picks
        ),
    )
    with pytest.raises(ProgramError, match="z: k has two lengths"):
        changed(
            program, "forward", "z", value=Map("+", (replace(product, right=off), Literal(Fraction(0))), product.axes)
        ).check()


def test_reading_what_is_not_computed_is_no_program(program: Program) -> None:
    cost = next(s for s in program.sections if s.name == "cost")
    rest = tuple(s for s in program.sections if s.name != "forward")
    with pytest.raises(ProgramError, match="C: a is read before it is computed"):
        replace(program, sections=(cost, *rest)).check()


def test_a_letter_without_loop_is_no_program(program: Program) -> None:
    line = found(program, "d.b")
    stray = replace(line.target, keys=(Affine.of(Index("q")),))
    with pytest.raises(ProgramError, match=r"d\.b: q stands in a position but no loop runs over it"):
        changed(program, "gradient", "d.b", target=stray).check()


def test_a_missing_key_and_an_unknown_letter_of_a_sum_are_no_program(program: Program) -> None:
    line = found(program, "d.b")
    bad = Reduce("+", replace(next(v for v in values(line.value) if isinstance(v, Read)), keys=()), (Index("i"),))
    with pytest.raises(ProgramError, match="delta has 1 keys and 2 axes"):
        changed(program, "gradient", "d.b", value=bad).check()
    assert isinstance(line.value, Reduce)
    with pytest.raises(ProgramError, match="the sum over q meets"):
        changed(program, "gradient", "d.b", value=replace(line.value, over=(Index("q"),))).check()


def test_the_step_between_layers_is_local_where_nobody_else_reads_it(program: Program) -> None:
    assert program.store("z").local
    assert not program.store("a").local
    assert not lower(derive(softmax_classifier)).store("z").local


def test_lowering_is_repeatable(program: Program) -> None:
    assert str(lower(derive(mlp))) == str(program) == str(lower(derive(mlp)))


def test_names_in_code_keep_away_from_python_and_the_module() -> None:
    with Model("clash") as model:
        m = model.sizes("m")
        i = model.indices("i")
        sum_, rate = model.data(sum=(m,), rate=(m,))
        max_ = model.parameters(max=(m,))
        model.minimise(Sum((max_[i] * rate[i] - sum_[i]) ** 2, i))
    names = code_names(model.system)
    assert (names["sum"], names["rate"], names["max"]) == ("sum_", "rate", "max_")
    text = render_module(derive(model), source="clash.py", digest="-")
    compile(text, "clash.py", "exec")
    assert "def cost(parameters, *, sum_, rate):" in text
    assert "def train(sizes, *, sum_, rate, rate_, epochs," in text


ASIDE = """sizes rate epochs batch_size restarts seed callback best restart start found history shuffled samples size
epoch rows costs batch given key filter input cost forward predict train objective""".split()


@pytest.mark.parametrize("name", ASIDE)
@pytest.mark.parametrize("role", ["data", "parameters", "sizes"])
def test_users_keep_their_names_and_the_training_loop_steps_aside(name: str, role: str) -> None:
    """The same numbers come out as with a name that nothing needs."""
    if (name, role) in {("sizes", "parameters"), ("sizes", "sizes"), ("seed", "sizes")}:
        return  # `initial` needs them
    results = []
    for spelled in (name, "plain"):
        with Model("kept") as model:
            m, n = model.sizes(f"m {spelled if role == 'sizes' else 'n'}")
            i, j = model.indices("i j")
            x, y = model.data(**{spelled if role == "data" else "x": (m, n)}, y=(m,))
            w = model.parameters(**{spelled if role == "parameters" else "w": (n,)})
            b = model.variables("b")
            b[i] = Sum(w[j] * x[i, j], j)
            model.minimise(Sum((b[i] - y[i]) ** 2, i) / m)
        module = load(render_module(derive(model), source="kept.py", digest="-"), "kept")
        x, data = np.arange(12.0).reshape(6, 2) / 9, spelled if role == "data" else "x"
        given = {data: x, "y": np.ones(6)}
        options = {"rate": 0.1, "epochs": 3, "batch_size": 4, "seed": 5, "restarts": 2}
        options = {option + "_" * (option == data): value for option, value in options.items()}
        found, history = module.train({spelled if role == "sizes" else "n": 2}, **given, **options)
        (own,) = found.values()
        J, gradient = module.objective(found, **given)(module.pack(found))
        assert list(found) == [spelled if role == "parameters" else "w"]
        results.append((own.tolist(), history, J, gradient.tolist()))
    assert results[0] == results[1]


def test_parameters_keep_the_names_that_only_training_uses() -> None:
    with Model("kept") as model:
        m = model.sizes("m")
        i = model.indices("i")
        y = model.data(y=(m,))
        theta, start = model.parameters(theta=(m,), start=())
        model.minimise(Sum((theta[i] - start - y[i]) ** 2, i))
    module = load(render_module(derive(model), source="kept.py", digest="-"), "kept")
    parameters = {"theta": np.array([1.0, 2.0]), "start": np.array(0.5)}
    J, gradient = module.objective(parameters, y=np.zeros(2))(module.pack(parameters))
    assert (J, gradient.tolist()) == (2.5, [1.0, 3.0, -4.0])


def test_a_function_named_like_an_elementary_one_does_not_call_itself() -> None:
    import sympy

    tanh = function("tanh", lambda z: 2 * sympy.tanh(z))
    with Model("named") as model:
        m = model.sizes("m")
        i = model.indices("i")
        w = model.parameters(w=(m,))
        model.minimise(Sum(tanh(w[i]), i))
    text = render_module(derive(model), source="named.py", digest="-")
    assert "return 2 * np.tanh(z)" in text


def test_a_size_that_no_array_shows_is_an_argument() -> None:
    with Model("hidden") as model:
        m, q = model.sizes("m q")
        i, k = model.indices("i k")
        w = model.parameters(w=(m,))
        model.minimise(Sum(Sum(w[i], i) ** 2, (k, 1, q)))
    assert "def cost(parameters, *, q):" in render_module(derive(model), source="hidden.py", digest="-")


def test_a_parameter_that_the_objective_reads_in_steps_has_a_zero_gradient() -> None:
    with Model("idle") as model:
        m = model.sizes("m")
        i = model.indices("i")
        w, v = model.parameters(w=(m,), v=(m,))
        z = model.variables("z")
        z[i] = v[i] ** 2
        model.minimise(Sum(w[i] ** 2 + floor(z[i]), i))
    assert "dv = np.full((m,), 0, w.dtype)" in render_module(derive(model), source="idle.py", digest="-")
