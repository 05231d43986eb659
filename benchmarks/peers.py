"""Gradient checkers of other projects, with their defaults, on the corpus of hand-written gradients.

Each is the real library, fed as its users feed it: the NumPy code of the corpus becomes a function of one vector with a
derivative of its own, a `torch.autograd.Function` or a `jax.custom_vjp`, or a pair of functions for SciPy.
"""

from __future__ import annotations

import runpy
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from corpus import Code, Point
from corpus.points import trained
from corpus.records import blocks, with_blocks

import gradproof
from derive import derive
from derive.derivation import Derivation

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Flat:
    """Cost and gradient of an implementation as functions of one vector of all trained entries."""

    code: Code
    point: Point

    @cached_property
    def start(self) -> dict[str, Any]:
        """The trained blocks at the point."""
        right = Code(self.code.implementation).run(self.point.values)
        return blocks(self.point.values, trained(right.gradient))

    @cached_property
    def vector(self) -> Any:
        """The point."""
        return np.concatenate([np.ravel(block) for block in self.start.values()])

    def values(self, vector: Any) -> dict[str, Any]:
        """The values with the vector in place of the trained blocks."""
        cuts = np.cumsum([np.size(block) for block in self.start.values()])[:-1]
        parts = zip(self.start.items(), np.split(np.asarray(vector), cuts), strict=True)
        return with_blocks(self.point.values, {name: part.reshape(np.shape(old)).copy() for (name, old), part in parts})

    def cost(self, vector: Any) -> float:
        return self.code.run(self.values(vector)).cost

    def gradient(self, vector: Any) -> Any:
        found = self.code.run(self.values(vector)).gradient
        return np.concatenate([np.ravel(found[name]) for name in self.start])


def torch_gradcheck(flat: Flat, fast: bool) -> bool:
    """torch.autograd.gradcheck; double backward calls show state, since each computes the gradient again."""
    import torch

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            with torch.enable_grad():  # the user's code may be torch itself
                return torch.tensor(flat.cost(x.detach().numpy()), dtype=x.dtype)

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> Any:
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                found = flat.gradient(x.detach().numpy())
            return upstream * torch.as_tensor(found).to(x.dtype)

    torch.manual_seed(0)
    x = torch.tensor(flat.vector, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of single precision, which fails as the warning says
        return bool(torch.autograd.gradcheck(Wrapped.apply, (x,), raise_exception=False, fast_mode=fast))


def jax_check_grads(flat: Flat) -> bool:
    """jax.test_util.check_grads in reverse mode, 64 bits switched on."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    if flat.code.mistake is None:  # a new point; what was compiled for others is never used again
        jax.clear_caches()
    x = jax.numpy.asarray(flat.vector)
    scalar, vector = jax.ShapeDtypeStruct((), x.dtype), jax.ShapeDtypeStruct(x.shape, x.dtype)

    @jax.custom_vjp
    def f(x: Any) -> Any:
        return jax.pure_callback(lambda v: np.asarray(flat.cost(v), scalar.dtype), scalar, x)

    def backward(x: Any, upstream: Any) -> tuple[Any]:
        return (upstream * jax.pure_callback(lambda v: np.asarray(flat.gradient(v), vector.dtype), vector, x),)

    f.defvjp(lambda x: (f(x), x), backward)
    try:
        check_grads(f, (x,), order=1, modes=("rev",))
    except AssertionError:
        return False
    return True


def scipy_check_grad(flat: Flat) -> bool:
    """scipy.optimize.check_grad, which has no verdict: below 1e-6, as its users ask."""
    from scipy.optimize import check_grad

    return bool(check_grad(flat.cost, flat.gradient, flat.vector) < 1e-6)


@cache
def derived(model: str) -> Derivation:
    """The derivation of a model file."""
    return derive(runpy.run_path(str(ROOT / model))["model"])


def check_gradient(code: Code, point: Point) -> bool:
    """gradproof.check_gradient against the model, at the same point only, without its diagnosis: others have none."""
    one = code.implementation
    cost = code.names[one.cost] if one.cost else None
    arguments, returns = one.arguments, one.gradient
    against, at = derived(one.model), point.values
    function = code.names[one.function]
    with patch("verify.foreign.check.diagnose", return_value=()):
        verdict = gradproof.check_gradient(
            function, against=against, cost=cost, arguments=arguments, returns=returns, at=at, around=False
        )
    return verdict.good


@dataclass(frozen=True)
class Checker:
    """A row of the benchmark. `accepts(code, point)` says whether the gradient passes; an exception is a rejection."""

    name: str
    needs: str
    accepts: Callable[[Code, Point], bool]


CHECKERS = (
    Checker("gradproof check_gradient", "gradproof", check_gradient),
    Checker("torch gradcheck", "torch", lambda code, point: torch_gradcheck(Flat(code, point), False)),
    Checker("torch gradcheck, fast", "torch", lambda code, point: torch_gradcheck(Flat(code, point), True)),
    Checker("jax check_grads, 64 bits", "jax", lambda code, point: jax_check_grads(Flat(code, point))),
    Checker("scipy check_grad < 1e-6", "scipy", lambda code, point: scipy_check_grad(Flat(code, point))),
)
