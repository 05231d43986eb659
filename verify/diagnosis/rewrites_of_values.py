"""Single edits of a value: functions left out, branches, kinks, numbers, and what was computed on the way forward."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from derive.values.affine import Affine, Index, Node
from derive.values.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Access,
    Add,
    Bracket,
    Call,
    Choice,
    Expr,
    Number,
    Relation,
    add,
    mul,
    number,
    power,
)
from derive.values.text import render_expr as text
from derive.values.walks import transform, walk
from verify.diagnosis.rewrites import Rewrite, factor_dropped, has_number, instead, term_dropped, variables
from verify.diagnosis.rewrites_of_sums import first_for_mean
from verify.diagnosis.spots import Spot, no_adjoint

NEAR = tuple(Fraction(sign, 10**k) for k in range(3, 9) for sign in (1, -1))
NUMBERS = (Fraction(0), Fraction(2), Fraction(-1), Fraction(1, 2))


def function_left_out(spot: Spot) -> Iterator[Rewrite]:
    """f(u) -> u"""
    node = spot.node
    if isinstance(node, Call) and len(node.args) == 1 and not any(node.orders):
        kind = "wrong cost derivative" if node.function == "sign" else "stale activation"
        yield instead(kind, node, node.args[0])


def power_for_difference(spot: Spot) -> Iterator[Rewrite]:
    """a - y -> (a - y)^2, |a - y|"""
    if isinstance(spot.node, Add) and len(spot.node.terms) == 2 and not has_number(spot.node):
        below = Relation("<", spot.node, ZERO)
        size = Choice(((below, mul(MINUS_ONE, spot.node)),), spot.node)
        yield instead("wrong cost derivative", spot.node, power(spot.node, number(2)))
        says = f"the absolute value of {text(spot.node)} stands where {text(spot.node)} belongs"
        yield Rewrite("wrong cost derivative", size, says)


def divided_by_other(spot: Spot) -> Iterator[Rewrite]:
    """A + B -> A + B/A, A + A B"""
    if isinstance(spot.node, Add) and len(spot.node.terms) == 2 and not has_number(spot.node) and no_adjoint(spot.node):
        for q, term in enumerate(spot.node.terms):
            other = spot.node.terms[1 - q]
            for by, word in ((power(other, MINUS_ONE), "divided by"), (other, "times")):
                pair = (other, mul(term, by))
                value = add(*(pair if q else pair[::-1]))
                says = f"the term {text(term)} stands {word} {text(other)}"
                yield Rewrite("wrong cost derivative", value, says)


def branch_always(spot: Spot) -> Iterator[Rewrite]:
    """(A if u > 0, else B) -> A, B, wherever this condition stands"""
    if spot.outer:
        for condition in dict.fromkeys(c for n in walk(spot.node) if isinstance(n, Choice) for c, _ in n.branches):
            for holds, word in ((True, "always"), (False, "never")):
                value = transform(spot.node, partial(decided, condition=condition, holds=holds))
                shown = f"{text(condition.left)} {condition.op} {text(condition.right)}"
                yield Rewrite("wrong cost derivative", value, f"the case {shown} is taken {word}")


def decided(node: Expr, condition: Relation, holds: bool) -> Expr:
    """A choice in which a condition always holds, or never."""
    if not isinstance(node, Choice):
        return node
    kept = []
    for own, value in node.branches:
        if own != condition:
            kept.append((own, value))
        elif holds:
            return Choice(tuple(kept), value) if kept else value
    return Choice(tuple(kept), node.otherwise) if kept else node.otherwise


def kink_moved(spot: Spot) -> Iterator[Rewrite]:
    """(A if 0 >= u, else B) -> (A if 0 >= u + 0.000001, else B), and f'(u + 0.000001), in the whole right side"""
    if spot.outer and any(has_kink(node) for node in walk(spot.node)):
        for by in NEAR:
            value = transform(spot.node, partial(bent, by=by))
            yield Rewrite("kink moved", value, "a kink lies next to its place: compare with 0, not with a small number")


def has_kink(node: Expr) -> bool:
    """Is it a choice, or a derivative that may be one?"""
    return isinstance(node, Choice) or (isinstance(node, Call) and sum(node.orders) == 1)


def bent(node: Expr, by: Fraction) -> Expr:
    """The same choice with its kink beside its place."""
    if isinstance(node, Choice):
        return Choice(
            tuple((Relation(c.op, c.left, add(c.right, number(by))), v) for c, v in node.branches), node.otherwise
        )
    if isinstance(node, Call) and sum(node.orders) == 1:
        return Call(node.function, tuple(add(a, number(by)) for a in node.args), node.orders)
    return node


def number_changed(spot: Spot) -> Iterator[Rewrite]:
    """1 + u -> 2 + u, wherever this number is a term"""
    if spot.outer:
        terms = (t for n in walk(spot.node) if isinstance(n, Add) for t in n.terms if isinstance(t, Number))
        for old in dict.fromkeys(abs(t.value) for t in terms):
            for new in NUMBERS:
                value = transform(spot.node, partial(renumbered, old=old, new=new * old))
                says = f"{new * old} stands where {old} belongs"
                yield Rewrite("wrong number", value, says)


def renumbered(node: Expr, old: Fraction, new: Fraction) -> Expr:
    """A sum with another number in it."""
    if not isinstance(node, Add):
        return node
    signed = {old: new, -old: -new}
    return add(*(number(signed.get(t.value, t.value)) if isinstance(t, Number) else t for t in node.terms))


def squashed(spot: Spot) -> Iterator[Rewrite]:
    """delta -> delta s (1 - s), delta (1 - tanh(z)^2), with s = 1/(1 + exp(-z))"""
    if spot.outer and spot.of in variables(spot):
        own = next((n for n in walk(spot.node) if isinstance(n, Access) and n.tensor == spot.of), None)
        if own is not None:
            ratio = Call("exp", (mul(MINUS_ONE, own),))
            one = power(add(ONE, ratio), MINUS_ONE)
            tanh = Call("tanh", (own,))
            for slope, name in (
                (mul(one, add(ONE, mul(MINUS_ONE, one))), "sigmoid"),
                (add(ONE, mul(MINUS_ONE, power(tanh, number(2)))), "tanh"),
            ):
                says = f"a factor {name}'({text(own)}) stands here that does not belong"
                yield Rewrite("wrong cost derivative", mul(spot.node, slope), says)


def one_vector_off(spot: Spot) -> Iterator[Rewrite]:
    """w[k] -> w[k - 1], and b before the first, in one vector of b and w; w[k + 1] likewise"""
    node = spot.node
    if not isinstance(node, Access) or len(node.at) != 1 or node.tensor.startswith("d."):
        return
    parameters = spot.system.role("parameter")
    if node.tensor in {t.name for t in parameters} and (letter := node.at[0].letter) is not None:
        lo, hi = spot.system.tensor(node.tensor).range_of(0, node.at)
        for other in (Access(t.name) for t in parameters if not t.slots):
            for by, end, left, right in ((-1, lo, lo + 1, letter), (1, hi, letter, hi - 1)):
                inner = mul(Bracket("<=", Affine.of(left), Affine.of(right)), Access(node.tensor, (node.at[0] + by,)))
                value = add(inner, mul(Bracket("=", node.at[0], end), other))
                says = f"the next number of one vector of {other.tensor} and {node.tensor} stands where {text(node)}"
                yield Rewrite("neighbouring weight", value, f"{says} belongs")


FORWARD = (function_left_out, factor_dropped, term_dropped, first_for_mean)


def computed_otherwise(spot: Spot) -> Iterator[Rewrite]:
    """a[l - 1, i, k] -> z[l - 1, i, k], where a = f(z): an edit of the equation of a variable that is read"""
    node = spot.node
    if not isinstance(node, Access) or node.tensor not in variables(spot):
        return
    for equation in spot.system.equations_of(node.tensor):
        values: dict[Node, Affine] = {}
        for own, place in zip(equation.target.at, node.at, strict=True):
            if isinstance(own.alone, Index):
                values[own.alone] = place
        whole = equation.value.replaced(values)
        for rule in FORWARD:
            for rewrite in rule(Spot(spot.system, node.tensor, whole, spot.bounds, spot.put)):
                says = f"{text(rewrite.after)} stands where {text(node)} = {text(whole)} belongs"
                yield Rewrite("stale activation", rewrite.after, says)


RULES_OF_VALUES = (
    power_for_difference,
    divided_by_other,
    branch_always,
    function_left_out,
    squashed,
    computed_otherwise,
    one_vector_off,
    number_changed,
    kink_moved,
)
