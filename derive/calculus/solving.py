"""A sum over the row or the column of an inverse is the solution of linear equations, and is written as one."""

from __future__ import annotations

from derive.calculus.occurrences import opened
from derive.values.affine import Affine, Index, Node, indices
from derive.values.binders import Bound, MatrixFunction, Sum, summed
from derive.values.facts import Facts
from derive.values.match import match
from derive.values.nodes import ONE, Expr, Mul, mul


def solved(node: Sum, facts: Facts, kept: tuple[MatrixFunction, ...] = ()) -> Expr:
    """The sum with every inverse that is multiplied by a vector over one of its letters as a solution.

    The inverses of the matrices of `kept` are there, and stay.
    """
    found: Expr = node
    while isinstance(found, Sum):
        next_one = _once(found, facts, kept)
        if next_one is None:
            break
        found = next_one
    return found


def _once(node: Sum, facts: Facts, kept: tuple[MatrixFunction, ...]) -> Expr | None:
    factors = node.body.factors if isinstance(node.body, Mul) else (node.body,)
    for number, factor in enumerate(factors):
        if isinstance(factor, MatrixFunction) and factor.op == "inverse" and not _is_one_of(kept, factor):
            others = (*factors[:number], *factors[number + 1 :])
            for side in (0, 1):
                found = _along(factor, side, others, node.bounds, facts)
                if found is not None:
                    return found
    return None


def _is_one_of(kept: tuple[MatrixFunction, ...], factor: MatrixFunction) -> bool:
    wanted = factor.moved(())
    return any(match(k.moved(()), wanted, frozenset(k.moved(()).letters)) is not None for k in kept)


def _along(
    inverse: MatrixFunction, side: int, others: tuple[Expr, ...], bounds: tuple[Bound, ...], facts: Facts
) -> Expr | None:
    """Sum_p f(p) A^-1[p, q] (side 0) or Sum_q A^-1[p, q] f(q) (side 1); None if the sum is of another kind."""
    place, other = inverse.at[side], inverse.at[1 - side]
    bound = next((b for b in bounds if b.index == place.letter), None)
    fixed = set(inverse.moved((other, other)).letters)
    if bound is None or bound.index in fixed or not _whole(bound, inverse.bounds[side], facts):
        return None
    letters = _summed_inside(bound.index, others, bounds, fixed)
    inside = tuple(f for f in others if letters & set(f.letters))
    rest = tuple(b for b in bounds if b.index not in letters)
    moving = {x for b in rest for x in (*indices(b.lo), *indices(b.hi))}
    if letters & moving or any(set(f.letters) & set(indices(other)) for f in inside):
        return None
    right = summed(mul(*inside, ONE), tuple(b for b in bounds if b.index in letters - {bound.index}))
    solution = _solution(inverse, side, right, bound.index)
    return summed(mul(*(f for f in others if f not in inside), solution), rest)


def _whole(bound: Bound, own: Bound, facts: Facts) -> bool:
    return facts.same(bound.lo, own.lo) and facts.same(bound.hi, own.hi)


def _summed_inside(
    first: Index, factors: tuple[Expr, ...], bounds: tuple[Bound, ...], fixed: set[Index]
) -> frozenset[Index]:
    """The letters that are summed in the right side: the first, and those that only factors inside have."""
    letters = {first}
    while True:
        inside = [f for f in factors if letters & set(f.letters)]
        reached = {x for f in inside for x in f.letters}
        more = [
            b.index
            for b in bounds
            if b.index in reached - letters - fixed
            and not any(fixed & set(f.letters) for f in factors if b.index in f.letters)
        ]
        if not more:
            return frozenset(letters)
        letters.update(more)


def _solution(inverse: MatrixFunction, side: int, right: Expr, letter: Index) -> MatrixFunction:
    """The entry of the solution of A u = f, or of its transpose: the other place of the inverse."""
    taken = frozenset({*right.letters, *inverse.letters, letter})
    (rows, columns), matrix = opened(inverse.bounds, inverse.bodies[0], taken)
    row, column = (columns, rows) if side == 0 else (rows, columns)
    values: dict[Node, Affine] = {letter: Affine.of(row.index)}
    return MatrixFunction("solve", (matrix, right.replaced(values)), (row, column), (inverse.at[1 - side],))
