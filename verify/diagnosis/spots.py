"""Places in an expression at which something else can be put."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from derive.system import System
from derive.values.affine import Affine
from derive.values.binders import Bound, inside
from derive.values.nodes import Access, Call, Choice, Expr, Mul
from derive.values.walks import walk

UNKNOWN = Access("?")  # a number to be found


@dataclass(frozen=True)
class Spot:
    """A node, the ranges of the letters around it, and the whole with something else in its place.

    The first `free` ranges are those of the equation. `outer`: the node is the whole right side.
    """

    system: System
    of: str
    node: Expr
    bounds: tuple[Bound, ...]
    put: Callable[[Expr], Expr]
    outer: bool = False
    free: int = 0


def spots(system: System, of: str, expr: Expr, bounds: tuple[Bound, ...]) -> Iterator[Spot]:
    """Every node of an equation, the whole first."""

    def below(node: Expr, around: tuple[Bound, ...], put: Callable[[Expr], Expr], outer: bool) -> Iterator[Spot]:
        yield Spot(system, of, node, around, put, outer, len(bounds))
        children = node.children
        for q, child in enumerate(children):

            def inner(new: Expr, q: int = q) -> Expr:
                return put(node.rebuild((*children[:q], new, *children[q + 1 :])))

            yield from below(child, inside(node, around), inner, outer=False)

    yield from below(expr, bounds, lambda new: new, outer=True)


@dataclass(frozen=True)
class Slope:
    """Factors of a product that depend on one entry of a variable only: the derivative of the function that made it.

    Or one factor f'(argument) of any argument, which is `entry` then.
    `function` and `argument` are those of the equation of the variable, at the same entry.
    """

    entry: Expr
    factors: tuple[Expr, ...]
    rest: tuple[Expr, ...]
    made: Call | None

    @property
    def of(self) -> str:
        """The variable, or the function."""
        return self.entry.tensor if isinstance(self.entry, Access) else self.made.function if self.made else ""


def slopes(system: System, product: Mul) -> Iterator[Slope]:
    """The groups of factors that are functions of one entry of a variable."""
    for factor in product.factors:
        if isinstance(factor, Call) and any(factor.orders) and not isinstance(factor.args[0], Access):
            rest = tuple(f for f in product.factors if f is not factor)
            yield Slope(factor.args[0], (factor,), rest, Call(factor.function, factor.args, (0,) * len(factor.args)))
    known: dict[Access, list[Expr]] = {}
    for factor in product.factors:
        entries = {node for node in walk(factor) if isinstance(node, Access)}
        if len(entries) == 1 and not any(node.letters and type(node).__name__ == "Sum" for node in walk(factor)):
            (entry,) = entries
            if not entry.tensor.startswith("d.") and system.tensor(entry.tensor).role == "variable":
                known.setdefault(entry, []).append(factor)
    for entry, factors in known.items():
        made = maker(system, entry)
        alone = isinstance(factors[0], Access) and len(factors) == 1
        if (made is not None and not alone) or any(isinstance(n, (Call, Choice)) for f in factors for n in walk(f)):
            rest = tuple(f for f in product.factors if f not in factors)
            if any(isinstance(node, Access) for f in rest for node in walk(f)):
                yield Slope(entry, tuple(factors), rest, made)


def maker(system: System, entry: Access) -> Call | None:
    """f(z[l, i, j]) where a[l, i, j] = f(z[l, i, j]) defines an entry; of several equations the last one."""
    found = None
    for equation in system.equations_of(entry.tensor):
        if isinstance(equation.value, Call) and sum(equation.value.orders) == 0:
            values = {
                p.alone: place
                for p, place in zip(equation.target.at, entry.at, strict=True)
                if p.alone is not None and p.letter is not None
            }
            moved = equation.value.replaced(values)
            found = moved if isinstance(moved, Call) else None
    return found


def shifted(entry: Access, slot: int, by: int) -> Access:
    """The entry next to another one."""
    return Access(entry.tensor, tuple(p + by if q == slot else p for q, p in enumerate(entry.at)))


def swapped(entry: Access, one: int, other: int) -> Access:
    """The entry with two positions exchanged."""
    at: list[Affine] = list(entry.at)
    at[one], at[other] = at[other], at[one]
    return Access(entry.tensor, tuple(at))


def no_adjoint(term: Expr) -> bool:
    """Does an expression read no adjoint?"""
    return not any(isinstance(n, Access) and n.tensor.startswith("d.") for n in walk(term))
