"""Stand-ins for what a model leaves symbolic: polynomials for f and for an opaque cost, with exact derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from flint import arb, fmpq

from codegen.lowering.elements import call_name
from codegen.lowering.functional import opaque_name
from derive.derivation import Derivation
from derive.values.binders import Functional
from derive.values.nodes import Call, Expr
from derive.values.walks import walk
from verify.numbers import Balls
from verify.shadow import FUNCTION_UNITS, Shadow


@dataclass(frozen=True)
class Elementwise:
    """f^(orders) on arrays, entry by entry."""

    name: str
    orders: tuple[int, ...]
    field: Balls

    def __call__(self, *arrays: Any) -> Any:
        spread = np.broadcast_arrays(*arrays)
        return filled(
            spread[0].shape,
            arrays,
            lambda place: unknown(self.field, self.name, [array[place] for array in spread], self.orders),
        )


@dataclass(frozen=True)
class Rowwise:
    """An opaque function of vectors, which stand along the last axes; `by` lists the arguments of its derivatives."""

    name: str
    by: tuple[int, ...]
    field: Balls

    def __call__(self, *arrays: Any) -> Any:
        outer = arrays[0].shape[:-1]
        lengths = [array.shape[-1] for array in arrays]
        shape = (*outer, *(lengths[k] for k in self.by))

        def value(place: tuple[int, ...]) -> Any:
            args = [array[place[: len(outer)]][q] for array, n in zip(arrays, lengths, strict=True) for q in range(n)]
            taken = [sum(lengths[:k]) + q for k, q in zip(self.by, place[len(outer) :], strict=True)]
            orders = tuple(taken.count(slot) for slot in range(len(args)))
            return unknown(self.field, f"{self.name}{len(arrays)}", args, orders)

        return filled(shape, arrays, value)


def filled(shape: tuple[int, ...], like: tuple[Any, ...], value: Callable[[tuple[int, ...]], Any]) -> Any:
    """An array of the type of the arguments, entry by entry."""
    made = np.empty(shape, dtype=np.result_type(*(np.asarray(array) for array in like)))
    for place in product(*map(range, shape)):
        made[place] = value(place)
    return made[()]


def unknown(field: Balls, name: str, args: list[Any], orders: tuple[int, ...]) -> Any:
    """The stand-in at shadows or floats; on floats it is correctly rounded but for the last bit."""
    with field.context():
        shadow = next((a for a in args if isinstance(a, Shadow)), None)
        if shadow is not None:
            ball = field.unknown(name, tuple(a.settled() for a in args), orders)
            return shadow.called(f"{name} {orders}", tuple(args), ball, FUNCTION_UNITS)
        return float(field.unknown(name, tuple(arb(fmpq(*float(a).as_integer_ratio())) for a in args), orders).mid())


def stand_ins(derivation: Derivation, field: Balls) -> dict[str, Elementwise | Rowwise]:
    """Every callable that code of this derivation may ask for, by its name in code."""
    system = derivation.system
    symbolic = {f.name for f in system.functions if f.formula is None}
    found: dict[str, Elementwise | Rowwise] = {}
    for node in nodes(derivation):
        if isinstance(node, Functional) and node.name in system.functionals:
            by = tuple(k for k, _ in node.by)
            found[opaque_name(node.name, by)] = Rowwise(node.name, by, field)
        if isinstance(node, Call) and node.function in symbolic:
            found[call_name(node)] = Elementwise(node.function, node.orders, field)
    return found


def nodes(derivation: Derivation) -> Iterator[Expr]:
    """Every node of every right side, given or derived."""
    system = derivation.system
    for value in (*(e.value for e in (*system.equations, system.objective)), *(a.value for a in derivation.computed)):
        yield from walk(value)
