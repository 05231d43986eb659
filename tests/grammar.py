"""Random models: the text of a model file drawn from a grammar of the language, the same for the same seed.

A view is something that can be read at letters: a tensor, its transpose, its diagonal, its reverse, rows that data
chooses, the last state of a recurrence. An expression that has to use given letters is put together from views, and
what is missing is declared. Every domain is safe: denominators, logarithms and roots are of sums of 1 and squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

HEAD = """from sympy import Abs, Piecewise, Rational, atan, cos, exp, log, sin, sqrt, tanh
from derive import Max, Min, Model, Sum, stop
from derive.library import elu, huber, sigmoid, softmax, softplus, swish

with Model("{name}", "A random model") as model:
"""

UNARY = (
    "tanh({})",
    "sin({})",
    "cos({})",
    "atan({})",
    "sigmoid({})",
    "softplus({})",
    "swish({})",
    "exp(tanh({}))",
    "exp(-({})**2)",
    "log(1 + ({})**2)",
    "sqrt(1 + ({})**2)",
    "({})**2",
    "({})**3",
    "(1 + ({})**2)**Rational(3, 2)",
    "1 / (2 + tanh({}))",
    "Abs({})",
    "Max(0, {})",
    "Min(1, {})",
    "elu({}, Rational(1, 2))",
    "-({})",
)
BINARY = (
    "Max({0}, {1})",
    "Min({0}, {1})",
    "Piecewise(({0}, {1} > 0), (({0})**2, True))",
    "Piecewise((tanh({0}), {1} <= Rational(1, 3)), ({1}, True))",
    "huber({0}, {1}, Rational(1, 2))",
    "({0}) / (1 + ({1})**2)",
    "({0}) / sqrt(2 + sin({1}))",
    "(1 + ({0})**2)**tanh({1})",
    "(({0}) - ({1}))**2",
)
REDUCE = (
    "Sum({body}, {bounds})",
    "Sum({body}, {bounds}) / 2",
    "log(1 + Sum(({body})**2, {bounds}))",
    "sqrt(1 + Sum(({body})**2, {bounds}))",
    "log(Sum(exp({body}), {bounds}))",
    "tanh(Sum({body}, {bounds}))",
    "Max({body}, {bounds})",
    "Min({body}, {bounds})",
    "1 / Sum(exp(tanh({body})), {bounds})",
)
ACTIVATIONS = ("tanh({})", "sigmoid({})", "softplus({})", "sin({})", "Max(0, {})", "swish({})", "{}")

Need = tuple[tuple[str, str], ...]  # letters that an expression has to use, with their axes


@dataclass(frozen=True)
class View:
    """Something that is read at one letter for each axis; `loose` tells which letters stand in no slot alone."""

    text: str
    axes: tuple[str, ...]
    loose: tuple[int, ...] = ()


class Grammar:
    """One random model; `text()` draws it."""

    def __init__(self, seed: int) -> None:
        self.seed, self.dice = seed, Random(f"random model {seed}")
        self.names = list("abcefghijklmnopqrstuvwxyzABCDEFGHKLMNPQRTUVWXYZ")
        self.dice.shuffle(self.names)
        self.letters = [self.name() for _ in range(7)]
        self.sizes = [self.name() for _ in range(self.dice.randint(1, 3))]
        self.axes = list(self.sizes)
        self.declared: list[str] = []
        self.equations: list[str] = []
        self.terms: list[str] = []
        self.views: list[View] = []
        self.unread: list[View] = []
        self.loose: set[str] = set()

    # names and choices

    def name(self) -> str:
        """A letter that nothing else has."""
        return self.names.pop()

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def size(self) -> str:
        """One more size."""
        self.sizes.append(self.name())
        return self.sizes[-1]

    def letter(self, scope: Sequence[str]) -> str:
        """An index letter that is free in this scope."""
        return self.dice.choice([x for x in self.letters if x not in scope])

    def pick_letters(self, axes: Sequence[str], scope: Sequence[str] = ()) -> Need:
        """Different letters for these axes."""
        found: list[tuple[str, str]] = []
        for axis in axes:
            found.append((self.letter([*scope, *(x for x, _ in found)]), axis))
        return tuple(found)

    def shuffled(self, items: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.dice.sample(list(items), len(items)))

    # declarations

    def declare(self, role: str, slots: Sequence[str], tail: str = "") -> str:
        """A new tensor of this shape."""
        name = self.name()
        shape = f"({slots[0]},)" if len(slots) == 1 else f"({', '.join(slots)})"
        self.declared.append(f"{name} = model.{role}({name}={shape}{tail})")
        return name

    def tensor(self, axes: Sequence[str], role: str = "") -> View:
        """A new given tensor with these axes in some order."""
        first = not any("parameters" in line for line in self.declared)
        role = role or ("parameters" if first or not axes else self.dice.choice(("parameters", "parameters", "data")))
        order = self.dice.sample(range(len(axes)), len(axes))
        name = self.declare(role, [axes[q] for q in order])
        view = View(read(name, [f"{{{q}}}" for q in order]), tuple(axes))
        self.views.append(view)
        if len(axes) == 2 and axes[0] == axes[1] and self.chance(0.6):
            self.views.append(View(f"{name}[{{0}}, {{0}}]", (axes[0],)))
        if len(axes) == 1 and axes[0] in self.sizes and self.chance(0.3):
            self.views.append(View(f"{name}[{axes[0]} + 1 - {{0}}]", (axes[0],), (0,)))
        return view

    def variable(self) -> str:
        name = self.name()
        self.declared.append(f'{name} = model.variables("{name}")')
        return name

    # expressions

    def expr(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        """An expression that uses every letter it needs; `scope` are all letters that it may use or must not bind."""
        if depth <= 0:
            return self.atom(need, scope)
        forms = (self.plus, self.times, self.contract, self.unary, self.binary, self.reduce, self.atom_form)
        form = self.dice.choices(forms, (3, 3, 4, 4, 2, 3, 1))[0]
        return form(need, depth - 1, scope)

    def atom_form(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        return self.special(need, scope) or self.atom(need, scope)

    def special(self, need: Need, scope: tuple[str, ...]) -> str:
        """Softmax, a constant, or a place used as a value."""
        if len(need) == 0:
            return self.dice.choice(("Rational(1, 3)", f"1 / {self.dice.choice(self.sizes)}", "2"))
        letter = self.dice.choice(need)[0]
        inner = self.atom(need, scope)
        return self.dice.choice(
            (f"softmax({inner}, {letter})", f"softmax({inner}, {letter})", f"{inner} / {letter}", f"stop({inner})")
        )

    def atom(self, need: Need, scope: tuple[str, ...]) -> str:
        """One view, or a product of two, at these letters."""
        if len(need) > 3:
            return f"{self.atom(need[:2], scope)} * {self.atom(need[2:], scope)}"
        wanted = sorted(axis for _, axis in need)
        fitting = [v for v in self.views if sorted(v.axes) == wanted]
        if not fitting or (self.chance(0.25) and len(self.declared) < 12):
            return self.read(self.tensor([axis for _, axis in need]), need)
        recent = self.dice.choice(fitting[-3:]) if self.chance(0.5) else self.dice.choice(fitting)
        return self.read(recent, need)

    def read(self, view: View, need: Need) -> str:
        """A view at letters that fit its axes, in a random order of equal axes."""
        orders = [order for order in permutations(need) if tuple(a for _, a in order) == view.axes]
        order = self.dice.choice(orders)
        self.loose |= {order[q][0] for q in view.loose}
        if view in self.unread:
            self.unread.remove(view)
        return view.text.format(*(x for x, _ in order))

    def part(self, need: Need, least: int = 0) -> Need:
        """Some of these letters, in their order."""
        return tuple(x for x in need if self.chance(0.6)) or need[:least]

    def plus(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        first, second = self.expr(need, depth, scope), self.expr(self.part(need), depth - 1, scope)
        if first == second and self.chance(0.9):
            second = self.read(self.tensor([axis for _, axis in need]), need)
        return f"({first} {self.dice.choice('+-')} {second})"

    def times(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        first = self.part(need)
        second = tuple(x for x in need if x not in first or self.chance(0.3))
        return f"{self.expr(first, depth, scope)} * {self.expr(second, depth - 1, scope)}"

    def contract(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        """A sum of products over one or two new letters."""
        new = self.pick_letters([self.dice.choice(self.axes) for _ in range(1 if self.chance(0.75) else 2)], scope)
        inner = (*scope, *(x for x, _ in new))
        first = self.part(need)
        second = tuple(x for x in need if x not in first)
        body = f"{self.expr((*first, *new), depth - 1, inner)} * {self.expr((*second, *new), depth - 1, inner)}"
        return f"Sum({body}, {self.bounds(new)})"

    def bounds(self, new: Need) -> str:
        """The bounds of a sum; a range is stated where it does not follow, and sometimes where it does."""
        texts = [f"({x}, 1, {axis})" if x in self.loose or self.chance(0.1) else x for x, axis in new]
        self.loose -= {x for x, _ in new}
        return ", ".join(texts)

    def unary(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        return self.dice.choice(UNARY).format(self.expr(need, depth, scope))

    def binary(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        first, second = self.expr(need, depth, scope), self.expr(self.part(need), depth - 1, scope)
        return self.dice.choice(BINARY).format(first, second)

    def reduce(self, need: Need, depth: int, scope: tuple[str, ...]) -> str:
        """A sum, a norm, a log-sum-exp, a maximum over a new letter."""
        new = self.pick_letters([self.dice.choice(self.axes)], scope)
        body = self.expr((*need, *new), min(depth, 1), (*scope, new[0][0]))
        return self.dice.choice(REDUCE).format(body=body, bounds=self.bounds(new))

    # equations

    def state(self, target: str, need: Need, value: str) -> None:
        """An equation, under the ranges that have to be stated."""
        stated = [(x, axis) for x, axis in need if x in self.loose]
        self.loose = set()
        for depth, (x, axis) in enumerate(stated):
            self.equations.append("    " * depth + f"with model.over({x}, 1, {axis}):")
        self.equations.append("    " * len(stated) + f"{target} = {value}")

    def define(self) -> None:
        """A variable with a random equation."""
        axes = [self.dice.choice(self.axes) for _ in range(self.dice.choices((0, 1, 2, 3), (1, 4, 6, 1))[0])]
        need = self.pick_letters(axes)
        value = self.expr(need, self.dice.randint(1, 3), tuple(x for x, _ in need))
        name = self.variable()
        self.state(f"{name}[{', '.join(x for x, _ in need) or '()'}]", need, value)
        self.publish(View(read(name, [f"{{{q}}}" for q in range(len(axes))]), tuple(axes)))

    def publish(self, *views: View) -> None:
        """New views, the first of which has to be read by someone."""
        self.views.extend(views)
        self.unread.append(views[0])

    def normalise(self) -> None:
        """Mean and variance of a view over one of its axes, and the normalised entries."""
        found = [v for v in self.views if len(v.axes) >= 2 and not v.loose]
        view = self.dice.choice(found) if found else self.tensor([self.dice.choice(self.sizes) for _ in range(2)])
        need = self.pick_letters(view.axes)
        over, rest = need[0], need[1:]
        entry = self.read_in_order(view, need)
        mean, var, out = self.variable(), self.variable(), self.variable()
        at, full = ", ".join(x for x, _ in rest), ", ".join(x for x, _ in need)
        self.equations.append(f"{mean}[{at}] = Sum({entry}, {over[0]}) / ({over[1]})")
        self.equations.append(f"{var}[{at}] = Sum(({entry} - {mean}[{at}])**2, {over[0]}) / ({over[1]})")
        self.equations.append(f"{out}[{full}] = ({entry} - {mean}[{at}]) / sqrt({var}[{at}] + Rational(1, 10))")
        self.publish(View(read(out, [f"{{{q}}}" for q in range(len(need))]), view.axes))

    def read_in_order(self, view: View, need: Need) -> str:
        if view in self.unread:
            self.unread.remove(view)
        return view.text.format(*(x for x, _ in need))

    # blocks

    def gather(self) -> None:
        """Integer data, and rows and entries that it chooses."""
        rows, places = self.dice.choice(self.sizes), self.dice.choice(self.sizes)
        name = self.name()
        self.declared.append(f"{name} = model.integers({name}=({rows},), over=(1, {places}))")
        vector, axis = self.dice.choice(self.sizes), self.declare("parameters", (places, rows))
        table = self.declare("parameters", (places, vector))
        self.publish(View(f"{table}[{name}[{{0}}], {{1}}]", (rows, vector), (0,)))
        self.publish(View(f"{axis}[{name}[{{0}}], {{0}}]", (rows,)))

    def windows(self) -> None:
        """Sliding windows, neighbours or every second entry of a sequence."""
        length, kind = self.size(), self.dice.randrange(3)
        more = [self.dice.choice(self.sizes)] if self.chance(0.4) else []
        tail = "".join(f", {{{q}}}" for q in range(2, 3)) if more else ""
        if kind == 0:
            width = self.size()
            self.declared.append(f"model.assume({length} >= {width})")
            name = self.declare(self.dice.choice(("parameters", "data")), (length, *more))
            out = f"{length} - {width} + 1"
            self.axes += [out, width]
            self.publish(View(f"{name}[{{0}} + {{1}} - 1{tail}]", (out, width, *more), (0, 1)))
        elif kind == 1:
            self.declared.append(f"model.assume({length} >= {self.dice.choice((2, 3, 3, 3))})")
            name = self.declare(self.dice.choice(("parameters", "data")), (length,))
            self.axes.append(f"{length} - 1")
            self.publish(View(f"({name}[{{0}} + 1] - {name}[{{0}}])", (f"{length} - 1",), (0,)))
        else:
            name = self.declare("parameters", (f"2*{length}",))
            self.axes.append(length)
            self.publish(View(f"{name}[2*{{0}}]", (length,), (0,)), View(f"{name}[2*{{0}} - 1]", (length,), (0,)))

    def recurrence(self) -> None:
        """A state in time: forwards or backwards, one step or two, with a start of 0 or of given entries."""
        length, name = self.size(), self.variable()
        axes = [self.dice.choice(self.sizes[:-1]) for _ in range(self.dice.randint(1, 2))]
        need = self.pick_letters(axes)
        letters = [x for x, _ in need]
        t = self.letter(letters)
        slot = self.dice.randrange(len(axes) + 1)
        place = [f"{{{q}}}" for q in range(len(axes))]

        def at(time: str) -> str:
            return read(name, [*place[:slot], time, *place[slot:]])

        back = self.chance(0.25)
        two = not back and self.chance(0.25)
        first = f"{length} + 1" if back else "0"
        start = self.dice.choice(("0", self.atom(need, tuple(letters))))
        self.start(at(first).format(*letters), start, need)
        steps = [f"{t} + 1"] if back else [f"{t} - 1", f"{t} - 2"][: 1 + two]
        if two:
            self.start(at("1").format(*letters), self.atom(need, tuple(letters)), need)
        value = self.step([View(at(s), tuple(axes)) for s in steps], need, t, length)
        self.loose = {t} & (self.loose | {t}) if two or self.chance(0.7) else set()
        if self.loose or back:
            low = "2" if two else "1"
            self.equations.append(f"with model.over({t}, {low}, {length}):")
            self.equations.append(f"    {at(t).format(*letters)} = {value}")
        else:
            self.equations.append(f"{at(t).format(*letters)} = {value}")
        self.loose = set()
        everywhere = [*(f"{{{q + 1}}}" for q in range(slot)), "{0}", *(f"{{{q + 1}}}" for q in range(slot, len(axes)))]
        last = View(at("1" if back else length), tuple(axes))
        self.publish(last, View(read(name, everywhere), (length, *axes), (0,)))
        self.axes.append(length)

    def start(self, target: str, value: str, need: Need) -> None:
        """The first state; ranges are stated when its value does not show them."""
        if value == "0":
            self.loose = {x for x, _ in need}
        self.state(target, need, value)

    def step(self, states: list[View], need: Need, t: str, length: str) -> str:
        """The next state from the states before."""
        letters = (*(x for x, _ in need), t)
        parts = [self.mix(state, need, letters) for state in states]
        parts.append(self.atom((*need, (t, length)), letters) if self.chance(0.7) else self.atom(need, letters))
        inner = " + ".join(parts)
        if self.chance(0.3):
            inner = f"{self.atom(need, letters)} * ({inner})"
        return self.dice.choice(ACTIVATIONS[:6]).format(inner)

    def mix(self, state: View, need: Need, scope: tuple[str, ...]) -> str:
        """A matrix times the state, or the state itself."""
        if self.chance(0.3):
            return state.text.format(*(x for x, _ in need))
        q = self.dice.randrange(len(need))
        (new,) = self.pick_letters([need[q][1]], scope)
        moved = (*need[:q], new, *need[q + 1 :])
        matrix = self.atom((need[q], new), (*scope, new[0]))
        return f"Sum({matrix} * {state.text.format(*(x for x, _ in moved))}, {self.bounds((new,))})"

    def layers(self) -> None:
        """Layers with widths n(l): weights tied to nothing, biases, skips, and another activation at the end."""
        m, depth, n = self.dice.choice(self.sizes), self.name(), self.name()
        i, j, k, l = (x for x, _ in self.pick_letters(["", "", "", ""]))
        self.declared.insert(0, f'{n} = model.width("{n}")')
        self.declared.insert(0, f'{depth} = model.sizes("{depth}")')
        wide = self.chance(0.6)
        width = (lambda at: f"{n}({at})") if wide else (lambda at: self.sizes[0])
        if not wide:
            self.declared.remove(f'{n} = model.width("{n}")')
        skip = self.chance(0.3)
        if skip or self.chance(0.8):
            self.declared.append(f"model.assume({depth} >= 3)")
        x = self.declare("data", (m, width(1)))
        w, order = self.weights(l, depth, width, 2)
        b = self.declare("parameters", (l, width(l)), f", over=({l}, 2, {depth})")
        z, a = self.variable(), self.variable()
        self.equations.append(f"{a}[1, {i}, {j}] = {x}[{i}, {j}]")
        main = f"Sum({at_order(w, order, (l, j, k))} * {a}[{l} - 1, {i}, {k}], {k}) + {b}[{l}, {j}]"
        if skip:
            two = at_order(w, order, ("2", j, k))
            self.equations.append(f"{z}[2, {i}, {j}] = Sum({two} * {a}[1, {i}, {k}], {k}) + {b}[2, {j}]")
            v, other = self.weights(l, depth, lambda at: width(at.replace("- 1", "- 2")), 3)
            extra = f" + Sum({at_order(v, other, (l, j, k))} * {a}[{l} - 2, {i}, {k}], {k})"
            self.equations += [f"with model.over({l}, 3, {depth}):", f"    {z}[{l}, {i}, {j}] = {main}{extra}"]
        else:
            self.equations.append(f"{z}[{l}, {i}, {j}] = {main}")
        self.activate(a, z, (i, j, l), depth, wide)
        self.terms.append(f"Rational(1, 5) * Sum({at_order(w, order, (l, j, k))}**2, {l}, {j}, {k})")
        self.publish(View(f"{a}[{depth}, {{0}}, {{1}}]", (m, width(depth))))

    def weights(self, l: str, depth: str, width: object, first: int) -> tuple[str, tuple[int, ...]]:
        """A weight of every layer, its slots in some order."""
        assert callable(width)
        slots, order = (l, width(l), width(f"{l} - 1")), tuple(self.dice.sample(range(3), 3))
        return self.declare("parameters", [slots[q] for q in order], f", over=({l}, {first}, {depth})"), order

    def activate(self, a: str, z: str, letters: tuple[str, str, str], depth: str, wide: bool) -> None:
        """The activation, the same everywhere or another one in the last layer; with a residual if widths are equal."""
        i, j, l = letters
        first, last = self.dice.choice(ACTIVATIONS), self.dice.choice((*ACTIVATIONS, f"softmax({{}}, {j})"))
        rest = f" + {a}[{l} - 1, {i}, {j}]" if not wide and self.chance(0.5) else ""
        value = first.format(f"{z}[{l}, {i}, {j}]") + rest
        if self.chance(0.5):
            self.equations.append(f"{a}[{l}, {i}, {j}] = {value}")
            return
        self.equations += [f"with model.over({l}, 2, {depth} - 1):", f"    {a}[{l}, {i}, {j}] = {value}"]
        self.equations.append(f"{a}[{depth}, {i}, {j}] = {last.format(f'{z}[{depth}, {i}, {j}]')}")

    # the whole

    def objective(self) -> str:
        """Weighted sums that read everything that was defined."""
        for view in [*self.unread]:
            need = self.pick_letters(view.axes)
            scope = tuple(x for x, _ in need)
            entry = self.read_in_order(view, need)
            other = self.atom(need, scope) if self.chance(0.7) else "2"
            other = "2" if other == entry else other
            cost = self.dice.choice(("({0} - {1})**2", "{0}**2 * {1}", "huber({0}, {1}, 1)", "log(1 + ({0} - {1})**2)"))
            self.loose |= {need[q][0] for q in view.loose}
            total = f"Sum({cost.format(entry, other)}, {self.bounds(need)})" if need else cost.format(entry, other)
            self.terms.append(total + self.dice.choice(("", f" / {self.dice.choice(self.sizes)}", " / 2")))
        if not self.terms or self.chance(0.4):
            self.terms.append(self.expr((), 3, ()))
        weights = [self.dice.choice(("", "2 * ", "Rational(1, 3) * ", "hyper")) for _ in self.terms]
        return " + ".join(self.weighted(w, t) for w, t in zip(weights, self.terms, strict=True))

    def weighted(self, weight: str, term: str) -> str:
        if weight != "hyper":
            return f"{weight}{term}"
        name = self.name()
        self.declared.append(f'{name} = model.hyper("{name}")')
        return f"{name} * ({term})"

    def text(self) -> str:
        """The model file."""
        for block in (self.layers, self.recurrence, self.gather, self.windows):
            if self.chance(0.22):
                block()
        for _ in range(self.dice.randint(1, 4)):
            if len(self.names) > 14:
                self.define()
        if self.chance(0.2):
            self.normalise()
        objective = self.objective()
        lines = [
            statement(self.sizes, "sizes"),
            statement(self.letters, "indices"),
            *self.declared,
            *self.equations,
            f"model.minimise({objective})",
        ]
        return HEAD.format(name=f"random_{self.seed}") + "".join(f"    {line}\n" for line in lines)


def statement(names: Sequence[str], what: str) -> str:
    return f'{", ".join(names)} = model.{what}("{" ".join(names)}")'


def read(name: str, positions: Sequence[str]) -> str:
    """The text of an entry."""
    return f"{name}[{', '.join(positions)}]" if positions else name


def at_order(name: str, order: Sequence[int], positions: Sequence[str]) -> str:
    """An entry whose slots are stored in another order."""
    return read(name, [positions[q] for q in order])


def model_text(seed: int) -> str:
    """The random model of a seed."""
    return Grammar(seed).text()
