"""Single edits of a sum: which of its terms are there, how they are paired, what stands in its place."""

from __future__ import annotations

from collections.abc import Iterator

from derive.values.affine import Affine, indices, replace
from derive.values.binders import Bound, Extreme, Place, Sum, fresh, multiplied, rebind, summed
from derive.values.nodes import MINUS_ONE, ONE, Access, Bracket, Count, Expr, Mul, add, mul, power
from derive.values.text import render_expr as text
from derive.values.walks import walk
from verify.diagnosis.rewrites import Rewrite, instead, is_share
from verify.diagnosis.spots import Spot


def single_bounds(node: Expr) -> Iterator[tuple[Expr, Bound, tuple[Bound, ...]]]:
    """The body of a sum with every one of its ranges, and the other ones."""
    if isinstance(node, Sum):
        for q, bound in enumerate(node.bounds):
            yield node.body, bound, (*node.bounds[:q], *node.bounds[q + 1 :])


def only_own_term(spot: Spot) -> Iterator[Rewrite]:
    """Sum_p f(p) -> f(j), where j has the range of p"""
    for body, bound, rest in single_bounds(spot.node):
        for own in (b.index for b in spot.bounds if (b.lo, b.hi) == (bound.lo, bound.hi)):
            says = f"of the sum over {bound.index.name} only the term with {bound.index.name} = {own.name} is there"
            yield Rewrite("diagonal Jacobian", summed(body.replaced({bound.index: Affine.of(own)}), rest), says)


def only_largest_term(spot: Spot) -> Iterator[Rewrite]:
    """Sum_p f(p) -> max_p f(p)"""
    if isinstance(spot.node, Sum) and len(spot.node.bounds) == 1:
        says = f"of the sum {text(spot.node)} only the largest term is there"
        yield Rewrite("wrong cost derivative", Extreme("max", spot.node.body, spot.node.bounds), says)


def first_for_mean(spot: Spot) -> Iterator[Rewrite]:
    """1/n Sum_k f(k) -> f(1), f(n)"""
    if isinstance(spot.node, Mul):
        shares = [f for f in spot.node.factors if is_share(f)]
        others = [f for f in spot.node.factors if not is_share(f)]
        for q, factor in enumerate(others if len(shares) == 1 else ()):
            for body, bound, rest in single_bounds(factor):
                for end, name in ((bound.lo, "first"), (bound.hi, "last")):
                    one = summed(body.replaced({bound.index: end}), rest)
                    says = f"in place of the mean over {bound.index.name} only the {name} is there"
                    yield Rewrite("one of a sum", mul(*others[:q], one, *others[q + 1 :]), says)


def rolled(spot: Spot) -> Iterator[Rewrite]:
    """Sum_t f(t) g(t) -> Sum_t f(t - 1) g(t), from the first to the last"""
    for body, bound, rest in single_bounds(spot.node):
        factors = body.factors if isinstance(body, Mul) else ()
        for q, factor in enumerate(factors):
            if bound.index in factor.letters and any(bound.index in f.letters for p, f in enumerate(factors) if p != q):
                for by, start, end in ((-1, bound.lo, bound.hi), (1, bound.hi, bound.lo)):
                    moved = factor.replaced({bound.index: Affine.of(bound.index) + by})
                    pair = mul(*factors[:q], moved, *factors[q + 1 :])
                    inner = Bound(bound.index, bound.lo + max(0, -by), bound.hi - max(0, by))
                    others = mul(*factors[:q], *factors[q + 1 :]).replaced({bound.index: start})
                    turned = mul(others, factor.replaced({bound.index: end}))
                    says = f"{text(moved)} stands where {text(factor)} belongs"
                    value = add(summed(pair, (inner, *rest)), summed(turned, rest))
                    yield Rewrite("off-by-one sample", value, says)


def last_of_equal_places(spot: Spot) -> Iterator[Rewrite]:
    """Sum_s f(s) [at[s] = v] -> the last term: what is added at a place that comes twice is written over"""
    if not isinstance(spot.node, Sum):
        return
    bound = {b.index for b in spot.node.bounds}
    for node in walk(spot.node.body):
        if isinstance(node, Bracket) and node.op == "=" and gathered(spot, node) and bound & set(node.letters):
            mine = tuple(b for b in spot.node.bounds if b.index in node.letters)
            body = mul(spot.node.body, *later_ones(node, mine))
            says = f"where {text(node)} holds more than once only the last one counts"
            yield Rewrite("repeated index", Sum(body, spot.node.bounds), says)


def gathered(spot: Spot, node: Bracket) -> bool:
    """Is one side of it an entry of data that holds integers?"""
    atoms = (side.alone for side in (node.left, node.right))
    return any(isinstance(a, Access) and spot.system.tensor(a.tensor).values is not None for a in atoms)


def later_ones(node: Bracket, bounds: tuple[Bound, ...]) -> Iterator[Expr]:
    """1 if the bracket holds for no later letters, the last one running fastest, as factors."""
    for q in range(len(bounds)):
        taken = {*node.letters, *(b.index for b in bounds)}
        letters = {b.index: fresh(b.index, taken) for b in bounds[q:]}
        values = {old: Affine.of(new) for old, new in letters.items()}
        first, *rest = rebind(bounds[q:], letters)
        after = Bound(first.index, Affine.of(bounds[q].index) + 1, first.hi)
        absent = add(ONE, mul(MINUS_ONE, node.replaced(values)))
        yield multiplied(absent, (after, *rest))


def mean_for_place(spot: Spot) -> Iterator[Rewrite]:
    """Sum_t [argmax_t z = t] f(t) -> 1/n Sum_t f(t); argmax of z at another letter's end"""
    node = spot.node
    if not isinstance(node, Bracket) or node.op != "=":
        return
    for place, other in ((node.left, node.right), (node.right, node.left)):
        atom, letter = place.alone, other.alone
        if not isinstance(atom, Place):
            continue
        for bound in spot.bounds:
            if bound.index == letter:
                share = power(Count(bound.hi - bound.lo + 1), MINUS_ONE)
                says = f"the mean over {bound.index.name} stands where the entry at {text(atom)} belongs"
                yield Rewrite("stale activation", share, says)
            elif bound.index in atom.letters:
                for end in (bound.lo, bound.hi):
                    moved = atom.replaced({bound.index: end})
                    if isinstance(moved, Place):
                        says = f"{text(moved)} stands where {text(atom)} belongs"
                        yield Rewrite("stale activation", Bracket("=", Affine.of(moved), other), says)


def only_where(spot: Spot) -> Iterator[Rewrite]:
    """A -> A [label[i] = j], A (1 - [label[i] = j]), A (1 - 2 [label[i] = j]), with a bracket that stands in A"""
    if not spot.outer:
        return
    own = {b.index for b in spot.bounds}
    for node in dict.fromkeys(n for n in walk(spot.node) if isinstance(n, Bracket)):
        if node.op == "=" and set(node.letters) <= own and gathered(spot, node):
            rest = add(ONE, mul(MINUS_ONE, node))
            turned = add(rest, mul(MINUS_ONE, node))
            where = text(node).strip("[]")
            yield Rewrite("diagonal Jacobian", mul(node, spot.node), f"it is 0 but where {where}")
            yield Rewrite("term missing", mul(rest, spot.node), f"it is 0 where {where}")
            yield Rewrite("sign", mul(turned, spot.node), f"it has the opposite sign where {where}")


def mirrored(spot: Spot) -> Iterator[Rewrite]:
    """x[i, t + s] -> x[i, t + n + 1 - s], with s = 1..n"""
    if isinstance(spot.node, Access):
        for bound in spot.bounds:
            if any(bound.index in indices(p) and len(indices(p)) > 1 for p in spot.node.at):
                back = bound.lo + bound.hi - Affine.of(bound.index)
                moved = tuple(replace(p, {bound.index: back}) for p in spot.node.at)
                yield instead("mirrored index", spot.node, Access(spot.node.tensor, moved))


RULES_OF_SUMS = (
    only_own_term,
    only_where,
    rolled,
    last_of_equal_places,
    mean_for_place,
    first_for_mean,
    only_largest_term,
    mirrored,
)
