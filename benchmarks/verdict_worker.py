"""A process that takes the processor time of what it is asked for, line by line: started by `verdict.py`.

The first argument says whose checks these are, so that a peer may live in an environment of its own.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from verdict_network import (
    ARGUMENTS,
    DECAY,
    WIDTHS,
    central_differences,
    cost,
    flat_cost,
    flat_gradient,
    gradient,
    parts,
    point,
)

Checks = dict[str, Callable[[], Any]]


def ours() -> Checks:
    """Central differences, and the verdicts of gradproof."""
    from derive import derive
    from derive.models.softmax_classifier import model
    from verify.foreign.check import check_gradient

    derivation, given = derive(model), point()
    w2, b2, w3, b3, x, y, _ = given
    at = {"w": {2: w2, 3: w3}, "b": {2: b2, 3: b3}, "x": x, "y": y, "lam": DECAY}
    sizes = {"L": len(WIDTHS)}
    options: dict[str, Any] = {"arguments": ARGUMENTS, "sizes": sizes}
    return {
        "central differences": central_differences,
        "no model, this point": lambda: check_gradient(gradient, cost=cost, at=given, around=False),
        "no model, points around": lambda: check_gradient(gradient, cost=cost, at=given),
        "model, this point": lambda: check_gradient(gradient, against=derivation, at=at, around=False, **options),
        "model, its own points": lambda: check_gradient(gradient, against=derivation, **options),
        "model to be derived": lambda: check_gradient(gradient, against=model, at=at, around=False, **options),
    }


def torch_checks() -> Checks:
    """torch.autograd.gradcheck of a function of one vector."""
    import torch

    torch.set_num_threads(1)
    *parameters, x, y, lam = point()
    vector = torch.cat([torch.tensor(part).ravel() for part in parameters]).requires_grad_()

    class Written(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, v: Any) -> Any:
            ctx.save_for_backward(v)
            return torch.tensor(flat_cost(v.detach().numpy(), x, y, lam), dtype=v.dtype)

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> Any:
            (v,) = ctx.saved_tensors
            return upstream * torch.as_tensor(flat_gradient(v.detach().numpy(), x, y, lam))

    def taped(v: Any) -> Any:
        """The same cost in torch's own operations."""
        w1, b1, w2, b2 = parts_of(v)
        z = torch.tanh(torch.tensor(x) @ w1.T + b1) @ w2.T + b2
        p = torch.log_softmax(z, 1)
        return -(torch.tensor(y) * p).sum() / len(x) + lam / 2 * ((w1**2).sum() + (w2**2).sum())

    def parts_of(v: Any) -> Any:
        shapes = [part.shape for part in parts(vector.detach().numpy())]
        cut = torch.split(v, [torch.Size(shape).numel() for shape in shapes])
        return [part.reshape(shape) for part, shape in zip(cut, shapes, strict=True)]

    check = torch.autograd.gradcheck
    return {
        "torch gradcheck, slow": lambda: check(Written.apply, (vector,)),
        "torch gradcheck, slow, torch's own operations": lambda: check(taped, (vector,)),
        "torch gradcheck, fast": lambda: check(Written.apply, (vector,), fast_mode=True),
    }


def main() -> None:
    warnings.simplefilter("error")
    checks = {"ours": ours, "torch": torch_checks}[sys.argv[1]]()
    print("\t".join(checks), flush=True)
    for line in sys.stdin:
        started = time.process_time()
        if not checks[line.strip()]():
            raise SystemExit(f"{line.strip()} rejects the right gradient")
        print(time.process_time() - started, flush=True)


if __name__ == "__main__":
    main()
