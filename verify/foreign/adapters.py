"""Functions of torch and JAX, and objects in the style of scikit-learn, as functions that `check_gradient` judges.

Nothing is imported here: somebody who has a function of torch has imported torch. What torch and JAX compute is a black
box; floats are float64, which JAX has to be told (`jax.config.update("jax_enable_x64", True)`).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from derive.errors import ModelError
from verify.foreign.source import BLACK_BOX


def of_torch(cost: Callable[..., Any], *by: str) -> Callable[..., Any]:
    """The cost and its gradient by the arguments `by`, as torch finds it: a function, or `Function.apply`.

    ModelError if torch is not imported, if an argument is not known, or if the cost does not depend on one.
    """
    torch = imported("torch")
    names = argument_names(cost, by)

    def gradient(*arguments: Any) -> tuple[Any, ...]:
        tensors = [torch.as_tensor(np.array(a)) if np.ndim(a) else a for a in arguments]
        wanted = [q for q, name in enumerate(names) if name in by]
        for q in wanted:
            tensors[q] = torch.as_tensor(np.array(arguments[q], dtype=float)).requires_grad_()
        value = cost(*tensors)
        value.backward()
        return (value.item(), *(grad_of(tensors[q], names[q]) for q in wanted))

    return signed(gradient, cost, names, "torch computes with floats")


def grad_of(tensor: Any, name: str) -> Any:
    """What backward left at a tensor."""
    if tensor.grad is None:
        raise ModelError(
            f"backward gives nothing for {name}", fix="is it detached, or turned into an array on its way?"
        )
    return tensor.grad.numpy()


def of_jax(cost: Callable[..., Any], *by: str) -> Callable[..., Any]:
    """The cost and its gradient by the arguments `by`, as `jax.value_and_grad` finds it.

    ModelError if JAX is not imported or computes in float32, or if an argument is not known.
    """
    jax = imported("jax")
    names = argument_names(cost, by)
    both = jax.value_and_grad(cost, argnums=tuple(q for q, name in enumerate(names) if name in by))
    if not jax.config.jax_enable_x64:
        raise ModelError("JAX computes in float32", fix='jax.config.update("jax_enable_x64", True)')

    def gradient(*arguments: Any) -> tuple[Any, ...]:
        floats = [np.array(a, dtype=float) if name in by else a for a, name in zip(arguments, names, strict=True)]
        value, found = both(*floats)
        return (float(value), *map(np.asarray, found))

    return signed(gradient, cost, names, "JAX computes with floats")


def of_estimator(make: Callable[..., Any], method: str) -> Callable[..., Any]:
    """A method of an object that keeps `coefs_` and `intercepts_`, lists of arrays, as a function of these.

    `make` makes the object anew for every call; the method returns the cost, the gradients of coefs_ and those of
    intercepts_. Arguments that `make` needs come after those of the method.
    """
    needed = [p.name for p in inspect.signature(make).parameters.values()]
    names = list(inspect.signature(getattr(make(*(1.0 for _ in needed)), method)).parameters)

    def gradient(coefs: Sequence[Any], intercepts: Sequence[Any], *rest: Any) -> Any:
        owner = make(*rest[len(names) :])
        owner.coefs_, owner.intercepts_ = list(coefs), list(intercepts)
        owner.n_layers_, owner.n_outputs_ = len(coefs) + 1, np.shape(coefs[-1])[-1]
        return getattr(owner, method)(*rest[: len(names)])

    return signed(gradient, make, ["coefs", "intercepts", *names, *needed], "its object is made anew for every call")


def imported(name: str) -> Any:
    """A library that the user has imported."""
    if name not in sys.modules:
        raise ModelError(f"{name} is not imported", fix=f"import {name}")
    return sys.modules[name]


def argument_names(function: Callable[..., Any], by: Sequence[str]) -> list[str]:
    """The names of the arguments; of `Function.apply` those of its forward."""
    owner = getattr(function, "__self__", None)
    forward = getattr(owner, "forward", None) if getattr(function, "__name__", "") == "apply" else None
    names = list(inspect.signature(forward or function).parameters)[1 if forward else 0 :]
    unknown = [name for name in by if name not in names]
    if unknown or not by:
        wrong = f"{unknown[0]} is no argument" if unknown else "it is not said by which arguments"
        raise ModelError(f"{wrong}: these are {', '.join(names)}")
    return names


def signed(gradient: Callable[..., Any], of: Any, names: Sequence[str], reason: str) -> Callable[..., Any]:
    """A function with the name of another one, with these arguments, and why it does not run on balls."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    vars(gradient).update({"__signature__": signature, BLACK_BOX: reason})
    gradient.__qualname__ = getattr(of, "__qualname__", type(of).__name__)
    return gradient
