"""Sizes, constants, maxima, integer data, ragged data and stacked convolutions in code."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from models import system
from sympy import Piecewise, Rational, asinh, exp, log, pi, sqrt, tanh

from codegen.module.breaking import broken
from codegen.render import render_module
from derive import Max, Min, Model, Sum, derive, stop
from derive.higher import hessian_vector
from derive.library import sigmoid, softmax


def loaded(model: Any) -> tuple[ModuleType, str]:
    """The module of a model and its text."""
    text = render_module(derive(model), source="model.py", digest="-")
    module = ModuleType("generated")
    exec(compile(text, "generated", "exec"), module.__dict__)
    return module, text


def leaves(tree: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(name, key, array) of every parameter."""
    return [(n, k, a) for n, e in tree.items() for k, a in (e.items() if isinstance(e, dict) else [(None, e)])]


def slopes_agree(module: ModuleType, parameters: dict[str, Any], given: dict[str, Any]) -> None:
    """The gradient is that of central differences, and float32 stays float32."""
    _, gradient = module.cost_and_gradient(parameters, **given)
    for name, key, array in leaves(parameters):
        slope = gradient[name] if key is None else gradient[name][key]
        assert np.shape(slope) == np.shape(array)
        for place in np.ndindex(np.shape(array)):
            costs = []
            for h in (1e-6, -1e-6):
                moved = np.array(array)
                moved[place] += h
                changed = moved if key is None else {**parameters[name], key: moved}
                costs.append(module.cost({**parameters, name: changed}, **given))
            assert np.asarray(slope)[place] == pytest.approx((costs[0] - costs[1]) / 2e-6, rel=1e-5, abs=1e-7), name
    small = {n: narrowed(e) for n, e in parameters.items()}
    J, gradient = module.cost_and_gradient(small, **{n: narrowed(e) for n, e in given.items()})
    assert J.dtype == np.float32
    assert all(slope.dtype == np.float32 for _, _, slope in leaves(gradient))


def narrowed(value: Any) -> Any:
    """The same in float32; integers stay."""
    if isinstance(value, dict):
        return {k: narrowed(v) for k, v in value.items()}
    return value.astype(np.float32) if np.issubdtype(np.asarray(value).dtype, np.floating) else value


def drawn(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def test_constants_and_roots_of_sizes_are_plain_numbers() -> None:
    with Model("scaled") as model:
        m, n = model.sizes("m n")
        i, k = model.indices("i k")
        x = model.data(x=(m, n))
        w, c = model.parameters(w=(n,), c=())
        value = Sum(w[k] * x[i, k], k) / sqrt(n) + c * log(2) * sqrt(pi) / n
        model.minimise(Sum(value**2, i) / m)
    module, text = loaded(model)
    assert "math.sqrt(n)" in text and "math.log(2)" in text and "np.log(2)" not in text
    slopes_agree(module, {"w": drawn(3), "c": np.float64(0.5)}, {"x": drawn(4, 3)})
    slopes_agree(module, {"w": drawn(3), "c": np.array(0.5)}, {"x": drawn(4, 3)})
    first = module.initial({"n": 3}, dtype=np.float32)
    assert first["c"].dtype == np.float32 and first["c"].shape == ()
    theta = module.pack(first)
    assert theta.shape == (4,) and module.unpack(theta, first)["c"] == first["c"]
    found, history = module.train({"n": 3}, x=drawn(4, 3), rate=0.01, epochs=5)
    assert history[-1] < history[0] and np.shape(found["c"]) == ()


def test_ragged_data_are_checked_by_name() -> None:
    module, _ = loaded(hessian_vector(system("mlp")))
    parameters = module.initial((2, 3, 1))
    given = {"x": drawn(4, 2), "y": drawn(4, 1), "lam": np.float64(0.1)}
    directions = {f"direction_{n}": {k: drawn(*a.shape) for k, a in e.items()} for n, e in parameters.items()}
    slopes_agree(module, parameters, {**given, **directions})
    with pytest.raises(ValueError, match="direction_w must be a dict with the keys"):
        module.cost_and_gradient(parameters, **given, **{**directions, "direction_w": {2: drawn(3, 2)}})
    wide = {**directions["direction_w"], 3: drawn(1, 4)}
    with pytest.raises(ValueError, match=r"direction_w\[3\] has n\(2\) = 4"):
        module.cost_and_gradient(parameters, **given, **{**directions, "direction_w": wide})


def embedding() -> Model:
    """Rows chosen by integer data, and the negative log-likelihood of labels."""
    with Model("embedding") as model:
        m, v, n, p = model.sizes("m v n p")
        i, j, k = model.indices("i j k")
        word = model.integers(word=(m,), over=(1, v))
        y = model.integers(y=(m,), over=(1, p))
        E, W = model.parameters(E=(v, n), W=(p, n))
        z = model.variables("z")
        z[i, j] = Sum(W[j, k] * E[word[i], k], k)
        model.minimise(Sum(log(Sum(exp(z[i, j]), j)) - z[i, y[i]], i) / m)
    return model


def test_integer_data_choose_rows_and_columns() -> None:
    module, text = loaded(embedding())
    assert "E[word]" in text and "z[np.arange(m), y]" in text and "_scattered(word, " in text
    parameters = {"E": drawn(5, 3), "W": drawn(4, 3, seed=1)}
    word, y = np.array([0, 4, 4, 2, 0, 0]), np.array([3, 0, 1, 1, 2, 3], dtype=np.uint8)
    slopes_agree(module, parameters, {"word": word, "y": y})
    z = parameters["E"][word] @ parameters["W"].T
    expected = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(6), y])
    assert module.cost(parameters, word=word, y=y) == pytest.approx(expected, rel=1e-12)
    found, history = module.train({"v": 5, "n": 3, "p": 4}, word=word, y=y, rate=0.5, epochs=30, batch_size=2)
    assert history[-1] < history[0] and found["E"].shape == (5, 3)


@pytest.mark.parametrize(
    ("word", "error", "message"),
    [
        (np.array([0, 5]), ValueError, r"word must hold integers 0\.\.4, but has 0\.\.5"),
        (np.array([-1, 2]), ValueError, r"word must hold integers 0\.\.4, but has -1\.\.2"),
        (np.array([0.0, 2.0]), TypeError, "word must hold integers, not float64"),
        ([0, 2], TypeError, "word must be a NumPy array, not list"),
        (np.array([0, 2, 1]), ValueError, "y has m = 2, but word has m = 3"),
        (np.array([[0, 2]]), ValueError, r"word must have the axes \(m\)"),
    ],
)
def test_integer_data_are_checked_by_name(word: Any, error: type[Exception], message: str) -> None:
    module, _ = loaded(embedding())
    with pytest.raises(error, match=message):
        module.cost({"E": drawn(5, 3), "W": drawn(4, 3)}, word=word, y=np.array([0, 1]))


def test_places_in_a_grid() -> None:
    """Two places in one entry, one of them with two indices, and a count of how often a place is meant."""
    with Model("grid") as model:
        m, t, v, w = model.sizes("m t v w")
        i, s, q, r = model.indices("i s q r")
        one = model.integers(one=(m, t), over=(1, v))
        two = model.integers(two=(m,), over=(1, w))
        x = model.data(x=(m, t))
        A, b = model.parameters(A=(v, w), b=(v,))
        u = model.variables("u")
        u[i, s] = A[one[i, s], two[i]] * x[i, s] + b[one[i, s]]
        model.minimise(Sum(u[i, s] ** 2, i, s) / m + Sum(A[q, r] ** 4, q, r) + Sum(b[one[i, s]] ** 3, i, s))
    module, _ = loaded(model)
    given = {"one": np.array([[0, 1, 2], [2, 2, 2]]), "two": np.array([1, 0]), "x": drawn(2, 3)}
    slopes_agree(module, {"A": drawn(3, 2), "b": drawn(3)}, given)


def test_largest_entries_and_stopped_values() -> None:
    with Model("largest") as model:
        m, n, p = model.sizes("m n p")
        i, j, k = model.indices("i j k")
        x = model.data(x=(m, n))
        W = model.parameters(W=(p, n))
        z, a, c = model.variables("z a c")
        z[i, j] = Sum(W[j, k] * x[i, k], k)
        a[i] = Max(z[i, j], j)
        c[j] = Min(z[i, j] ** 2, i)
        model.minimise(Sum(a[i] ** 2, i) / m + Sum(c[j], j) + Sum(Max(0, z[i, j]), i, j))
    module, text = loaded(model)
    assert ".max(axis=1)" in text and ".argmax(axis=1, keepdims=True) == np.arange(p)" in text
    slopes_agree(module, {"W": drawn(3, 2)}, {"x": drawn(4, 2, seed=1)})


def test_stop_keeps_the_value_and_no_slope() -> None:
    with Model("stopped") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x = model.data(x=(m,))
        w = model.parameters(w=(m,))
        model.minimise(Sum(stop(w[i]) * w[i] * x[i], i))
    module, _ = loaded(model)
    w, x = drawn(3), drawn(3, seed=1)
    J, gradient = module.cost_and_gradient({"w": w}, x=x)
    assert pytest.approx(w @ (w * x)) == J
    assert gradient["w"] == pytest.approx(w * x)


def test_largest_in_a_window() -> None:
    with Model("window") as model:
        m, N, F = model.sizes("m N F")
        i, t, s = model.indices("i t s")
        model.assume(N >= F)
        x = model.data(x=(m, N))
        w, f = model.parameters(w=(N,), f=(F,))
        u, c = model.variables("u c")
        u[i, t] = x[i, t] * w[t]
        with model.over(t, 1, N - F + 1):
            c[i, t] = Max(u[i, t + s - 1] + f[s], s)
        model.minimise(Sum(c[i, t] ** 2, i, t))
    module, text = loaded(model)
    assert "np.max([" in text
    slopes_agree(module, {"w": drawn(5), "f": drawn(2)}, {"x": drawn(3, 5, seed=1)})


def stacked() -> Model:
    """Two convolutions, the second with channels."""
    with Model("stacked") as model:
        m, T, F, G, p, q = model.sizes("m T F G p q")
        i, t, s, j, k = model.indices("i t s j k")
        model.assume(T >= F + G)
        x = model.data(x=(m, T))
        w, v = model.parameters(w=(F, p), v=(G, p, q))
        a, b = model.variables("a b")
        with model.over(t, 1, T - F + 1):
            a[i, t, j] = Sum(w[s, j] * x[i, t + s - 1], s) ** 2
        with model.over(t, 1, T - F - G + 2):
            b[i, t, k] = Sum(v[s, j, k] * a[i, t + s - 1, j], s, j)
        model.minimise(Sum(b[i, t, k] ** 2, i, t, k) / m)
    return model


def test_stacked_convolutions_are_loops_over_taps() -> None:
    module, text = loaded(stacked())
    assert "np.pad(" in text and "for t in range" not in text
    slopes_agree(module, {"w": drawn(2, 2), "v": drawn(3, 2, 2)}, {"x": drawn(2, 7, seed=1)})


def test_one_place_without_an_index() -> None:
    with Model("one") as model:
        n, p = model.sizes("n p")
        j, k = model.indices("j k")
        r = model.integers(r=(), over=(1, n))
        x = model.data(x=(p,))
        w = model.parameters(w=(n, p))
        model.minimise((Sum(w[r, k] * x[k], k) - 1) ** 2 + Sum(w[j, k] ** 4, j, k))
    module, _ = loaded(model)
    for place in (2, np.array(0), np.int32(1)):
        slopes_agree(module, {"w": drawn(3, 2)}, {"r": place, "x": drawn(2, seed=1)})
    with pytest.raises(ValueError, match=r"r must hold integers 0\.\.2"):
        module.cost({"w": drawn(3, 2)}, r=3, x=drawn(2))


def test_long_lines_keep_positions_and_ranges_whole() -> None:
    text = "sum(v[s - 1] * np.pad(db, ((0, 0), (s - 1, G - s))) for s in range(1, G + 1)) * (a_long_name + another_one)"
    assert [row.strip() for row in broken("da = ", text)] == ["da = " + text[: text.index(" + an")], "+ another_one)"]
    text = "sum(v[s - 1] * np.pad(db_of_a_layer, ((0, 0), (s - 1, G - s))) for s in range(1, G - another_size + 1))"
    assert broken("da = ", text)[1] == " " * 9 + "for s in range(1, G - another_size + 1))"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_sum_exp_inside_the_objective_is_shifted(dtype: type) -> None:
    module, _ = loaded(embedding())
    parameters = {"E": np.full((3, 2), 100, dtype=dtype), "W": np.array([[50, 50], [-50, -50]], dtype=dtype)}
    word, y = np.array([0, 2]), np.array([0, 1])
    with np.errstate(all="raise", under="ignore"):
        J, gradient = module.cost_and_gradient(parameters, word=word, y=y)
    assert np.isclose(J, 1e4)  # logits 1e4 and -1e4: one sample right, one wrong by 2e4
    assert np.isfinite(gradient["W"]).all()
    assert J.dtype == dtype


def test_an_extreme_of_something_that_grows_with_the_row_is_not_shifted() -> None:
    with Model("smallest") as model:
        m, n = model.sizes("m n")
        i, j = model.indices("i j")
        v = model.parameters(v=(m, n))
        model.minimise(Min(1 / Sum(exp(v[i, j]), j), i) + Sum(1 / Sum(exp(v[i, j]), j), i))
    module, _ = loaded(model)
    v = drawn(3, 4)
    inverse = 1 / np.exp(v).sum(axis=1)
    assert module.cost({"v": v}) == pytest.approx(inverse.min() + inverse.sum(), rel=1e-12)


def test_a_logarithm_of_a_row_inside_a_logarithm_keeps_its_largest_value() -> None:
    with Model("nested") as model:
        m, n = model.sizes("m n")
        i, j = model.indices("i j")
        v = model.parameters(v=(m, n))
        model.minimise(log(1 + Sum(log(Sum(exp(v[i, j]), i)) ** 2, j)))
    module, _ = loaded(model)
    v = drawn(3, 4)
    assert module.cost({"v": v}) == pytest.approx(np.log(1 + (np.log(np.exp(v).sum(axis=0)) ** 2).sum()), rel=1e-12)
    slopes_agree(module, {"v": v}, {})


def test_a_softmax_runs_over_the_range_of_its_index() -> None:
    with Model("parts") as model:
        m, n = model.sizes("m n")
        i, j = model.indices("i j")
        model.assume(n >= 2)
        v = model.parameters(v=(m, n))
        a = model.variables("a")
        with model.over(j, 2, n):
            a[i, j] = softmax(v[i, j], j)
        model.minimise(Sum(a[i, j] ** 2, i, (j, 2, n)) + Sum(softmax(v[i, j], j) ** 3, i, (j, 1, n - 1)))
    module, _ = loaded(model)
    v = drawn(3, 4)
    e = np.exp(v)
    upper, lower = e[:, 1:] / e[:, 1:].sum(axis=1)[:, None], e[:, :-1] / e[:, :-1].sum(axis=1)[:, None]
    assert module.cost({"v": v}) == pytest.approx((upper**2).sum() + (lower**3).sum(), rel=1e-12)
    slopes_agree(module, {"v": v}, {})


def test_a_branch_is_chosen_by_a_piecewise() -> None:
    with Model("chosen") as model:
        n = model.sizes("n")
        i = model.indices("i")
        q, r = model.parameters(q=(n,), r=(n,))
        b = model.parameters(b=())
        limit = Piecewise((b, q[i] > r[i]), (b**2, True))
        single = Piecewise((q[i], b > 0), (q[i] ** 2, True))
        model.minimise(
            Sum(Piecewise((q[i], limit <= Rational(1, 3)), (r[i] ** 2, True)), i)
            + Sum(Piecewise((r[i], single <= Rational(1, 3)), (q[i] ** 3, True)), i)
        )
    module, _ = loaded(model)
    q, r = drawn(6), drawn(6, seed=1)
    for b in (-0.7, 0.5, 0.9):
        limit, single = np.where(q > r, b, b**2), q if b > 0 else q**2
        wanted = np.where(limit <= 1 / 3, q, r**2).sum() + np.where(single <= 1 / 3, r, q**3).sum()
        parameters = {"q": q, "r": r, "b": np.float64(b)}
        assert module.cost(parameters) == pytest.approx(wanted, rel=1e-12)
        slopes_agree(module, parameters, {})


def test_a_row_chosen_by_a_maximum_is_no_row_of_the_letter_that_chooses_it() -> None:
    with Model("chosen_row") as model:
        m, n = model.sizes("m n")
        i, j, k = model.indices("i j k")
        v = model.parameters(v=(m,))
        x = model.data(x=(n, n))
        a = model.variables("a")
        a[i, j] = Max(softmax(v[i] * x[k, j], j), k)
        model.minimise(Sum(a[i, j] ** 2, i, j))
    module, _ = loaded(model)
    slopes_agree(module, {"v": drawn(3)}, {"x": drawn(4, 4)})


def test_maxima_of_two_and_of_three_values_stand_in_one_model() -> None:
    with Model("several") as model:
        n = model.sizes("n")
        i = model.indices("i")
        u, v, w = model.parameters(u=(n,), v=(n,), w=(n,))
        model.minimise(Sum(Max(0, u[i]) * Max(Max(u[i], v[i] ** 2), w[i]) + Min(u[i], v[i], 0) ** 2, i))
    module, _ = loaded(model)
    parameters = {"u": drawn(9), "v": drawn(9, seed=1), "w": drawn(9, seed=2)}
    u, v, w = parameters.values()
    wanted = np.maximum(0, u) * np.maximum(np.maximum(u, v**2), w) + np.minimum(np.minimum(u, v), 0) ** 2
    assert module.cost(parameters) == pytest.approx(wanted.sum(), rel=1e-12)
    slopes_agree(module, parameters, {})


def test_a_sum_in_a_sum_has_letters_of_its_own() -> None:
    with Model("letters") as model:
        m, n, p = model.sizes("m n p")
        i, j = model.indices("i j")
        u, v, x = model.parameters(u=(m, n), v=(p,), x=(p, m))
        model.minimise(Sum(u[i, j] ** 2, i, j) + Sum(Sum(x[j, i] * v[j], j), i) ** 2)
    module, _ = loaded(model)
    parameters = {"u": drawn(2, 3), "v": drawn(4, seed=1), "x": drawn(4, 2, seed=2)}
    u, v, x = parameters.values()
    assert module.cost(parameters) == pytest.approx((u**2).sum() + (v @ x).sum() ** 2, rel=1e-12)
    slopes_agree(module, parameters, {})


def test_a_loop_does_not_join_one_that_writes_other_columns_later() -> None:
    with Model("columns") as model:
        n = model.sizes("n")
        e, p, L, k = model.indices("e p L k")
        r = model.parameters(r=(n, n))
        u, E, C = model.variables("u E C")
        u[e, L] = tanh(2 * r[L, e])
        E[p, e] = sigmoid(r[e, e] * r[p, e]) * Sum(u[p, k], k)
        C[L] = asinh(1 / (2 + tanh(r[L, L])))
        model.minimise(Sum(E[L, p] ** 2, L, p) + Sum(C[p] ** 3, p))
    module, _ = loaded(model)
    slopes_agree(module, {"r": drawn(3, 3)}, {})
