"""Brute force: the scalar objective unrolled at fixed sizes, differentiated by SymPy entry by entry.

It reads a System and nothing else of derive's; the unrolling, the sums and the positions are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from random import Random

import mpmath
import sympy

from derive.system import System
from derive.values import binders, nodes
from derive.values.affine import Affine, Index, Size, Width

DIGITS = 50
Entry = tuple[str, tuple[int, ...]]


class Oracle:
    """One system at concrete sizes: `size(name)` and `width(name, position)` give the numbers."""

    def __init__(
        self, system: System, size: Callable[[str], int], width: Callable[[str, int], int], seed: int = 0
    ) -> None:
        self.system, self.size, self.width, self.seed = system, size, width, seed
        self.done: dict[Entry, sympy.Expr] = {}
        self.symbols: dict[Entry, sympy.Symbol] = {}

    def objective(self) -> sympy.Expr:
        """J in scalar symbols, one for each given entry."""
        return self.expr(self.system.objective.value, {})

    def gradient(self, values: Mapping[Entry, Fraction]) -> tuple[mpmath.mpf, dict[Entry, mpmath.mpf]]:
        """J and dJ/du for every parameter entry that J reads, at 50 digits."""
        objective = self.objective()
        wanted = [e for e in sorted(self.symbols) if self.system.tensor(e[0]).role == "parameter"]
        slopes = [sympy.diff(objective, self.symbols[e]) for e in wanted]
        entries = sorted(self.symbols)
        call = sympy.lambdify([self.symbols[e] for e in entries], [objective, *slopes], "mpmath", cse=True)
        with mpmath.workdps(DIGITS + 15):
            results = call(*(mpmath.mpf(values[e].numerator) / values[e].denominator for e in entries))
        return results[0], dict(zip(wanted, results[1:], strict=True))

    def entry(self, tensor: str, at: tuple[int, ...]) -> sympy.Expr:
        """An entry in scalar symbols."""
        key = tensor, at
        if self.system.tensor(tensor).role != "variable":
            return self.symbols.setdefault(key, sympy.Symbol("_".join([tensor, *map(str, at)]), real=True))
        if key not in self.done:
            found = []
            for equation in self.system.equations:
                if equation.target.tensor == tensor:
                    env = {
                        p.terms[0][0].name: q
                        for p, q in zip(equation.target.at, at, strict=True)
                        if len(p.terms) == 1 and isinstance(p.terms[0][0], Index)
                    }
                    fits = all(self.integer(p, env) == q for p, q in zip(equation.target.at, at, strict=True))
                    if fits and all(
                        self.integer(b.lo, env) <= env[b.index.name] <= self.integer(b.hi, env) for b in equation.bounds
                    ):
                        found.append((equation, env))
            assert len(found) == 1, (key, [e.id for e, _ in found])
            self.done[key] = self.expr(found[0][0].value, found[0][1])
        return self.done[key]

    def integer(self, affine: Affine, env: Mapping[str, int]) -> int:
        """A position."""
        total = affine.constant
        for atom, count in affine.terms:
            if isinstance(atom, Index):
                total += count * env[atom.name]
            elif isinstance(atom, Size):
                total += count * self.size(atom.name)
            else:
                assert isinstance(atom, Width)
                total += count * self.width(atom.name, self.integer(atom.at, env))
        return total

    def expr(self, e: nodes.Expr, env: Mapping[str, int]) -> sympy.Expr:
        """An expression at given letters."""
        if isinstance(e, nodes.Number):
            return sympy.Rational(e.value.numerator, e.value.denominator)
        if isinstance(e, nodes.Constant):
            return getattr(sympy, e.name)
        if isinstance(e, nodes.Count):
            return sympy.Integer(self.integer(e.of, env))
        if isinstance(e, nodes.Access):
            return self.entry(e.tensor, tuple(self.integer(p, env) for p in e.at))
        if isinstance(e, nodes.Add):
            return sympy.Add(*(self.expr(t, env) for t in e.terms))
        if isinstance(e, nodes.Mul):
            return sympy.Mul(*(self.expr(f, env) for f in e.factors))
        if isinstance(e, nodes.Pow):
            return self.expr(e.base, env) ** self.expr(e.exponent, env)
        if isinstance(e, binders.Sum):
            return sympy.Add(*(self.expr(e.body, inner) for inner in self.inner(e.bounds, env)))
        if isinstance(e, nodes.Choice):
            branches = [
                (self.expr(v, env), sympy.Rel(self.expr(c.left, env), self.expr(c.right, env), c.op))
                for c, v in e.branches
            ]
            return sympy.Piecewise(*branches, (self.expr(e.otherwise, env), True))
        if isinstance(e, nodes.Call):
            function = self.system.function(e.function, len(e.args))
            args = [self.expr(a, env) for a in e.args]
            if function.formula is None:
                return self.polynomial(e.function, args)
            return function.formula.subs(dict(zip(function.arguments, args, strict=True)), simultaneous=True)
        assert isinstance(e, binders.Functional), type(e)
        rows = zip(e.bodies, e.bounds, strict=True)
        return self.polynomial(
            f"{e.name}{len(e.bodies)}", [self.expr(body, inner) for body, b in rows for inner in self.inner((b,), env)]
        )

    def inner(self, bounds: tuple[binders.Bound, ...], env: Mapping[str, int]) -> list[dict[str, int]]:
        """The letters at every term of a sum."""
        if not bounds:
            return [dict(env)]
        first, *rest = bounds
        return [
            found
            for q in range(self.integer(first.lo, env), self.integer(first.hi, env) + 1)
            for found in self.inner(tuple(rest), {**env, first.index.name: q})
        ]

    def polynomial(self, name: str, args: list[sympy.Expr]) -> sympy.Expr:
        """A stand-in for an unknown function: the polynomial with the coefficients that verify draws for it."""
        total = sympy.Integer(0)
        for exponents in product(range(4), repeat=len(args)):
            if sum(exponents) <= (3 if len(args) < 5 else 2):
                draw = Random(f"{self.seed} {name} {exponents}")
                total += sympy.Rational(draw.randint(-97, 97), 89 * 8 ** sum(exponents)) * sympy.Mul(
                    *(arg**e for arg, e in zip(args, exponents, strict=True))
                )
        return total
