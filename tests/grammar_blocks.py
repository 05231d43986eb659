"""Blocks of random models: recurrences, layers, windows, data that choose, attention, and their like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grammar_views import Need, View, at_order, read

if TYPE_CHECKING:
    from grammar import Grammar

ACTIVATIONS = ("tanh({})", "sigmoid({})", "softplus({})", "sin({})", "Max(0, {})", "swish({})", "{}")


def gather(g: Grammar) -> None:
    """Integer data, and rows and entries that it chooses."""
    rows, places = g.dice.choice(g.sizes), g.dice.choice(g.sizes)
    name = g.name()
    g.declared.append(f"{name} = model.integers({name}=({rows},), over=(1, {places}))")
    vector, axis = g.dice.choice(g.sizes), g.declare("parameters", (places, rows))
    table = g.declare("parameters", (places, vector))
    g.publish(View(f"{table}[{name}[{{0}}], {{1}}]", (rows, vector), (0,)))
    g.publish(View(f"{axis}[{name}[{{0}}], {{0}}]", (rows,)))


def windows(g: Grammar) -> None:
    """Sliding windows, neighbours or every second entry of a sequence."""
    length, kind = g.size(), g.dice.randrange(3)
    more = [g.dice.choice(g.sizes)] if g.chance(0.4) else []
    tail = "".join(f", {{{q}}}" for q in range(2, 3)) if more else ""
    if kind == 0:
        width = g.size()
        g.declared.append(f"model.assume({length} >= {width})")
        name = g.declare(g.dice.choice(("parameters", "data")), (length, *more))
        out = f"{length} - {width} + 1"
        g.axes += [out, width]
        g.publish(View(f"{name}[{{0}} + {{1}} - 1{tail}]", (out, width, *more), (0, 1)))
    elif kind == 1:
        g.declared.append(f"model.assume({length} >= {g.dice.choice((2, 3, 3, 3))})")
        name = g.declare(g.dice.choice(("parameters", "data")), (length,))
        g.axes.append(f"{length} - 1")
        g.publish(View(f"({name}[{{0}} + 1] - {name}[{{0}}])", (f"{length} - 1",), (0,)))
    else:
        name = g.declare("parameters", (f"2*{length}",))
        g.axes.append(length)
        g.publish(View(f"{name}[2*{{0}}]", (length,), (0,)), View(f"{name}[2*{{0}} - 1]", (length,), (0,)))


def recurrence(g: Grammar) -> None:
    """A state in time: forwards or backwards, one step or two, with a start of 0 or of given entries."""
    length, name = g.size(), g.variable()
    axes = [g.dice.choice(g.sizes[:-1]) for _ in range(g.dice.randint(1, 2))]
    need = g.pick_letters(axes)
    letters = [x for x, _ in need]
    t = g.letter(letters)
    slot = g.dice.randrange(len(axes) + 1)
    place = [f"{{{q}}}" for q in range(len(axes))]

    def at(time: str) -> str:
        return read(name, [*place[:slot], time, *place[slot:]])

    back = g.chance(0.25)
    two = not back and g.chance(0.25)
    first = f"{length} + 1" if back else "0"
    start = g.dice.choice(("0", g.atom(need, tuple(letters))))
    begin(g, at(first).format(*letters), start, need)
    steps = [f"{t} + 1"] if back else [f"{t} - 1", f"{t} - 2"][: 1 + two]
    if two:
        begin(g, at("1").format(*letters), g.atom(need, tuple(letters)), need)
    value = next_state(g, [View(at(s), tuple(axes)) for s in steps], need, t, length)
    g.loose = {t} & (g.loose | {t}) if two or g.chance(0.7) else set()
    if g.loose or back:
        low = "2" if two else "1"
        g.equations.append(f"with model.over({t}, {low}, {length}):")
        g.equations.append(f"    {at(t).format(*letters)} = {value}")
    else:
        g.equations.append(f"{at(t).format(*letters)} = {value}")
    g.loose = set()
    everywhere = [*(f"{{{q + 1}}}" for q in range(slot)), "{0}", *(f"{{{q + 1}}}" for q in range(slot, len(axes)))]
    last = View(at("1" if back else length), tuple(axes))
    g.publish(last, View(read(name, everywhere), (length, *axes), (0,)))
    g.axes.append(length)


def begin(g: Grammar, target: str, value: str, need: Need) -> None:
    """The first state; ranges are stated when its value does not show them."""
    if value == "0":
        g.loose = {x for x, _ in need}
    g.state(target, need, value)


def next_state(g: Grammar, states: list[View], need: Need, t: str, length: str) -> str:
    """The next state from the states before."""
    letters = (*(x for x, _ in need), t)
    parts = [mix(g, state, need, letters) for state in states]
    parts.append(g.atom((*need, (t, length)), letters) if g.chance(0.7) else g.atom(need, letters))
    inner = " + ".join(parts)
    if g.chance(0.3):
        inner = f"{g.atom(need, letters)} * ({inner})"
    return g.dice.choice(ACTIVATIONS[:6]).format(inner)


def mix(g: Grammar, state: View, need: Need, scope: tuple[str, ...]) -> str:
    """A matrix times the state, or the state itg."""
    if g.chance(0.3):
        return state.text.format(*(x for x, _ in need))
    q = g.dice.randrange(len(need))
    (new,) = g.pick_letters([need[q][1]], scope)
    moved = (*need[:q], new, *need[q + 1 :])
    matrix = g.atom((need[q], new), (*scope, new[0]))
    return f"Sum({matrix} * {state.text.format(*(x for x, _ in moved))}, {g.bounds((new,))})"


def layers(g: Grammar) -> None:
    """Layers with widths n(l): weights tied to nothing, biases, skips, and another activation at the end."""
    m, depth, n = g.dice.choice(g.sizes), g.name(), g.name()
    i, j, k, l = (x for x, _ in g.pick_letters(["", "", "", ""]))
    g.declared.insert(0, f'{n} = model.width("{n}")')
    g.declared.insert(0, f'{depth} = model.sizes("{depth}")')
    wide = g.chance(0.6)
    width = (lambda at: f"{n}({at})") if wide else (lambda at: g.sizes[0])
    if not wide:
        g.declared.remove(f'{n} = model.width("{n}")')
    skip = g.chance(0.3)
    if skip or g.chance(0.8):
        g.declared.append(f"model.assume({depth} >= 3)")
    x = g.declare("data", (m, width(1)))
    w, order = weights(g, l, depth, width, 2)
    b = g.declare("parameters", (l, width(l)), f", over=({l}, 2, {depth})")
    z, a = g.variable(), g.variable()
    g.equations.append(f"{a}[1, {i}, {j}] = {x}[{i}, {j}]")
    main = f"Sum({at_order(w, order, (l, j, k))} * {a}[{l} - 1, {i}, {k}], {k}) + {b}[{l}, {j}]"
    if skip:
        two = at_order(w, order, ("2", j, k))
        g.equations.append(f"{z}[2, {i}, {j}] = Sum({two} * {a}[1, {i}, {k}], {k}) + {b}[2, {j}]")
        v, other = weights(g, l, depth, lambda at: width(at.replace("- 1", "- 2")), 3)
        extra = f" + Sum({at_order(v, other, (l, j, k))} * {a}[{l} - 2, {i}, {k}], {k})"
        g.equations += [f"with model.over({l}, 3, {depth}):", f"    {z}[{l}, {i}, {j}] = {main}{extra}"]
    else:
        g.equations.append(f"{z}[{l}, {i}, {j}] = {main}")
    activate(g, a, z, (i, j, l), depth, wide)
    g.terms.append(f"Rational(1, 5) * Sum({at_order(w, order, (l, j, k))}**2, {l}, {j}, {k})")
    g.publish(View(f"{a}[{depth}, {{0}}, {{1}}]", (m, width(depth))))


def weights(g: Grammar, l: str, depth: str, width: object, first: int) -> tuple[str, tuple[int, ...]]:
    """A weight of every layer, its slots in some order."""
    assert callable(width)
    slots, order = (l, width(l), width(f"{l} - 1")), tuple(g.dice.sample(range(3), 3))
    return g.declare("parameters", [slots[q] for q in order], f", over=({l}, {first}, {depth})"), order


def activate(g: Grammar, a: str, z: str, letters: tuple[str, str, str], depth: str, wide: bool) -> None:
    """The activation, the same everywhere or another one in the last layer; with a residual if widths are equal."""
    i, j, l = letters
    first, last = g.dice.choice(ACTIVATIONS), g.dice.choice((*ACTIVATIONS, f"softmax({{}}, {j})"))
    rest = f" + {a}[{l} - 1, {i}, {j}]" if not wide and g.chance(0.5) else ""
    value = first.format(f"{z}[{l}, {i}, {j}]") + rest
    if g.chance(0.5):
        g.equations.append(f"{a}[{l}, {i}, {j}] = {value}")
        return
    g.equations += [f"with model.over({l}, 2, {depth} - 1):", f"    {a}[{l}, {i}, {j}] = {value}"]
    g.equations.append(f"{a}[{depth}, {i}, {j}] = {last.format(f'{z}[{depth}, {i}, {j}]')}")
