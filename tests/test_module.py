"""Generated modules: what a user of one file meets."""

from __future__ import annotations

import importlib
import inspect
import warnings
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy
from jinja2 import UndefinedError
from processes import output_of
from scipy.optimize import minimize

from codegen import render
from codegen.render import fill, render_module
from derive import Max, Model, Refused, Sum, derive, function, library
from derive.language.functions import Function
from derive.library import activations

MODELS = (
    "mlp",
    "mlp_tanh",
    "regression",
    "sigmoid_cross_entropy",
    "softmax_classifier",
    "softmax_squared_error",
    "sparse_autoencoder",
    "theorems",
)
PLAIN = tuple(name for name in MODELS if name != "theorems")
HYPER = {"lam": 0.1, "beta": 0.3, "rho": 0.1, "low": -1.0, "high": 2.0}
ROOT = Path(render.__file__).parents[1]


def text_of(name: str) -> str:
    model = importlib.import_module(f"derive.models.{name}").model
    return render_module(derive(model), source=f"derive/models/{name}.py", digest="0" * 8)


@pytest.fixture(scope="module")
def modules() -> dict[str, ModuleType]:
    made = {}
    for name in MODELS:
        made[name] = ModuleType(name)
        exec(compile(text_of(name), f"{name}.py", "exec"), made[name].__dict__)
    return made


def arguments(module: ModuleType, sizes: tuple[int, ...], m: int = 5, dtype: Any = np.float64) -> dict[str, Any]:
    """Random data that fits the sizes, and numbers."""
    random = np.random.default_rng(1)
    names = [n for n in inspect.signature(module.cost).parameters if n != "parameters"]
    found: dict[str, Any] = {n: HYPER[n] for n in names if n in HYPER}
    if "x" in names:
        found["x"] = random.random((m, sizes[0])).astype(dtype)
    if "y" in names:
        found["y"] = np.eye(sizes[-1])[random.integers(0, sizes[-1], m)].astype(dtype)
    return found


def sizes_for(name: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The autoencoder gives back what it gets."""
    return (*(sizes if len(sizes) > 2 else (*sizes, 2))[:-1], sizes[0]) if name == "sparse_autoencoder" else sizes


@pytest.mark.parametrize("sizes", [(3, 3, 1), (1, 1), (3, 3, 3), (2, 3, 1, 4, 2), (4, 3, 3, 3)], ids=str)
@pytest.mark.parametrize("name", PLAIN)
def test_gradient_agrees_with_differences(modules: dict[str, ModuleType], name: str, sizes: tuple[int, ...]) -> None:
    module, sizes = modules[name], sizes_for(name, sizes)
    for m in (1, 4):
        parameters, given = module.initial(sizes, seed=2), arguments(module, sizes, m)
        objective, theta = module.objective(parameters, **given), None
        theta = module.pack(parameters)
        _, gradient = objective(theta)
        for q in range(len(theta)):
            step = np.zeros_like(theta)
            step[q] = 1e-5
            slope = (objective(theta + step)[0] - objective(theta - step)[0]) / 2e-5
            assert abs(slope - gradient[q]) < 1e-8, (q, slope, gradient[q])


def naive(parameters: dict[str, Any], x: Any, y: Any, lam: float) -> tuple[float, dict[str, Any]]:
    """The network of the notes with a loop for every index."""
    w, b = parameters["w"], parameters["b"]
    L, m = max(w), len(x)
    f = lambda z: 1 / (1 + np.exp(-z))
    dw = {l: lam * w[l] for l in w}
    db = {l: 0 * b[l] for l in b}
    J = lam / 2 * sum((w[l] ** 2).sum() for l in w)
    for i in range(m):
        a = {1: x[i]}
        for l in range(2, L + 1):
            a[l] = np.array(
                [f(sum(w[l][j, k] * a[l - 1][k] for k in range(w[l].shape[1])) + b[l][j]) for j in range(w[l].shape[0])]
            )
        J += ((a[L] - y[i]) ** 2).sum() / 2 / m
        delta = (a[L] - y[i]) * a[L] * (1 - a[L])
        for l in range(L, 1, -1):
            for j in range(w[l].shape[0]):
                db[l][j] = db[l][j] + delta[j] / m
                for k in range(w[l].shape[1]):
                    dw[l][j, k] += delta[j] * a[l - 1][k] / m
            delta = np.array([sum(delta[j] * w[l][j, k] for j in range(w[l].shape[0])) for k in range(w[l].shape[1])])
            delta = delta * a[l - 1] * (1 - a[l - 1])
    return J, {"w": dw, "b": db}


@pytest.mark.parametrize("sizes", [(3, 1), (3, 3, 1), (1, 1, 1, 1), (2, 3, 1, 4, 2), (3, 3, 3)], ids=str)
@pytest.mark.parametrize("m", [1, 4])
def test_kernel_agrees_with_loops(modules: dict[str, ModuleType], sizes: tuple[int, ...], m: int) -> None:
    module = modules["mlp"]
    parameters, given = module.initial(sizes, seed=7), arguments(module, sizes, m)
    J, gradient = module.cost_and_gradient(parameters, **given)
    expected, slopes = naive(parameters, **given)
    assert pytest.approx(expected, rel=1e-13) == J
    assert module.cost(parameters, **given) == J
    for name in ("w", "b"):
        for l, slope in slopes[name].items():
            np.testing.assert_allclose(gradient[name][l], slope, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("depth", [2, 12, 50])
def test_one_module_runs_at_every_depth(modules: dict[str, ModuleType], depth: int) -> None:
    sizes = (3,) * depth
    J, gradient = modules["mlp"].cost_and_gradient(modules["mlp"].initial(sizes), **arguments(modules["mlp"], sizes))
    assert np.isfinite(J)
    assert list(gradient["w"]) == list(range(2, depth + 1))


@pytest.mark.parametrize("name", PLAIN)
def test_float32_stays_float32(modules: dict[str, ModuleType], name: str) -> None:
    module, sizes = modules[name], sizes_for(name, (3, 4, 2))
    parameters, given = module.initial(sizes, dtype=np.float32), arguments(module, sizes, dtype=np.float32)
    given |= {n: np.float64(v) for n, v in given.items() if n in HYPER}
    J, gradient = module.cost_and_gradient(parameters, **given)
    arrays = [array for entry in gradient.values() for array in entry.values()]
    assert {np.asarray(v).dtype for v in (J, *arrays)} == {np.dtype(np.float32)}
    trained, _ = module.train(sizes, **given, rate=0.1, epochs=2, batch_size=2)
    assert trained["w"][2].dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e2, 1e4])
@pytest.mark.parametrize("name", PLAIN)
def test_large_activations_are_finite_without_warnings(
    modules: dict[str, ModuleType], name: str, scale: float, dtype: Any
) -> None:
    module, sizes = modules[name], (2, 3, 2)
    given = arguments(module, sizes, dtype=dtype)
    given["x"] = np.ones_like(given["x"])
    parameters = module.initial(sizes, dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for sign in (1, -1):
            for l in (2, 3):
                parameters["b"][l] = (sign * scale * (-1) ** np.arange(sizes[l - 1])).astype(dtype)
            J, gradient = module.cost_and_gradient(parameters, **given)
            assert np.isfinite(J)
            assert np.isfinite(module.pack(gradient)).all()


WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "shape of x": (lambda p, g: g.update(x=g["x"][:, :2]), ValueError, r"x has n\(1\) = 2, but w\[2\] has n\(1\) = 3"),
    "axes of x": (lambda p, g: g.update(x=g["x"][0]), ValueError, r"x must have the axes \(m, n\(1\)\)"),
    "samples": (lambda p, g: g.update(y=g["y"][:2]), ValueError, "y has m = 2, but x has m = 5"),
    "integers": (lambda p, g: g.update(x=g["x"].astype(int)), TypeError, "x must be float32 or float64, not int64"),
    "mixed": (
        lambda p, g: g.update(y=g["y"].astype(np.float32)),
        TypeError,
        "y is float32, but the parameters are float64",
    ),
    "a list": (lambda p, g: g.update(x=g["x"].tolist()), TypeError, "x must be a NumPy array, not list"),
    "none": (lambda p, g: g.update(y=None), TypeError, "y must be a NumPy array, not NoneType"),
    "not a number": (lambda p, g: g["x"].__setitem__((0, 0), np.nan), ValueError, "x has NaN or infinite entries"),
    "infinite weight": (lambda p, g: p["w"][3].__setitem__((0, 0), np.inf), ValueError, r"w\[3\] has NaN or infinite"),
    "empty batch": (lambda p, g: g.update(x=g["x"][:0], y=g["y"][:0]), ValueError, "x is empty: m = 0"),
    "missing layer": (lambda p, g: p["b"].pop(2), ValueError, r"b must be a dict with the keys \[2, 3\], not \[3\]"),
    "layer from 0": (
        lambda p, g: p.update(w={0: p["w"][2], 1: p["w"][3]}),
        ValueError,
        "L must be at least 2, but w gives 1",
    ),
    "layers in a list": (lambda p, g: p.update(w=list(p["w"].values())), ValueError, "w must be a dict of arrays"),
    "missing parameter": (lambda p, g: p.pop("b"), ValueError, "parameters must be a dict with the keys"),
    "extra parameter": (lambda p, g: p.update(c=1), ValueError, "parameters must be a dict with the keys"),
    "weights": (
        lambda p, g: p["w"].update({2: p["w"][2].T[:2]}),
        ValueError,
        r"w\[3\] has n\(2\) = 4, but w\[2\] has n\(2\) = 2",
    ),
    "decay": (lambda p, g: g.update(lam=np.inf), ValueError, "lam must be a finite number, not inf"),
    "decay as text": (lambda p, g: g.update(lam="0.1"), ValueError, "lam must be a finite number, not '0.1'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_errors_name_the_argument(modules: dict[str, ModuleType], what: str) -> None:
    spoil, kind, message = WRONG[what]
    module, sizes = modules["mlp"], (3, 4, 1)
    parameters, given = module.initial(sizes), arguments(module, sizes)
    spoil(parameters, given)
    for called in (module.cost, module.cost_and_gradient):
        with pytest.raises(kind, match=message):
            called(parameters, **given)
    with pytest.raises(kind, match=message):
        module.train(sizes, **given, rate=0.1, epochs=1, parameters=parameters)


@pytest.mark.parametrize(("sizes", "message"), [((3,), "at least 2"), ((3, 0, 1), "positive"), ((), "at least 2")])
def test_sizes_are_checked(modules: dict[str, ModuleType], sizes: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        modules["mlp"].initial(sizes)
    with pytest.raises(ValueError, match=r"n\(L\) = n\(1\)"):
        modules["sparse_autoencoder"].initial((4, 2, 3))


def test_initial_is_random_and_scaled(modules: dict[str, ModuleType]) -> None:
    initial = modules["mlp"].initial
    one, two, other = initial((400, 50, 3), 1), initial((400, 50, 3), 1), initial((400, 50, 3), 2)
    assert (one["w"][2] == two["w"][2]).all()
    assert not (one["w"][2] == other["w"][2]).any()
    assert one["w"][2].std() == pytest.approx(400**-0.5, rel=0.05)
    assert len(set(one["b"][2])) == 50


def test_predict_cuts_scales_back_and_takes_the_largest(modules: dict[str, ModuleType]) -> None:
    sizes = (2, 3, 2)
    for name, module in modules.items():
        if name in ("theorems", "sparse_autoencoder"):
            continue
        parameters, given = module.initial(sizes), arguments(module, sizes)
        names = [n for n in inspect.signature(module.predict).parameters if n != "parameters"]
        found = module.predict(parameters, **{n: given[n] for n in names})
        a = module.forward(parameters, x=given["x"])["a"][3]
        if name.startswith("softmax"):
            assert (found == a.argmax(axis=1)).all()
        elif name == "regression":
            np.testing.assert_allclose(found, -1 + 3 * a)
        else:
            assert (found == (a > (0 if name == "mlp_tanh" else 0.5))).all()


def test_training_by_batches_restarts_and_history(modules: dict[str, ModuleType]) -> None:
    module, sizes = modules["mlp"], (2, 3, 1)
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    given = {"x": x, "y": x[:, :1] * x[:, 1:], "lam": 1e-4}
    seen: list[tuple[int, float]] = []
    full, history = module.train(sizes, **given, rate=2.0, epochs=300, callback=lambda e, J, p: seen.append((e, J)))
    assert history == [J for _, J in seen] and len(history) == 300 and history[-1] < history[0] / 2
    batched, costs = module.train(sizes, **given, rate=1.0, epochs=50, batch_size=3, seed=4)
    again, same = module.train(sizes, **given, rate=1.0, epochs=50, batch_size=3, seed=4)
    assert costs == same and (batched["w"][2] == again["w"][2]).all()
    single = [module.cost(module.train(sizes, **given, rate=1.0, epochs=20, seed=s)[0], **given) for s in range(4)]
    best, _ = module.train(sizes, **given, rate=1.0, epochs=20, restarts=4)
    assert module.cost(best, **given) == min(single)
    stopped, short = module.train(sizes, **given, rate=1.0, epochs=20, callback=lambda e, J, p: e == 3)
    assert len(short) == 3
    assert (full["w"][2] != stopped["w"][2]).all()


def test_one_full_batch_step_is_the_update_rule(modules: dict[str, ModuleType]) -> None:
    module, sizes = modules["mlp"], (2, 3, 1)
    start, given = module.initial(sizes), arguments(module, sizes)
    _, gradient = module.cost_and_gradient(start, **given)
    moved, _ = module.train(sizes, **given, rate=0.5, epochs=1, parameters=start)
    np.testing.assert_array_equal(moved["w"][2], start["w"][2] - 0.5 * gradient["w"][2])
    batch = {**given, "x": given["x"][:2], "y": given["y"][:2]}
    decay = module.cost(start, **batch) - module.cost(start, **{**batch, "lam": 0.0})
    assert decay == pytest.approx(0.05 * sum((w**2).sum() for w in start["w"].values()))


@pytest.mark.parametrize("name", ["mlp", "sparse_autoencoder", "softmax_classifier"])
def test_scipy_minimises_in_one_line(modules: dict[str, ModuleType], name: str) -> None:
    module, sizes = modules[name], (3, 2, 3)
    p, given = module.initial(sizes), arguments(module, sizes)
    found = minimize(module.objective(p, **given), module.pack(p), jac=True, method="L-BFGS-B")
    assert found.fun < module.cost(p, **given)
    assert module.cost(module.unpack(found.x, p), **given) == pytest.approx(found.fun)
    with pytest.raises(ValueError, match="theta must have"):
        module.unpack(found.x[:-1], p)


def test_symbolic_functions_and_costs_are_given_by_name(modules: dict[str, ModuleType]) -> None:
    module, sizes = modules["theorems"], (3, 4, 2)
    p = module.initial(sizes)
    given = {"x": np.arange(3.0), "y": np.arange(2.0), "f": np.tanh, "C": lambda a, y: ((a - y) ** 2).sum() / 2}
    whole = {**given, "f_prime": lambda z: 1 - np.tanh(z) ** 2, "C_prime": lambda a, y: a - y}
    J, gradient = module.cost_and_gradient(p, **whole)
    assert module.cost(p, **given) == J
    step = 1e-6
    p["w"][2][1, 2] += step
    assert (module.cost(p, **given) - J) / step == pytest.approx(gradient["w"][2][1, 2], rel=1e-4)
    _, history = module.train(sizes, **whole, rate=0.1, epochs=5)
    assert history[-1] < history[0]
    assert "f_prime" in module.__doc__


@pytest.mark.parametrize("name", MODELS)
def test_module_reads_like_the_notes(name: str) -> None:
    text = text_of(name)
    lines = text.splitlines()
    assert lines[0] == f"# Generated by gradproof from derive/models/{name}.py; do not edit."
    assert lines[1] == "# equations 00000000"
    assert len(lines) < 320
    assert max(map(len, lines)) <= 120
    start, end = (
        lines.index(next(s for s in lines if s.startswith("def _forward"))),
        lines.index(next(s for s in lines if s.startswith("def forward"))),
    )
    assert end - start <= 60
    computed = [
        s
        for s in lines[start:end]
        if " = " in s
        and "parameters[" not in s
        and ".shape" not in s
        and not s.endswith("{}")
        and "_forward(" not in s
        and "_cost(" not in s
        and "max(w)" not in s
    ]
    whole = [s for s in computed if s.count("(") == s.count(")")]
    assert all("  # " in s or lines[lines.index(s) - 1].lstrip().startswith("# ") for s in whole)
    assert [s for s in lines if s.startswith(("import", "from"))] == ["import numpy as np"]
    assert not any(s != s.rstrip() for s in lines)
    assert "\n\n\n\n" not in text and text.endswith("\n") and not text.endswith("\n\n")


@pytest.mark.parametrize("name", ["softmax_classifier", "sparse_autoencoder"])
def test_text_is_the_same_under_every_hash_seed(name: str) -> None:
    code = (
        f"import derive.models.{name} as m; from derive import derive; from codegen.render import render_module; "
        f"print(render_module(derive(m.model), source='m.py', digest='d'))"
    )
    assert len({output_of(code, seed) for seed in ("0", "1", "2")}) == 1


def test_templates_are_strict_in_both_directions() -> None:
    blocks = {"like": "x", "check_start": "", "cost_found": "", "kernel_found": "", "train_head": "def train():"}
    assert "def train" in fill("train_whole.py.jinja", blocks)
    with pytest.raises(KeyError, match="extra"):
        fill("train_whole.py.jinja", {**blocks, "extra": ""})
    with pytest.raises((KeyError, UndefinedError), match="like"):
        fill("train_whole.py.jinja", {k: v for k, v in blocks.items() if k != "like"})


def test_templates_hold_no_logic() -> None:
    for path in sorted((Path(render.__file__).parent / "templates").glob("*.py.jinja")):
        assert "{%" not in path.read_text("utf-8"), path.name


ACTIVATIONS = {name: row for name, row in vars(activations).items() if isinstance(row, Function)}


@pytest.mark.parametrize("row", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_activation_of_the_library(row: str, dtype: Any) -> None:
    extra = [Fraction(1, 8)] * (len(ACTIVATIONS[row].arguments) - 1)
    with Model(row) as model:
        m, p = model.sizes("m p")
        i, j = model.indices("i j")
        x = model.data(x=(m, p))
        w = model.parameters(w=(p,))
        z, a = model.variables("z a")
        z[i, j] = x[i, j] * w[j]
        a[i, j] = getattr(library, row)(z[i, j], *extra)
        model.minimise(Sum(a[i, j] ** 2, i, j) / m)
        model.predict(a[i, j])
    module = ModuleType(row)
    exec(render_module(derive(model), source="m.py", digest="d"), module.__dict__)
    x, p = np.random.default_rng(0).normal(size=(5, 4)).astype(dtype), {"w": np.arange(1, 5).astype(dtype)}
    J, gradient = module.cost_and_gradient(p, x=x)
    assert J.dtype == gradient["w"].dtype == dtype
    if dtype == np.float64:
        for q in range(4):
            step = np.eye(4)[q] * 1e-6
            slope = (module.cost({"w": p["w"] + step}, x=x) - module.cost({"w": p["w"] - step}, x=x)) / 2e-6
            assert slope == pytest.approx(gradient["w"][q], rel=1e-6, abs=1e-8)
    big = np.array([[1e4, -1e4, 1e2, -1e2]], dtype=dtype)
    assert np.isfinite(module.predict({"w": np.ones(4, dtype)}, x=big)).all()


def test_a_function_without_numpy_form_is_refused() -> None:
    dilogarithm = function("dilogarithm", lambda z: sympy.polylog(2, z))
    with Model("dilogarithm_model") as model:
        m = model.sizes("m")
        i = model.indices("i")
        x = model.data(x=(m,))
        w = model.parameters(w=(m,))
        model.minimise(Sum(w[i] * dilogarithm(x[i]), i))
    with pytest.raises(Refused, match="has no NumPy form"):
        render_module(derive(model), source="m.py", digest="d")


def test_declared_equal_widths_are_checked(modules: dict[str, ModuleType]) -> None:
    module = modules["sparse_autoencoder"]
    parameters, given = module.initial((4, 2, 4)), arguments(module, (4, 2, 4))
    parameters["w"][3], parameters["b"][3] = parameters["w"][3][:1], parameters["b"][3][:1]
    with pytest.raises(ValueError, match=r"w\[3\] has n\(1\) = 1, but w\[2\] has n\(1\) = 4"):
        module.cost(parameters, **given)


def coupled() -> Model:
    """A cost that couples all outputs: log-sum-exp and the root of a sum, with a number that only functions see."""
    with Model("coupled") as model:
        m, p, q = model.sizes("m p q")
        i, j, k = model.indices("i j k")
        x, y = model.data(x=(m, p), y=(m, q))
        w = model.parameters(w=(q, p))
        rho = model.hyper("rho")
        z, C = model.variables("z C")
        z[i, j] = Sum(w[j, k] * x[i, k], k)
        C[i] = sympy.log(Sum(sympy.exp(2 * z[i, j]), j)) / 2 + sympy.sqrt(1 + Sum((z[i, j] - y[i, j]) ** 2, j))
        model.minimise(Sum(C[i], i) * sympy.log(1 + rho) / m + sympy.sqrt(rho) * Sum(w[j, k] ** 2, j, k))
    return model


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_cost_that_couples_all_outputs(dtype: Any) -> None:
    module = ModuleType("coupled")
    exec(render_module(derive(coupled()), source="m.py", digest="d"), module.__dict__)
    given = {"x": np.random.default_rng(0).normal(size=(4, 3)).astype(dtype), "rho": 0.3}
    given["y"] = given["x"][:, :2] ** 2
    p = module.initial({"p": 3, "q": 2}, dtype=dtype)
    J, gradient = module.cost_and_gradient(p, **given)
    assert J.dtype == gradient["w"].dtype == dtype
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, steep = module.cost_and_gradient({"w": 1e4 * p["w"]}, **given)
        assert np.isfinite(steep["w"]).all()
    if dtype == np.float64:
        at, theta = module.objective(p, **given), module.pack(p)
        slopes = [(at(theta + e)[0] - at(theta - e)[0]) / 2e-6 for e in 1e-6 * np.eye(6)]
        np.testing.assert_allclose(module.pack(gradient), slopes, rtol=1e-6)


@pytest.mark.parametrize("row", ["hinge", "absolute", "huber"])
def test_costs_with_kinks_keep_float32(row: str) -> None:
    with Model(row) as model:
        m, p = model.sizes("m p")
        i, j = model.indices("i j")
        x, y = model.data(x=(m, p), y=(m, p))
        w = model.parameters(w=(p,))
        c = model.hyper("c")
        z = model.variables("z")
        z[i, j] = x[i, j] * w[j]
        extra = (c,) if row == "huber" else ()
        model.minimise(Sum(getattr(library, row)(z[i, j], y[i, j], *extra), i, j) / m + c * Sum(library.l1(w[j]), j))
    module = ModuleType(row)
    exec(render_module(derive(model), source="m.py", digest="d"), module.__dict__)
    x, y = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    J, gradient = module.cost_and_gradient({"w": np.ones(3, np.float32)}, x=x, y=y, c=0.5)
    assert J.dtype == gradient["w"].dtype == np.float32


def executed(model: Model) -> ModuleType:
    module = ModuleType(model.name)
    exec(render_module(derive(model), source="m.py", digest="d"), module.__dict__)
    return module


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constants_take_the_type_of_the_parameters(dtype: Any) -> None:
    with Model("constant") as model:
        p = model.sizes("p")
        i = model.indices("i")
        x = model.data(x=(p,))
        steps = model.parameters(steps=())
        c, v, w = model.parameters(c=(), v=(p,), w=(p,))
        y = model.variables("y")
        y[()] = 2
        model.minimise(
            3 * c
            + Sum(v[i], i)
            + Sum(x[i] * w[i], i)
            + library.huber(y[()], 2, 1) * library.sigmoid(p)
            + sympy.floor(steps)
        )
    parameters = {"steps": dtype(1), "c": dtype(2), "v": np.ones(3, dtype), "w": np.ones(3, dtype)}
    J, gradient = executed(model).cost_and_gradient(parameters, x=np.ones(3, dtype))
    assert J.dtype == dtype
    assert J == 13
    assert {name: (g.dtype, g.shape, g.max()) for name, g in gradient.items()} == {
        "steps": (dtype, (), 0),
        "c": (dtype, (), 3),
        "v": (dtype, (3,), 1),
        "w": (dtype, (3,), 1),
    }


def test_functions_that_are_constant_keep_their_axes() -> None:
    with Model("constant_functions") as model:
        p = model.sizes("p")
        i = model.indices("i")
        w, b = model.parameters(w=(p,), b=())
        z = model.variables("z")
        z[i] = w[i] - w[i]
        model.minimise(Sum(w[i] ** 2, i) + b * Sum(sympy.log(3 + z[i] ** 2), i) + Sum(sympy.log(1 + z[i] ** 2), i))
    J, gradient = executed(model).cost_and_gradient({"w": np.ones(4), "b": np.float64(1)})
    assert np.isclose(J, 4 + 4 * np.log(3))
    assert np.isclose(gradient["b"], 4 * np.log(3))
    np.testing.assert_array_equal(gradient["w"], 2)


def test_softmax_of_a_diagonal() -> None:
    with Model("diagonal") as model:
        p = model.sizes("p")
        i = model.indices("i")
        x = model.data(x=(p,))
        w = model.parameters(w=(p, p))
        model.minimise(Sum(library.softmax(w[i, i], i) * x[i], i))
    w, x = np.random.default_rng(0).normal(size=(3, 3)), np.array([1.0, 2.0, 4.0])
    J, gradient = executed(model).cost_and_gradient({"w": w}, x=x)
    share = np.exp(np.diag(w)) / np.exp(np.diag(w)).sum()
    assert np.isclose(J, share @ x)
    np.testing.assert_allclose(gradient["w"], np.diag(share * (x - share @ x)), atol=1e-15)
    assert np.isfinite(executed(model).cost({"w": 1e3 * w}, x=x))


def test_functions_of_an_extreme_entry_stay_apart() -> None:
    with Model("largest") as model:
        m, p = model.sizes("m p")
        i, j = model.indices("i j")
        x = model.data(x=(m, p))
        w = model.parameters(w=(p,))
        z = model.variables("z")
        z[j] = Max(x[i, j], i)
        model.minimise(Sum(sympy.log(z[j] ** 2 + 1) * w[j], j))
    x = np.random.default_rng(0).normal(size=(4, 3))
    _, gradient = executed(model).cost_and_gradient({"w": np.ones(3)}, x=x)
    np.testing.assert_allclose(gradient["w"], np.log(x.max(axis=0) ** 2 + 1))
