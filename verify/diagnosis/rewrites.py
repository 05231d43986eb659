"""Single edits of a node: what people write in place of what an equation says. Each knows nothing of any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from derive.values.affine import Affine, indices
from derive.values.binders import Bound, Sum, summed
from derive.values.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Access,
    Add,
    Bracket,
    Call,
    Choice,
    Count,
    Expr,
    Mul,
    Number,
    Pow,
    Relation,
    add,
    mul,
    power,
)
from derive.values.text import render_expr as text
from derive.values.walks import walk
from verify.diagnosis.spots import UNKNOWN, Spot, shifted, slopes, swapped


@dataclass(frozen=True)
class Rewrite:
    """Another node, the class of the mistake, and a sentence; `{c}` in it stands for a number to be found."""

    kind: str
    after: Expr
    says: str


Rule = Callable[[Spot], Iterator[Rewrite]]


def instead(kind: str, before: Expr, after: Expr) -> Rewrite:
    """One thing stands for another."""
    return Rewrite(kind, after, f"{text(after)} stands where {text(before)} belongs")


def term_dropped(spot: Spot) -> Iterator[Rewrite]:
    """A + B -> A"""
    if isinstance(spot.node, Add):
        for q, term in enumerate(spot.node.terms):
            rest = add(*(t for p, t in enumerate(spot.node.terms) if p != q))
            if not isinstance(rest, Number):  # else the whole is a factor that is missing
                yield Rewrite("term missing", rest, f"the term {text(term)} is missing")


def term_scaled(spot: Spot) -> Iterator[Rewrite]:
    """A + B -> A + c B, and the whole"""
    if isinstance(spot.node, Add):
        for q, term in enumerate(spot.node.terms) if not has_number(spot.node) else ():
            terms = (mul(UNKNOWN, t) if p == q else t for p, t in enumerate(spot.node.terms))
            yield Rewrite("factor", add(*terms), f"the term {text(term)} stands {{c}}")
    if spot.outer:
        whole = mul(UNKNOWN, spot.node)
        yield Rewrite("factor", whole, "its right side stands {c}")


def factor_dropped(spot: Spot) -> Iterator[Rewrite]:
    """A B -> A"""
    if isinstance(spot.node, Mul):
        for q, factor in enumerate(spot.node.factors):
            rest = mul(*(f for p, f in enumerate(spot.node.factors) if p != q))
            if not isinstance(factor, (Number, Bracket, Sum)) and not isinstance(rest, Number):
                kind = "missing 1/m" if is_share(factor) else "factor missing"
                yield Rewrite(kind, rest, f"the factor {text(factor)} is missing")


def is_share(factor: Expr) -> bool:
    """Is it one over a number of things?"""
    return isinstance(factor, Pow) and factor.exponent == MINUS_ONE and counts(factor.base)


def counts(expr: Expr) -> bool:
    """Is it made of sizes and numbers?"""
    return all(counts(child) for child in expr.children) if expr.children else isinstance(expr, (Count, Number))


def power_changed(spot: Spot) -> Iterator[Rewrite]:
    """A^n -> A"""
    if isinstance(spot.node, Pow) and spot.node.exponent != MINUS_ONE:
        yield instead("power", spot.node, spot.node.base)
        if isinstance(spot.node.exponent, Number):
            yield instead("power", spot.node, power(spot.node.base, Number(spot.node.exponent.value + 1)))


def indices_swapped(spot: Spot) -> Iterator[Rewrite]:
    """w[l, k, j] -> w[l, j, k]"""
    node = spot.node
    if isinstance(node, Access):
        for one, other in combinations(range(len(node.at)), 2):
            if node.at[one] != node.at[other]:
                yield instead("transposed weight", node, swapped(node, one, other))


def neighbour(spot: Spot) -> Iterator[Rewrite]:
    """w[l + 1, k, j] -> w[l, k, j]; a[i] -> a[i - 1], from the first to the last"""
    node = spot.node
    if isinstance(node, Access):
        weight = not node.tensor.startswith("d.") and spot.system.tensor(node.tensor).role == "parameter"
        for slot, position in enumerate(node.at):
            if indices(position) or slot == 0:
                for by in (-1, 1):
                    stale = position.constant or not summed_here(spot, position)
                    kind = "neighbouring weight" if weight else "stale activation" if stale else "off-by-one sample"
                    yield instead(kind, node, shifted(node, slot, by))


def summed_here(spot: Spot, position: Affine) -> bool:
    """Does a sum around the node bind the letter of a position?"""
    return position.letter is not None and position.letter in {b.index for b in spot.bounds[spot.free :]}


def other_tensor(spot: Spot) -> Iterator[Rewrite]:
    """a[l - 1, i, k] -> z[l - 1, i, k], z[l, i, k], ..."""
    node = spot.node
    if not isinstance(node, Access):
        return
    name = node.tensor.removeprefix("d.")
    adjoint = node.tensor.startswith("d.")
    role = spot.system.tensor(name).role
    roles = ("parameter",) if role == "parameter" and not adjoint else ("variable", "data")
    kind = "neighbouring weight" if roles == ("parameter",) else "stale activation"
    for other in spot.system.tensors:
        if other.name != name and other.role in roles and len(other.slots) == len(node.at) and other.values is None:
            same = Access(("d." if adjoint else "") + other.name, node.at)
            yield instead(kind, node, same)
            if same.at and not adjoint:
                yield from (instead(kind, node, shifted(same, 0, by)) for by in (-1, 1))


def slope_changed(spot: Spot) -> Iterator[Rewrite]:
    """delta f'(z) -> delta, delta f'(f(z)), delta f'(of a neighbour), delta f'(of delta)"""
    if not isinstance(spot.node, Mul):
        return
    for slope in slopes(spot.system, spot.node):
        shown = text(mul(*slope.factors))
        yield Rewrite("f' missing", mul(*slope.rest), f"the factor f' = {shown} is missing")
        for kind, new in slope_entries(spot, slope.entry, slope.made, mul(*adjoints_of(slope.rest)[0])):
            factors = tuple(put(f, slope.entry, new) for f in slope.factors)
            says = f"f' is taken of {text(new)} where {shown} belongs"
            yield Rewrite(kind, mul(*slope.rest, *factors), says)


def adjoints_of(factors: tuple[Expr, ...]) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """The factors that read adjoints, all if none does, and the others."""
    reading = [any(isinstance(n, Access) and n.tensor.startswith("d.") for n in walk(f)) for f in factors]
    if not any(reading):
        return factors, ()
    adjoints = tuple(f for f, reads in zip(factors, reading, strict=True) if reads)
    return adjoints, tuple(f for f, reads in zip(factors, reading, strict=True) if not reads)


def slope_entries(spot: Spot, entry: Expr, made: Call | None, rest: Expr) -> Iterator[tuple[str, Expr]]:
    """What people take f' of."""
    if made is not None:
        yield "f'(a) for f'(z)", Call(made.function, (entry,), made.orders)
    yield "f' of the wrong variable", rest
    if not isinstance(entry, Access):
        return
    for slot in range(len(entry.at)):
        for by in (-1, 1):
            yield "stale activation", shifted(entry, slot, by)
    for other in spot.system.tensors:
        if other.role in ("variable", "data") and other.name != entry.tensor and len(other.slots) == len(entry.at):
            kind = "f'(a) for f'(z)" if makes(spot, other.name, entry.tensor) else "stale activation"
            yield kind, Access(other.name, entry.at)


def makes(spot: Spot, name: str, of: str) -> bool:
    """Is a tensor a function of another one, entry by entry?"""
    return any(
        isinstance(e.value, Call) and any(isinstance(n, Access) and n.tensor == of for n in walk(e.value))
        for e in (spot.system.equations_of(name) if spot.system.tensor(name).role == "variable" else ())
    )


def put(expr: Expr, old: Expr, new: Expr) -> Expr:
    """One expression for another, in conditions too."""
    if expr == old:
        return new
    return expr.rebuild(tuple(put(child, old, new) for child in expr.children)) if expr.children else expr


def moved_outside(spot: Spot) -> Iterator[Rewrite]:
    """(A + B) C -> A C + B"""
    if isinstance(spot.node, Mul):
        for q, factor in enumerate(spot.node.factors):
            rest = mul(*(f for p, f in enumerate(spot.node.factors) if p != q))
            if isinstance(factor, Add) and len(factor.terms) < 4:
                for p, term in enumerate(factor.terms):
                    kept = add(*(t for s, t in enumerate(factor.terms) if s != p))
                    says = f"{text(term)} stands outside of the product with {text(rest)}"
                    yield Rewrite("term outside f'", add(mul(kept, rest), term), says)


def range_shortened(spot: Spot) -> Iterator[Rewrite]:
    """Sum over i = 1..m -> 2..m, 1..m-1"""
    if isinstance(spot.node, Sum):
        for q, bound in enumerate(spot.node.bounds):
            for lo, hi, which in ((1, 0, "first"), (0, -1, "last")):
                new = Bound(bound.index, bound.lo + lo, bound.hi + hi)
                bounds = (*spot.node.bounds[:q], new, *spot.node.bounds[q + 1 :])
                kind = f"dropped {which} sample"
                yield Rewrite(
                    kind, Sum(spot.node.body, bounds), f"the sum over {bound.index.name} leaves out the {which}"
                )


def count_off(spot: Spot) -> Iterator[Rewrite]:
    """1/m -> 1/(m - 1)"""
    if isinstance(spot.node, Count):
        for by in (-1, 1):
            yield instead("off-by-one sample", spot.node, Count(spot.node.of + by))


def label_off(spot: Spot) -> Iterator[Rewrite]:
    """[label[i] = c] -> [label[i] - 1 = c], around the ends; label[i - 1]"""
    if not isinstance(spot.node, Bracket) or spot.node.op != "=":
        return
    for one, other in ((spot.node.left, spot.node.right), (spot.node.right, spot.node.left)):
        atom = one.alone
        if not isinstance(atom, Access) or (values := spot.system.tensor(atom.tensor).values) is None:
            continue
        count = values[1] - values[0] + 1
        for by in (-1, 1):
            near = add(Bracket("=", one + by, other), Bracket("=", one + by - count * by, other))
            yield Rewrite("off-by-one sample", near, f"{text(atom)} is off by one")
            for slot in range(len(atom.at)):
                moved = Affine.of(shifted(atom, slot, by))
                says = f"{text(shifted(atom, slot, by))} stands where {text(atom)} belongs"
                yield Rewrite("off-by-one sample", Bracket("=", moved, other), says)


def difference_changed(spot: Spot) -> Iterator[Rewrite]:
    """a - y -> sign(a - y), (a - y)^2"""
    if isinstance(spot.node, Add) and len(spot.node.terms) == 2 and not has_number(spot.node):
        below = Relation("<", spot.node, ZERO)
        zero = Relation("==", spot.node, ZERO)
        sign = Choice(((zero, ZERO), (below, MINUS_ONE)), ONE)
        yield Rewrite(
            "wrong cost derivative", sign, f"the sign of {text(spot.node)} stands where {text(spot.node)} belongs"
        )


def has_number(node: Add) -> bool:
    """Is a term a plain number?"""
    return any(isinstance(term, Number) for term in node.terms)


def slope_added(spot: Spot) -> Iterator[Rewrite]:
    """delta -> delta f'(z)"""
    if not spot.outer:
        return
    seen = dict.fromkeys(n for n in walk(spot.node) if isinstance(n, Access) and not n.tensor.startswith("d."))
    for entry in seen:
        for equation in spot.system.equations_of(entry.tensor) if entry.tensor in variables(spot) else ():
            argument = equation.value.args[0] if isinstance(equation.value, Call) else None
            if isinstance(equation.value, Call) and isinstance(argument, Access) and argument.tensor == spot.of:
                call = Call(equation.value.function, (Access(argument.tensor, entry.at),), (1,))
                says = f"a factor f' = {text(call)} stands here that does not belong"
                yield Rewrite("wrong cost derivative", mul(spot.node, call), says)


def variables(spot: Spot) -> set[str]:
    """The names of the variables."""
    return {t.name for t in spot.system.role("variable")}


def sum_for_one(spot: Spot) -> Iterator[Rewrite]:
    """Sum_k f(k) -> n Sum_k f(k) / n is a factor; a sum that is left out leaves its letter."""
    if isinstance(spot.node, Sum) and len(spot.node.bounds) > 1:
        for q, bound in enumerate(spot.node.bounds):
            rest = (*spot.node.bounds[:q], *spot.node.bounds[q + 1 :])
            for end, name in ((bound.lo, "first"), (bound.hi, "last")):
                says = f"of the sum over {bound.index.name} only the {name} is there"
                yield Rewrite("one of a sum", summed(spot.node.body.replaced({bound.index: end}), rest), says)


def place_left_out(spot: Spot) -> Iterator[Rewrite]:
    """d.o[t] -> d.o[t] [t <= T - 1], [2 <= t]"""
    if spot.outer:
        for bound in spot.bounds:
            at = Affine.of(bound.index)
            for bracket, which in (
                (Bracket("<=", at + 1, bound.hi), "last"),
                (Bracket("<=", bound.lo + 1, at), "first"),
            ):
                says = f"it is 0 at the {which} {bound.index.name}"
                yield Rewrite(f"dropped {which} sample", mul(bracket, spot.node), says)


RULES_OF_NODES: tuple[Rule, ...] = (
    term_scaled,
    slope_changed,
    term_dropped,
    factor_dropped,
    indices_swapped,
    neighbour,
    range_shortened,
    place_left_out,
    count_off,
    label_off,
    moved_outside,
    power_changed,
    difference_changed,
    slope_added,
    other_tensor,
    sum_for_one,
)
