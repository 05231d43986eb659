"""More blocks of random models: attention, coupled recurrences, chains of products, tied weights, strides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from grammar_blocks import gather, layers, recurrence, windows
from grammar_views import View, read

if TYPE_CHECKING:
    from grammar import Grammar

GATES = ("sigmoid({})", "tanh({})", "softplus({})", "swish({})", "atan({})")
SHAPED = (
    "softplus({1} * ({0}))",
    "swish({1} * ({0}))",
    "elu({0}, {1})",
    "tanh({1} * ({0})) / (1 + {1}**2)",
    "Piecewise(({0}, {0} > 0), ({1} * ({0}), True))",
    "exp(-({0})**2 * (1 + {1}**2))",
    "(1 + ({0})**2)**{1}",
)
COMPARED = (
    "Piecewise((1, {0} > {1}), (0, True))",
    "Piecewise((1, {0} <= {1}), (-1, True))",
    "Piecewise(({0}, {0} > {1}), ({1}, {0} > 0), (0, True))",
)


def attention(g: Grammar) -> None:
    """Queries, keys and values of a sequence; every place looks at all others, or at those up to itself."""
    length, width, inner = g.dice.choice(g.sizes), g.dice.choice(g.sizes), g.dice.choice(g.sizes)
    batch = [g.dice.choice(g.sizes)] if g.chance(0.4) else []
    i, t, u, c, d = (x for x, _ in g.pick_letters([""] * 5))
    x = g.declare("data", (*batch, length, width))
    lead = [i] if batch else []
    names = []
    for _ in range(3):
        w, made = g.declare("parameters", (inner, width)), g.variable()
        names.append(made)
        at, entry = read(made, [*lead, t, c]), read(x, [*lead, t, d])
        g.equations.append(f"{at} = Sum({w}[{c}, {d}] * {entry}, {d})")
    q, k, v = names
    score, weight, out = g.variable(), g.variable(), g.variable()
    product = f"{read(q, [*lead, t, c])} * {read(k, [*lead, u, c])}"
    g.equations.append(f"{read(score, [*lead, t, u])} = Sum({product}, {c}) / sqrt({inner})")
    s, p = read(score, [*lead, t, u]), read(weight, [*lead, t, u])
    value = read(v, [*lead, u, c])
    if g.chance(0.6):
        g.equations.append(f"{p} = softmax({s}, {u})")
        result = f"Sum({p} * {value}, {u})"
    elif g.chance(0.5):
        g.equations.append(f"{p} = exp({s})")
        result = f"Sum({p} * {value}, ({u}, 1, {t})) / Sum({p}, ({u}, 1, {t}))"
    else:
        g.equations.append(f"{p} = {g.dice.choice(GATES).format(s)}")
        result = f"Sum({p} * {value}, ({u}, 1, {t}))"
    g.equations.append(f"{read(out, [*lead, t, c])} = {result}")
    axes = (*batch, length, inner)
    g.publish(View(read(out, [f"{{{n}}}" for n in range(len(axes))]), axes))


def coupled(g: Grammar) -> None:
    """Two states that feed each other, with gates."""
    length, width, batch = g.size(), g.dice.choice(g.sizes[:-1]), g.dice.choice(g.sizes[:-1])
    i, j, k, t = (x for x, _ in g.pick_letters([""] * 4))
    h, c = g.variable(), g.variable()
    x = g.declare("data", (length, batch, width))
    back = g.chance(0.3)
    first, before = (f"{length} + 1", f"{t} + 1") if back else ("0", f"{t} - 1")
    for state in (h, c):
        g.equations += [f"with model.over({i}, 1, {batch}):", f"    with model.over({j}, 1, {width}):"]
        g.equations.append(f"        {state}[{first}, {i}, {j}] = 0")

    def gate(read_from: str) -> str:
        u = g.declare("parameters", (width, width))
        body = f"Sum({u}[{j}, {k}] * {read_from.replace('$', k)}, {k}) + {x}[{t}, {i}, {j}]"
        if g.chance(0.5):
            body += f" + {g.declare('parameters', (width,))}[{j}]"
        return g.dice.choice(GATES).format(body)

    state, cell, now = f"{h}[{before}, {i}, $]", f"{c}[{before}, {i}, {j}]", f"{c}[{t}, {i}, {j}]"
    update = f"{gate(state)} * {cell} + {gate(state)}"
    if g.chance(0.4):
        update += f" * {gate(state)}"
    output = f"{gate(state)} * tanh({now})" if g.chance(0.7) else f"tanh({now}) + {h}[{before}, {i}, {j}] / 2"
    g.equations += [
        f"with model.over({t}, 1, {length}):",
        f"    {c}[{t}, {i}, {j}] = {update}",
        f"    {h}[{t}, {i}, {j}] = {output}",
    ]
    g.publish(View(f"{h}[{'1' if back else length}, {{0}}, {{1}}]", (batch, width)))
    if g.chance(0.5):
        g.publish(View(f"{h}[{{0}}, {{1}}, {{2}}]", (length, batch, width), (0,)))
        g.axes.append(length)


def chain(g: Grammar) -> None:
    """A product of three or four matrices, each given or read from what is there."""
    count = g.dice.choice((3, 3, 4))
    axes = [g.dice.choice(g.sizes) for _ in range(count + 1)]
    need = g.pick_letters(axes)
    scope = tuple(x for x, _ in need)
    factors = [g.atom(need[q : q + 2], scope) for q in range(count)]
    inner = need[1:-1]
    out = g.variable()
    body = " * ".join(f"({f})" for f in factors)
    value = f"Sum({body}, {g.bounds(inner)})"
    target = (need[0], need[-1])
    if g.chance(0.4):
        value = g.dice.choice(GATES).format(value)
    g.state(f"{out}[{target[0][0]}, {target[1][0]}]", target, value)
    g.publish(View(f"{out}[{{0}}, {{1}}]", (axes[0], axes[-1])))


def encoder(g: Grammar) -> None:
    """A code of data and its reconstruction by the same weights, transposed."""
    m, n, width = (g.dice.choice(g.sizes) for _ in range(3))
    i, j, k = (x for x, _ in g.pick_letters([""] * 3))
    x, w, b = g.declare("data", (m, n)), g.declare("parameters", (n, width)), g.declare("parameters", (width,))
    h, r = g.variable(), g.variable()
    inner = f"Sum({x}[{i}, {k}] * {w}[{k}, {j}], {k}) + {b}[{j}]"
    g.equations.append(f"{h}[{i}, {j}] = {g.dice.choice(GATES).format(inner)}")
    g.equations.append(
        f"{r}[{i}, {k}] = {g.dice.choice((*GATES, '{}')).format(f'Sum({h}[{i}, {j}] * {w}[{k}, {j}], {j})')}"
    )
    g.terms.append(f"Sum(({r}[{i}, {k}] - {x}[{i}, {k}])**2, {i}, {k}) / (2 * {m})")
    g.publish(View(f"{h}[{{0}}, {{1}}]", (m, width)))


def strides(g: Grammar) -> None:
    """Windows that start at every second or third place, or that are read backwards, of one or more channels."""
    out, width, step = g.size(), g.size(), g.dice.choice((1, 2, 2, 3))
    channels = g.dice.choice(g.sizes[:-2]) if g.chance(0.5) else ""
    i, t, s, c = (x for x, _ in g.pick_letters([""] * 4))
    length = f"{step}*{out} + {width}" if step > 1 else f"{out} + {width}"
    role = g.dice.choice(("data", "data", "parameters"))
    batch = g.dice.choice(g.sizes[:-2])
    x = g.declare(role, (batch, length, *([channels] if channels else [])))
    w = g.declare("parameters", (width, *([channels] if channels else [])))
    places = (f"{step}*{t} + {s} - {step}", f"{step}*{t} - {s} + {width}")
    place = g.dice.choice(places)
    deep = [c] if channels else []
    z = g.variable()
    body = f"{read(w, [s, *deep])} * {read(x, [i, place, *deep])}"
    sums = ", ".join([f"({s}, 1, {width})", *deep])
    g.equations += [f"with model.over({t}, 1, {out}):", f"    {z}[{i}, {t}] = Sum({body}, {sums})"]
    g.axes += [out]
    g.terms.append(f"Sum({g.declare('data', (out,))}[{t}] * {z}[{i}, {t}], {i}, {t})")
    g.publish(View(f"{z}[{{0}}, {{1}}]", (batch, out)))


def shaped(g: Grammar) -> None:
    """Activations with learnable scalars or with a learnable number for each unit."""
    axes = [g.dice.choice(g.sizes) for _ in range(g.dice.choice((1, 2, 2)))]
    need = g.pick_letters(axes)
    scope = tuple(x for x, _ in need)
    inner = g.atom(need, scope)
    own = g.chance(0.5)
    slope = g.declare("parameters", (axes[-1],)) + f"[{need[-1][0]}]" if own else g.declare("parameters", ())
    out = g.variable()
    g.state(f"{out}[{', '.join(scope)}]", need, g.dice.choice(SHAPED).format(inner, slope))
    g.publish(View(read(out, [f"{{{q}}}" for q in range(len(axes))]), tuple(axes)))


def spread(g: Grammar) -> None:
    """The variance of something, summed; or a covariance of two."""
    axis, rest = g.dice.choice(g.sizes), g.dice.choice(g.sizes)
    need = g.pick_letters([axis, rest])
    scope = tuple(x for x, _ in need)
    (i, _), (j, _) = need
    one, two = g.variable(), g.variable()
    entry, other = g.atom(need, scope), g.atom(need, scope)
    loose = set(g.loose)
    for name, value in ((one, entry), (two, other)):
        g.loose = set(loose)
        total = f"Sum({value}, {g.bounds(((i, axis),))}) / {axis}"
        g.state(f"{name}[{j}]", need[1:], total)
    g.loose = set(loose)
    bounds = g.bounds(need)
    g.terms.append(f"Sum(({entry} - {one}[{j}]) * ({other} - {two}[{j}]), {bounds}) / {axis}")


def compared(g: Grammar) -> None:
    """Data compared with data, or places with places: a factor that is 0 or 1."""
    axis, rest = g.dice.choice(g.sizes), g.dice.choice(g.sizes)
    i, k, j = (x for x, _ in g.pick_letters([""] * 3))
    y, a = g.declare("data", (axis,)), g.declare("parameters", (axis, rest))
    first, second = f"{y}[{i}]", f"{y}[{k}]"
    factor = g.dice.choice(COMPARED).format(first, second)
    if g.chance(0.3):
        factor = f"Piecewise((1, {i} {g.dice.choice(('<', '<=', '>'))} {k}), (0, True))"
    body = g.dice.choice(GATES).format(f"{a}[{i}, {j}] - {a}[{k}, {j}]")
    g.terms.append(f"Sum({factor} * {body}, {i}, {k}, {j})")


def running(g: Grammar) -> None:
    """Sums of everything before, or after, a place."""
    length, rest = g.dice.choice(g.sizes), g.dice.choice(g.sizes)
    t, s, j = (x for x, _ in g.pick_letters([""] * 3))
    x, w = g.declare(g.dice.choice(("data", "parameters")), (length, rest)), g.declare("parameters", (length, length))
    out = g.variable()
    ends = g.dice.choice((f"1, {t}", f"{t}, {length}"))
    factor = g.dice.choice(("", f"{w}[{t}, {s}] * ", f"tanh({w}[{s}, {t}]) * "))
    g.equations.append(f"{out}[{t}, {j}] = Sum({factor}{x}[{s}, {j}], ({s}, {ends})) + {w}[{t}, {t}]")
    g.publish(View(f"{out}[{{0}}, {{1}}]", (length, rest)))


def equal(g: Grammar) -> None:
    """Two sizes that are declared to be equal: an index that runs over both."""
    one, two = g.size(), g.size()
    g.declared.append(f"model.assume(Eq({one}, {two}))")
    rest = g.dice.choice(g.sizes[:-2])
    i, j = (x for x, _ in g.pick_letters([""] * 2))
    a, b = g.declare("parameters", (one, rest)), g.declare(g.dice.choice(("data", "parameters")), (rest, two))
    out = g.variable()
    g.equations.append(f"{out}[{i}, {j}] = {g.dice.choice(GATES).format(f'{a}[{i}, {j}] * {b}[{j}, {i}]')}")
    g.publish(View(f"{out}[{{0}}, {{1}}]", (one, rest)))
    if g.chance(0.5):
        square = g.declare("parameters", (one, two))
        g.terms.append(f"Sum({square}[{i}, {i}]**2, {i})")


def deep_layers(g: Grammar) -> None:
    """Layers, and sometimes a second net of its own depth."""
    layers(g)
    if g.chance(0.25):
        layers(g)


BLOCKS: dict[Callable[[Grammar], None], float] = {
    deep_layers: 0.22,
    recurrence: 0.22,
    gather: 0.22,
    windows: 0.22,
    attention: 0.1,
    coupled: 0.1,
    chain: 0.12,
    encoder: 0.1,
    strides: 0.12,
    shaped: 0.15,
    spread: 0.1,
    compared: 0.1,
    running: 0.1,
    equal: 0.08,
}
