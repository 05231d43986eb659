"""The gradient program does not swell: its operations against those of the cost, on arrays that count them."""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from codegen.render import render_module
from derive import System, derive
from verify.instance import instance
from verify.numbers import Balls
from verify.run import Code, load
from verify.sizes import Sizes, draw, plan

GALLERY = Path(__file__).parent.parent / "examples" / "models"
SHAPE_ONLY = {"empty_like", "zeros_like", "ones_like", "reshape", "transpose", "broadcast_to", "moveaxis", "shape"}
MOST = 4
MODELS = (
    "convolution",
    "convolution_2d",
    "contrastive_loss",
    "free_energy",
    "hidden_markov_model",
    "lstm",
    "maxout_network",
    "multi_head_attention",
    "neural_differential_equation",
    "residual_network",
    "strided_convolution",
    "transformer_block",
)


class Counted(np.ndarray):
    """An array whose operations are counted: a product of matrices as such, everything else by its entries."""

    operations = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = [plain(a) for a in inputs]
        result = getattr(ufunc, method)(*arrays, **{k: plain(v) for k, v in options.items()})
        inner = 2 * np.shape(arrays[0])[-1] if ufunc is np.matmul else 1
        Counted.operations += inner * np.size(result if method == "__call__" else arrays[0])
        return counted(result)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        result = function(*plain(inputs), **{k: plain(v) for k, v in options.items()})
        inner = 1
        if function is np.tensordot:
            inner = 2 * math.prod(np.shape(inputs[0])[axis] for axis in np.atleast_1d(inputs[2][0]))
        Counted.operations += 0 if function.__name__ in SHAPE_ONLY else inner * np.size(result)
        return counted(result)


def plain(value: Any) -> Any:
    if isinstance(value, Counted):
        return value.view(np.ndarray)
    return type(value)(map(plain, value)) if isinstance(value, (list, tuple)) else value


def counted(value: Any) -> Any:
    return np.asarray(value).view(Counted) if isinstance(value, (np.ndarray, np.generic)) else value


def operations(function: Callable[..., Any], *inputs: Any, **given: Any) -> int:
    Counted.operations = 0
    function(*inputs, **given)
    return Counted.operations


def large(system: System) -> Sizes:
    """Sizes from 6 to 12, different ones where the facts allow it."""
    dice = Random(0)
    tried = (draw(system, {name: dice.randint(6, 12) for name in system.sizes}, "random", 0) for _ in range(99))
    return next((sizes for sizes in tried if sizes), plan(system)[-1])


def swell(path: Path) -> float:
    """Operations of cost and gradient by those of the cost."""
    derivation = derive(runpy.run_path(str(path))["model"])
    module = load(render_module(derivation, source=path.name, digest="0"), path.stem)
    code = Code.of(module, derivation, Balls(0))
    drawn = instance(derivation.system, large(derivation.system), 1, 127)
    parameters, given = code.arguments(drawn, lambda values: counted(np.array(values, float)))
    cost, gradient = (
        operations(f, parameters, **code.wanted(f, given)) for f in (module._cost, module._cost_and_gradient)
    )
    return gradient / cost


@pytest.mark.parametrize("name", MODELS)
def test_a_gradient_has_at_most_four_times_the_operations_of_its_cost(name: str) -> None:
    assert 1 < swell(GALLERY / f"{name}.py") <= MOST


def test_a_repeated_product_is_seen() -> None:
    x, w = counted(np.ones((9, 7))), counted(np.ones((7, 5)))
    assert operations(lambda: x @ w) == 2 * 9 * 7 * 5
    assert operations(lambda: np.tensordot(x, w, ([1], [0])) + 1) == 2 * 9 * 7 * 5 + 9 * 5
    assert operations(lambda: (x @ w) * (x @ w)) == 4 * 9 * 7 * 5 + 9 * 5
