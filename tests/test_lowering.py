"""Lowering: generated code on exact rationals equals the equations, entry by entry, for every pattern of indices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from codegen.lower import lower
from codegen.lowering.scope import layout
from codegen.render import render_module
from derive import Model, Sum, derive
from derive.system import System
from derive.values.affine import Affine, Index, Size, Width, indices
from derive.values.binders import Sum as SumNode
from derive.values.nodes import Access, Add, Bracket, Count, Expr, Mul, Number, Pow
from derive.values.symbols import SizeSymbol


@dataclass(frozen=True)
class Dual:
    """a + b e with e**2 = 0."""

    a: Fraction
    b: Fraction

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.a + other.a, self.b + other.b)

    def __mul__(self, other: Dual) -> Dual:
        return Dual(self.a * other.a, self.a * other.b + self.b * other.a)

    def __pow__(self, n: int) -> Dual:
        return Dual(self.a**n, n * self.a ** (n - 1) * self.b)


@dataclass
class Naive:
    """The equations, evaluated one entry at a time."""

    system: System
    sizes: dict[str, Any]
    entries: dict[tuple[str, tuple[int, ...]], Dual]

    def integer(self, affine: Affine, at: dict[Index, int]) -> int:
        total = affine.constant
        for atom, count in affine.terms:
            if isinstance(atom, Index):
                total += count * at[atom]
            elif isinstance(atom, Size):
                total += count * self.sizes[atom.name]
            else:
                assert isinstance(atom, Width)
                total += count * self.sizes[atom.name][self.integer(atom.at, at)]
        return total

    def places(self, bounds: tuple[Any, ...], at: dict[Index, int]) -> Any:
        if not bounds:
            yield at
            return
        waiting = {b.index for b in bounds}
        first = next(b for b in bounds if not waiting & {*indices(b.lo), *indices(b.hi)})
        for value in range(self.integer(first.lo, at), self.integer(first.hi, at) + 1):
            yield from self.places(tuple(b for b in bounds if b is not first), {**at, first.index: value})

    def value(self, expr: Expr, at: dict[Index, int]) -> Dual:
        if isinstance(expr, Number):
            return Dual(expr.value, Fraction(0))
        if isinstance(expr, Count):
            return Dual(Fraction(self.integer(expr.of, at)), Fraction(0))
        if isinstance(expr, Bracket):
            left, right = self.integer(expr.left, at), self.integer(expr.right, at)
            return Dual(Fraction(left == right if expr.op == "=" else left <= right), Fraction(0))
        if isinstance(expr, Access):
            return self.entry(expr.tensor, tuple(self.integer(p, at) for p in expr.at))
        if isinstance(expr, Pow):
            assert isinstance(expr.exponent, Number)
            return self.value(expr.base, at) ** int(expr.exponent.value)
        total = Dual(Fraction(isinstance(expr, Mul)), Fraction(0))
        if isinstance(expr, SumNode):
            for place in self.places(expr.bounds, at):
                total = total + self.value(expr.body, place)
            return total
        assert isinstance(expr, (Add, Mul)), type(expr).__name__
        for child in expr.children:
            value = self.value(child, at)
            total = total * value if isinstance(expr, Mul) else total + value
        return total

    def entry(self, name: str, at: tuple[int, ...]) -> Dual:
        if (name, at) not in self.entries:
            for equation in self.system.equations_of(name):
                for place in self.places(equation.bounds, {}):
                    if tuple(self.integer(p, place) for p in equation.target.at) == at:
                        self.entries[name, at] = self.value(equation.value, place)
        return self.entries[name, at]


def every_place(system: System, sizes: dict[str, Any], name: str) -> list[tuple[int, ...]]:
    """The positions of a tensor."""
    naive, tensor = Naive(system, sizes, {}), system.tensor(name)
    return sorted(tuple(place[s.index] for s in tensor.slots) for place in naive.places(tensor.slots, {}))


def stored(system: System, name: str, places: list[tuple[int, ...]], numbers: dict[Any, Fraction]) -> Any:
    """The entries of a tensor as a module takes them."""
    keyed = layout(system.tensor(name))
    groups: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for place in places:
        groups.setdefault(tuple(p for p, k in zip(place, keyed, strict=True) if k), []).append(place)
    made: dict[Any, Any] = {}
    for key, own in groups.items():
        axes = [tuple(p for p, k in zip(place, keyed, strict=True) if not k) for place in own]
        low = tuple(map(min, zip(*axes, strict=True)))
        high = tuple(map(max, zip(*axes, strict=True)))
        array = np.empty(tuple(b - a + 1 for a, b in zip(low, high, strict=True)), dtype=object)
        for place, at in zip(own, axes, strict=True):
            array[tuple(p - q for p, q in zip(at, low, strict=True))] = numbers[name, place]
        made[key[0] if len(key) == 1 else key] = array
    return made[()] if list(made) == [()] else made


def entries_of(value: Any) -> list[Any]:
    """All numbers of a stored tensor, in the order of its positions by keys."""
    arrays = [value[k] for k in sorted(value)] if isinstance(value, dict) else [value]
    return [x for array in arrays for x in np.ravel(np.asarray(array, dtype=object))]


def load(model: Model) -> tuple[ModuleType, str]:
    text = render_module(derive(model), source="model.py", digest="-")
    module = ModuleType(model.name)
    exec(compile(text, model.name, "exec"), module.__dict__)
    return module, text


def compare(model: Model, sizes: dict[str, Any], seed: int = 0) -> str:
    """Cost and every entry of the gradient are equal rationals. The text of the module."""
    system = model.system
    lower(derive(model)).check()
    module, text = load(model)
    random = np.random.default_rng(seed)
    numbers: dict[tuple[str, tuple[int, ...]], Fraction] = {}
    arguments: dict[str, Any] = {}
    for tensor in (*system.role("parameter"), *system.role("data"), *system.role("hyper")):
        places = every_place(system, sizes, tensor.name)
        numbers |= {(tensor.name, p): Fraction(int(random.integers(-4, 5)), 3) for p in places}
        arguments[tensor.name] = (
            stored(system, tensor.name, places, numbers) if tensor.slots else numbers[tensor.name, ()]
        )
    parameters = {t.name: arguments.pop(t.name) for t in system.role("parameter")}
    found, gradient = module._cost_and_gradient(parameters, **arguments)

    def cost(moved: tuple[str, tuple[int, ...]] | None) -> Dual:
        duals = {k: Dual(v, Fraction(k == moved)) for k, v in numbers.items()}
        return Naive(system, sizes, duals).value(system.objective.value, {})

    assert found == cost(None).a
    for tensor in system.role("parameter"):
        places = every_place(system, sizes, tensor.name)
        keyed = layout(tensor)
        places.sort(
            key=lambda p: (
                [x for x, k in zip(p, keyed, strict=True) if k],
                [x for x, k in zip(p, keyed, strict=True) if not k],
            )
        )
        expected = [cost((tensor.name, p)).b for p in places]
        assert entries_of(gradient[tensor.name]) == expected, tensor.name
    return text


SQUARE = {"m": 3, "p": 3, "q": 3, "r": 3}
UNEQUAL = {"m": 2, "p": 3, "q": 4, "r": 5}


def flat(name: str, shapes: dict[str, str], value: Callable[..., Any], *, data: dict[str, str] | None = None) -> Model:
    """A model with one objective over tensors whose shapes are words of the sizes m p q r; indices are i j k o."""
    with Model(name) as model:
        size = dict(zip("mpqr", model.sizes("m p q r"), strict=True))
        letters = model.indices("i j k o")

        def shape(word: str) -> tuple[Any, ...]:
            return tuple(size[c] for c in word)

        given = {n: model.data(**{n: shape(s)}) for n, s in (data or {"x": "mp", "y": "qr"}).items()}
        tensors = {n: model.parameters(**{n: shape(s)}) for n, s in shapes.items()}
        model.minimise(value(*letters, **tensors, **given))
    return model


def SIZE(name: str) -> SizeSymbol:
    """The symbol of a size, where a pattern states a range."""
    return SizeSymbol(name, integer=True, positive=True)


PATTERNS: dict[str, tuple[dict[str, str], Callable[..., Any]]] = {
    "reduce_all": (
        {"w": "pq"},
        lambda i, j, k, o, w, x, y: Sum(w[j, k] ** 2, j, k) + Sum(x[i, j], i, j) * Sum(y[k, o], k, o),
    ),
    "rows_by_columns": (
        {"w": "pq"},
        lambda i, j, k, o, w, x, y: Sum(Sum(x[i, j] * w[j, k], j) ** 2, i, k) + Sum(y[k, o], k, o),
    ),
    "turned": ({"w": "qp"}, lambda i, j, k, o, w, x, y: Sum(Sum(x[i, j] * w[k, j], j) ** 3, i, k) + Sum(y[k, o], k, o)),
    "three_factors": ({"w": "pq"}, lambda i, j, k, o, w, x, y: Sum(Sum(x[i, j] * w[j, k] * y[k, o], j, k) ** 2, i, o)),
    "middle_shared": (
        {"w": "pq", "v": "pr"},
        lambda i, j, k, o, w, v, x, y: Sum(Sum(x[i, j] * w[j, k] * v[j, o], j) ** 2 * y[k, o], i, k, o),
    ),
    "outer": (
        {"w": "p", "v": "q"},
        lambda i, j, k, o, w, v, x, y: Sum((w[j] * v[k]) ** 2, j, k) + Sum(x[i, j], i, j) * Sum(y[k, o], k, o),
    ),
    "vector_scale": (
        {"w": "p", "v": "m"},
        lambda i, j, k, o, w, v, x, y: Sum((x[i, j] * w[j] * v[i] + v[i]) ** 2, i, j) + Sum(y[k, o], k, o),
    ),
    "hoisted": (
        {"w": "p", "v": "q"},
        lambda i, j, k, o, w, v, x, y: Sum(v[k] * Sum(w[j] * x[i, j] * y[k, o], j, o), i, k),
    ),
    "scalar": (
        {"w": "pq", "s": ""},
        lambda i, j, k, o, w, s, x, y: s * Sum(x[i, j] * w[j, k], i, j, k) ** 2 + s**3 + Sum(y[k, o], k, o),
    ),
    "sum_of_products": (
        {"w": "pq", "v": "pq"},
        lambda i, j, k, o, w, v, x, y: (
            Sum(Sum(w[j, k] * x[i, j] + v[j, k] * x[i, j] ** 2 - 1, j) ** 2, i, k) + Sum(y[k, o], k, o)
        ),
    ),
    "batched": (
        {"w": "mpq"},
        lambda i, j, k, o, w, x, y: Sum(Sum(w[i, j, k] * x[i, j], j) ** 2, i, k) + Sum(y[k, o], k, o),
    ),
    "two_summed": (
        {"w": "mpr"},
        lambda i, j, k, o, w, x, y: Sum(Sum(w[i, j, o] * x[i, j], i, j) ** 2, o) + Sum(y[k, o], k, o),
    ),
    "batched_matrices": (
        {"w": "mpq", "v": "mqr"},
        lambda i, j, k, o, w, v, x, y: (
            Sum(Sum(w[i, j, k] * v[i, k, o], k) ** 2 * x[i, j], i, j, o) + Sum(y[k, o], k, o)
        ),
    ),
    "precedence": (
        {"w": "pp"},
        lambda i, j, k, o, w, x, y: (
            Sum((1 - x[i, j] ** 2) * Sum(x[i, k] * w[k, j], k) * -x[i, j], i, j) + Sum(Sum(y[k, o], o) ** 2, k)
        ),
    ),
    "unused": (
        {"w": "p"},
        lambda i, j, k, o, w, x, y: Sum(Sum(w[j], (i, 1, SIZE("m"))) ** 2, j) + Sum(x[i, j], i, j) + Sum(y[k, o], k, o),
    ),
    "quotient": ({"w": "p"}, lambda i, j, k, o, w, x, y: Sum(x[i, j] / (w[j] ** 2 + 7), i, j) / 3 + Sum(y[k, o], k, o)),
}


@pytest.mark.parametrize("sizes", [UNEQUAL, SQUARE], ids=["unequal", "square"])
@pytest.mark.parametrize("name", PATTERNS)
def test_pattern_equals_the_equations(name: str, sizes: dict[str, int]) -> None:
    shapes, value = PATTERNS[name]
    compare(flat(name, shapes, value), sizes)


def layers(
    order: str = "lij",
    weights: str = "ljk",
    *,
    skip: bool = False,
    tied: bool = False,
    every: bool = False,
    batch: bool = True,
    coupled: bool = False,
) -> Model:
    """A network of polynomial units; `order` and `weights` say in which order the indices of z, a and of w stand."""
    with Model("layers") as model:
        m, L = model.sizes("m L")
        n = model.width("n")
        i, j, k, l = model.indices("i j k l")
        at = {"i": i, "j": j, "l": l}
        shape = {"l": l, "j": n(l), "k": n(l - 1)}
        x, y = model.data(x=(m, n(1)) if batch else (n(1),), y=(m, n(L)) if batch else (n(L),))
        w = model.parameters(w=tuple(shape[c] for c in weights), over=(l, 2, L))
        b = model.parameters(b=(l, n(l)), over=(l, 2, L))
        mu = model.hyper("mu")
        z, a = model.variables("z a")
        word = order if batch else order.replace("i", "")

        def entry(quantity: Any, layer: Any, unit: Any) -> Any:
            return quantity[tuple({**at, "l": layer, "j": unit}[c] for c in word)]

        def weight(layer: Any, to: Any, of: Any) -> Any:
            return w[tuple({"l": layer, "j": to, "k": of}[c] for c in weights)]

        def state(quantity: Any, layer: Any, unit: Any, value: Any) -> None:
            quantity[tuple({**at, "l": layer, "j": unit}[c] for c in word)] = value

        units = Sum(weight(l, j, k) * entry(a, l - 1, k), k) + b[l, j]
        state(a, 1, k, x[i, k] if batch else x[k])
        if skip:
            model.assume(L >= 3)
            u = model.parameters(u=(l, n(l), n(l - 2)), over=(l, 3, L))
            with model.over(l, 2, 2):
                state(z, 2, j, Sum(weight(2, j, k) * entry(a, 1, k), k) + b[2, j])
            with model.over(l, 3, L):
                state(z, l, j, units + Sum(u[l, j, k] * entry(a, l - 2, k), k))
        elif tied:
            from sympy import Eq

            model.assume(L >= 3, Eq(n(L), n(1)), Eq(n(L - 1), n(2)))
            with model.over(l, 2, L - 1):
                state(z, l, j, units)
            state(z, L, j, Sum(weight(2, k, j) * entry(a, L - 1, k), k))
        else:
            state(z, l, j, units)
        with model.over(l, 2, L):
            state(a, l, j, entry(z, l, j) ** 2 + entry(z, l, j))
        gap = (entry(a, L, j) - (y[i, j] if batch else y[j])) ** 2
        total = Sum(gap, i, j) / m if batch else Sum(gap, j)
        if every:
            total = total + mu * (Sum(entry(a, l, j) ** 2, i, j, l) if batch else Sum(entry(a, l, j) ** 2, l, j))
        if coupled:
            model.assume(L >= 3)
            rho = model.variables("rho")
            rho[j] = Sum(entry(a, 2, j), i) / m
            total = total + mu * Sum((rho[j] - 3) ** 2, j)
        model.minimise(total + mu * Sum(weight(l, j, k) ** 2, l, j, k))
    return model


DEPTHS = {"deep": {1: 2, 2: 3, 3: 4, 4: 1, 5: 2}, "square": {1: 3, 2: 3, 3: 3, 4: 3}, "three": {1: 2, 2: 1, 3: 2}}


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"order": "ijl", "weights": "kjl"},
        {"order": "jil"},
        {"order": "jli", "weights": "jlk"},
        {"skip": True},
        {"every": True},
        {"every": True, "order": "jil"},
        {"batch": False},
        {"batch": False, "every": True},
        {"coupled": True},
        {"skip": True, "every": True, "weights": "kjl"},
    ],
    ids=str,
)
def test_layers_equal_the_equations(kind: dict[str, Any], depth: str) -> None:
    widths = DEPTHS[depth]
    compare(layers(**kind), {"m": 2, "L": len(widths), "n": widths})


@pytest.mark.parametrize("widths", [{1: 2, 2: 3, 3: 2}, {1: 3, 2: 2, 3: 2, 4: 3}, {1: 3, 2: 3, 3: 3, 4: 3}], ids=str)
@pytest.mark.parametrize("weights", ["ljk", "kjl"])
def test_tied_weights_equal_the_equations(weights: str, widths: dict[int, int]) -> None:
    compare(layers(weights=weights, tied=True), {"m": 2, "L": len(widths), "n": widths})


@pytest.mark.parametrize("kind", [{}, {"batch": False}], ids=str)
def test_smallest_sizes(kind: dict[str, Any]) -> None:
    compare(layers(**kind), {"m": 1, "L": 2, "n": {1: 1, 2: 1}})


def recurrent() -> Model:
    """A recurrent layer: the time step is an index of a rectangular array."""
    with Model("recurrent") as model:
        m, T, p, q = model.sizes("m T p q")
        i, j, k, t = model.indices("i j k t")
        x, y = model.data(x=(m, T, p), y=(m, T, q))
        u, v, c = model.parameters(u=(q, p), v=(q, q), c=(q,))
        s, h = model.variables("s h")
        with model.over(t, 1, T), model.over(j, 1, q):
            s[t, i, j] = Sum(u[j, k] * x[i, t, k], k) + Sum(v[j, k] * h[t - 1, i, k], k) + c[j]
            h[t, i, j] = s[t, i, j] ** 2 - s[t, i, j]
        with model.over(i, 1, m), model.over(j, 1, q):
            h[0, i, j] = 0 * c[j]
        model.minimise(Sum((h[t, i, j] - y[i, t, j]) ** 2, i, j, (t, 1, T)))
    return model


def test_recurrence_in_time() -> None:
    text = compare(recurrent(), {"m": 2, "T": 4, "p": 2, "q": 3})
    assert "for t in range(1, T + 1):" in text
    compare(recurrent(), {"m": 1, "T": 1, "p": 1, "q": 1})


def convolution() -> Model:
    """A convolution in one dimension."""
    with Model("convolution") as model:
        m, N, F = model.sizes("m N F")
        i, t, s = model.indices("i t s")
        model.assume(N >= F)
        x = model.data(x=(m, N))
        w = model.parameters(w=(F,))
        c = model.variables("c")
        with model.over(t, 1, N - F + 1):
            c[i, t] = Sum(w[s] * x[i, t + s - 1], s)
        model.minimise(Sum(c[i, t] ** 2, i, t))
    return model


def test_convolution() -> None:
    compare(convolution(), {"m": 2, "N": 5, "F": 2})
    compare(convolution(), {"m": 1, "N": 3, "F": 3})


def test_equal_terms_and_factors_all_count() -> None:
    with Model("twice") as model:
        p = model.sizes("p")
        i = model.indices("i")
        x = model.data(x=(p,))
        b, c = model.parameters(b=(), c=())
        w = model.variables("w")
        w[i] = x[i] * (b + b)
        model.minimise((c + c - b) ** 2 + Sum((w[i] - c - c) ** 2 + b * b * x[i] * x[i], i))
    compare(model, {"p": 3})
