"""Random models: the text of a model file drawn from a grammar of the language, the same for the same seed.

A view is something that can be read at letters: a tensor, its transpose, its diagonal, its reverse, rows that data
chooses, the last state of a recurrence. An expression that has to use given letters is put together from views, and
what is missing is declared. Every domain is safe: denominators, logarithms and roots are of sums of 1 and squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from random import Random

from grammar_nets import BLOCKS
from grammar_views import Need, View, read

HEAD = """from sympy import Abs, Eq, Piecewise, Rational
from sympy import asinh, atan, cos, cosh, erf, exp, log, loggamma, sin, sqrt, tanh
from derive import Max, Min, Model, Sum, stop
from derive.library import elu, gelu, huber, mish, sigmoid, softmax, softplus, swish

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
    "erf({})",
    "gelu({})",
    "mish({})",
    "asinh({})",
    "cosh(tanh({}))",
    "loggamma(2 + sin({}))",
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


class Grammar:
    """One random model; `text()` draws it."""

    def __init__(self, seed: int) -> None:
        self.seed, self.dice = seed, Random(f"random model {seed}")
        self.names = list("abcefghijklmnopqrstuvwxyzABCDEFGHKLMNPQRTUVWXYZ")
        self.dice.shuffle(self.names)
        self.names = [f"{x}{q}" for q in "321" for x in self.names] + self.names
        self.letters = [self.name() for _ in range(12)]
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
        if len(need) > 3 and self.chance(0.6):
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
        axes = [self.dice.choice(self.axes) for _ in range(self.dice.choices((0, 1, 2, 3, 4), (3, 12, 18, 4, 1))[0])]
        need = self.pick_letters(axes)
        value = self.expr(need, self.dice.choice((1, 2, 2, 3, 3, 4)), tuple(x for x, _ in need))
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
        for block, probability in BLOCKS.items():
            if self.chance(probability):
                block(self)
        for _ in range(self.dice.randint(1, 4)):
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


def model_text(seed: int) -> str:
    """The random model of a seed."""
    return Grammar(seed).text()
