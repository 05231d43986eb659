"""Sizes, constants, maxima, integer data, ragged data and stacked convolutions in code."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from models import system
from sympy import log, pi, sqrt

from codegen.render import render_module
from derive import Model, Sum, derive
from derive.higher import hessian_vector


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
