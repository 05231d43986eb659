"""Expressions as those of SymPy, in atoms that depend neither on the letters of sums nor on the order of writing."""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy

from derive.system import System
from derive.values.affine import Affine, Index, Node, indices
from derive.values.binders import Bound, Sum, rebind
from derive.values.nodes import ONE, ZERO, Access, Add, Bracket, Call, Constant, Count, Expr, Mul, Number, Pow
from derive.values.walks import transform, walk
from verify.proof import LARGEST, MOST, applied, defining, monomials, vanishes

CASES = 3  # equalities of letters that are told apart


def identical(left: Expr, right: Expr, system: System, inlined: frozenset[str] = frozenset()) -> bool:
    """Does SymPy reduce left - right to 0, letters equal or different? False also where that is not tried.

    Variables that functions define are tried as names and as their formulas; `inlined` ones are their formulas.
    """
    if sum(1 for side in (left, right) for _ in walk(side)) > 2 * LARGEST:
        return False
    return any(
        all(_equal(*case, Canonical(system, names, inlined)) for case in cases(left, right)) for names in (True, False)
    )


def _equal(left: Expr, right: Expr, canonical: Canonical) -> bool:
    try:
        return vanishes(canonical.scalar(left) - canonical.scalar(right))
    except RecursionError:  # SymPy comparing the conditions of a Piecewise
        return False


def cases(left: Expr, right: Expr) -> list[tuple[Expr, Expr]]:
    """Both sides for free letters that are equal, and that are different, as their Kronecker deltas ask."""
    done, waiting = [], [(left, right, 0)]
    while waiting:
        one, two, depth = waiting.pop()
        delta = next((b for side in (one, two) for b in deltas(side)), None)
        if delta is None or depth == CASES:
            done.append((one, two))
            continue
        letter = (delta.left - delta.right).terms[0][0]
        assert isinstance(letter, Index)
        value = Affine.of(letter) - (delta.left - delta.right) * (delta.left - delta.right).coefficient(letter)
        waiting.append((one.replaced({letter: value}), two.replaced({letter: value}), depth + 1))
        waiting.append((without(one, delta), without(two, delta), depth + 1))
    return [(settled(one), settled(two)) for one, two in done]


def deltas(expr: Expr) -> list[Bracket]:
    """Equalities of two free letters that are not known to hold."""
    free = set(expr.letters)
    return [
        node
        for node in walk(expr)
        if isinstance(node, Bracket) and node.op in ("=", "==") and node.left != node.right
        if {*indices(node.left), *indices(node.right)} <= free
        if [abs(c) for a, c in (node.left - node.right).terms if isinstance(a, Index)][:1] == [1]
        and isinstance((node.left - node.right).terms[0][0], Index)
    ]


def without(expr: Expr, bracket: Bracket) -> Expr:
    """The expression where an equality does not hold."""
    gap = bracket.left - bracket.right

    def rewrite(node: Expr) -> Expr:
        if isinstance(node, Bracket) and node.op in ("=", "==") and node.left - node.right in (gap, gap * -1):
            return ZERO
        return node

    return transform(expr, rewrite)


def settled(expr: Expr) -> Expr:
    """The expression with 1 for equalities that hold."""

    def rewrite(node: Expr) -> Expr:
        holds = isinstance(node, Bracket) and node.op in ("=", "==") and node.left == node.right
        return ONE if holds else node

    return transform(expr, rewrite)


@dataclass
class Canonical:
    """Writes expressions of one system in SymPy; `names`: entries that functions define are atoms."""

    system: System
    names: bool
    inlined: frozenset[str] = frozenset()
    letters: dict[sympy.Symbol, frozenset[str]] = field(default_factory=dict)

    def atom(self, key: str, letters: frozenset[str]) -> sympy.Symbol:
        symbol = sympy.Symbol(key, real=True)
        self.letters[symbol] = letters
        return symbol

    def scalar(self, expr: Expr, level: int = 0) -> sympy.Expr:
        """The expression, with sums in it written so that equal ones are the same atom."""
        if isinstance(expr, Number):
            return sympy.Rational(expr.value.numerator, expr.value.denominator)
        if isinstance(expr, Constant):
            return getattr(sympy, expr.name)
        if isinstance(expr, Add):
            return sympy.Add(*(self.scalar(t, level) for t in expr.terms))
        if isinstance(expr, Mul):
            return sympy.Mul(*(self.scalar(f, level) for f in expr.factors))
        if isinstance(expr, Pow):
            return self.scalar(expr.base, level) ** self.scalar(expr.exponent, level)
        if isinstance(expr, Count):
            return self.affine(expr.of)
        if isinstance(expr, Sum):
            return self.sum(expr, level)
        if isinstance(expr, Call):
            return self.call(expr, tuple(self.scalar(a, level) for a in expr.args))
        definition = self.definition(expr)
        if definition is not None:
            return self.scalar(definition, level)
        key = expr.key
        if isinstance(expr, Bracket) and expr.op in ("=", "=="):
            key = f"[{' = '.join(sorted((expr.left.key, expr.right.key)))}]"
        return self.atom(key, frozenset(x.name for x in expr.letters))

    def call(self, expr: Call, args: tuple[sympy.Expr, ...]) -> sympy.Expr:
        """f(args) by the formula of f, or an atom if it has none."""
        if self.system.function(expr.function, len(args)).formula is not None:
            return applied(expr, self.system, args, {})
        return self.atom(f"{expr.function}{expr.orders}{args}", frozenset().union(*map(self.free, args)))

    def definition(self, expr: Expr) -> Expr | None:
        """What stands for an entry, if it is not to be an atom."""
        if not isinstance(expr, Access):
            return None
        if expr.tensor in self.inlined:
            (equation,) = self.system.equations_of(expr.tensor)
            values: dict[Node, Affine] = {
                p.alone: q for p, q in zip(equation.target.at, expr.at, strict=True) if p.alone
            }
            return equation.value.replaced(values)
        return None if self.names else defining(expr, self.system)

    def affine(self, affine: Affine) -> sympy.Expr:
        """An integer expression, in atoms as well."""
        parts = (n * self.atom(a.key, frozenset(x.name for x in indices(Affine.of(a)))) for a, n in affine.terms)
        return sympy.Add(affine.constant, *parts)

    def sum(self, expr: Sum, level: int) -> sympy.Expr:
        """Sum_i c f(i) = c Sum_i f(i), and term by term; summed letters have the names of their depth."""
        bounds, body = flattened(expr)
        bounds = tuple(sorted(bounds, key=lambda b: (bool((*indices(b.lo), *indices(b.hi))), b.lo.key, b.hi.key)))
        names = {b.index: Index(f"#{level + q}") for q, b in enumerate(bounds)}
        bounds = rebind(bounds, names)
        body = body.replaced({old: Affine.of(new) for old, new in names.items()})
        own = frozenset(x.name for x in names.values())
        written = self.scalar(body, level + len(bounds))
        if monomials(written) <= MOST:
            written = sympy.expand(written, power_base=False, power_exp=False, log=False)
        return sympy.Add(*(self.summed(term, bounds, own) for term in sympy.Add.make_args(written)))

    def summed(self, term: sympy.Expr, bounds: tuple[Bound, ...], own: frozenset[str]) -> sympy.Expr:
        inside = [f for f in sympy.Mul.make_args(term) if self.free(f) & own]
        outside = [f for f in sympy.Mul.make_args(term) if not self.free(f) & own]
        ranges = frozenset(x.name for b in bounds for end in (b.lo, b.hi) for x in indices(end))
        free = (ranges | self.free(sympy.Mul(*inside))) - own
        key = f"Sum({' '.join(b.key for b in bounds)}; {sympy.Mul(*inside)})"
        return sympy.Mul(*outside, self.atom(key, free))

    def free(self, expr: sympy.Expr) -> frozenset[str]:
        """The letters that stand in the atoms of an expression."""
        return frozenset(x for symbol in expr.free_symbols for x in self.letters.get(symbol, frozenset()))


def flattened(expr: Sum) -> tuple[tuple[Bound, ...], Expr]:
    """Sum_i Sum_j f(i, j) as one sum."""
    bounds, body = expr.bounds, expr.body
    while isinstance(body, Sum) and not {b.index for b in body.bounds} & {b.index for b in bounds}:
        bounds, body = (*bounds, *body.bounds), body.body
    return bounds, body
