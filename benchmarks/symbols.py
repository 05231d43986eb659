"""Time to derive and to generate, against the number of equations: `python benchmarks/symbols.py`.

Processor time of one process, so that a busy machine does not count. The rows are chains of linear and tanh equations,
and stacks of transformer blocks, each equation written out.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sympy import exp, sqrt, tanh

from codegen.render import render_module
from derive import Model, Sum, derive

REPEATS = 3


def chain(equations: int) -> Model:
    """z = w a + b and a = tanh(z) in turn, all with names of their own."""
    with Model("chain") as model:
        m, n = model.sizes("m n")
        i, j, k = model.indices("i j k")
        x = model.data(x=(m, n))
        w = model.parameters(**{f"w{q}": (n, n) for q in range(0, equations - 1, 2)})
        a = model.variables(" ".join(f"a{q}" for q in range(equations - 1)))
        for q in range(equations - 1):
            below = a[q - 1] if q else x
            a[q][i, j] = tanh(below[i, j]) if q % 2 else Sum(w[q // 2][j, k] * below[i, k], k)
        model.minimise(Sum(a[-1][i, j] ** 2, i, j) / m)
    return model


def transformer(blocks: int) -> Model:
    """Self-attention, layer norm, a hidden layer, layer norm: 15 equations a block."""
    with Model("transformer") as model:
        T, n, p = model.sizes("T n p")
        t, u, j, k, e = model.indices("t u j k e")
        x, y = model.data(x=(T, n), y=(T, n))
        eps = model.hyper("eps")
        below = x
        for q in range(blocks):
            Q, K, V, O = model.parameters(**{f"{name}{q}": (n, n) for name in "QKVO"})
            U, W, g, h = model.parameters(**{f"U{q}": (p, n), f"W{q}": (n, p), f"g{q}": (n,), f"h{q}": (n,)})
            names = "q k v s a c r mu va o f F mw vw z".split()
            a = dict(zip(names, model.variables(" ".join(f"{name}{q}_" for name in names)), strict=True))
            for name, weight in (("q", Q), ("k", K), ("v", V)):
                a[name][t, j] = Sum(weight[j, k] * below[t, k], k)
            a["s"][t, u] = Sum(a["q"][t, e] * a["k"][u, e], e) / sqrt(n)
            a["a"][t, u] = exp(a["s"][t, u]) / Sum(exp(a["s"][t, e]), e)
            a["c"][t, j] = Sum(a["a"][t, u] * a["v"][u, j], u)
            a["r"][t, j] = below[t, j] + Sum(O[j, e] * a["c"][t, e], e)
            a["mu"][t] = Sum(a["r"][t, j], j) / n
            a["va"][t] = Sum((a["r"][t, j] - a["mu"][t]) ** 2, j) / n
            a["o"][t, j] = g[j] * (a["r"][t, j] - a["mu"][t]) / sqrt(a["va"][t] + eps**2)
            a["f"][t, e] = tanh(Sum(U[e, k] * a["o"][t, k], k))
            a["F"][t, j] = a["o"][t, j] + Sum(W[j, e] * a["f"][t, e], e)
            a["mw"][t] = Sum(a["F"][t, j], j) / n
            a["vw"][t] = Sum((a["F"][t, j] - a["mw"][t]) ** 2, j) / n
            a["z"][t, j] = h[j] * (a["F"][t, j] - a["mw"][t]) / sqrt(a["vw"][t] + eps**2)
            below = a["z"]
        model.minimise(Sum((below[t, j] - y[t, j]) ** 2, t, j) / T)
    return model


def times(make: Callable[[], Model]) -> tuple[float, float, float]:
    """Seconds for the language, the derivation and the code."""
    start = time.process_time()
    model = make()
    stated = time.process_time()
    derivation = derive(model)
    derived = time.process_time()
    render_module(derivation, source="model.py", digest="0")
    return stated - start, derived - stated, time.process_time() - derived


def main() -> None:
    """Print the table."""
    rows = [(f"chain of {n} equations", lambda n=n: chain(n)) for n in (5, 20, 60, 200)]
    rows += [(f"transformer, {15 * n} equations", lambda n=n: transformer(n)) for n in (1, 4, 12)]
    print(f"{'seconds of processor time':30} {'language':>9} {'derive':>9} {'generate':>9} {'together':>9}")
    for name, make in rows:
        best = min((times(make) for _ in range(REPEATS)), key=sum)
        print(f"{name:30} " + " ".join(f"{value:9.3f}" for value in (*best, sum(best))))


if __name__ == "__main__":
    main()
