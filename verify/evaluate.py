"""The value of an expression at concrete sizes: an interpreter of its own, which shares nothing with the calculus.

Sums over empty ranges are 0, a bracket that is 0 keeps its product from being looked at, and every read is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derive.system import System
from derive.values.affine import Affine
from derive.values.binders import Binder, Extreme, Functional, MatrixFunction, Place, Product, Sum
from derive.values.nodes import MINUS_ONE, Access, Add, Bracket, Call, Choice, Constant, Count, Expr, Mul, Partial, Pow
from derive.values.nodes import Number as NumberNode
from verify.duals import Dual, chain, power, primal
from verify.elimination import Arithmetic, eliminate
from verify.formula import Formulas, times, total
from verify.numbers import Field, Number
from verify.sizes import Sizes, nested

Letters = dict[str, int]
Compiled = Callable[[Letters], Number]
Read = Callable[[str, tuple[int, ...]], Number]
Direct = Callable[[str, Access, tuple[int, ...], Access, tuple[int, ...]], Number]
HALF = Fraction(1, 2)
Flat = Callable[[Expr, Letters], bool]
KINK = ("a kink", ())  # stands among the derivatives of the root of a sum of squares at 0


class Evaluator:
    """Expressions of one system at given sizes as functions of their free letters.

    `read(tensor, at)` supplies entries; `direct(equation, tensor, of, by_tensor, by)` the direct derivatives. Where
    `flat` says that an expression is 0 and so are its derivatives, its roots are 0, and so are their slopes: a quotient
    by such a root is 0 in a slope, but in an equation of the model, one that is `stated`, it has no value.
    """

    def __init__(
        self,
        system: System,
        sizes: Sizes,
        field: Field,
        read: Read,
        direct: Direct | None = None,
        flat: Flat | None = None,
        stated: bool = False,
    ) -> None:
        self.sizes, self.field, self.read, self.direct, self.flat = sizes, field, read, direct, flat
        self.stated = stated
        self.functions = Formulas(system, field)
        self.compiled: dict[str, Compiled] = {}
        self.matrices: dict[tuple[str, tuple[int, ...]], Any] = {}
        self.steepest = 1.0  # the smallest pivot of any elimination, as a part of the largest entry
        self.zero, self.one = field.rational(Fraction(0)), field.rational(Fraction(1))

    def compile(self, expr: Expr) -> Compiled:
        """The expression as a function of its free letters."""
        if expr.key not in self.compiled:
            made = getattr(self, f"compile_{type(expr).__name__.lower()}")(expr)
            self.compiled[expr.key] = remembered(made, expr) if isinstance(expr, (Binder, Call, Pow)) else made
        return self.compiled[expr.key]

    def compile_affine(self, affine: Affine) -> Callable[[Letters], int]:
        """A position as a function of the letters."""
        if not affine.terms:
            return lambda letters: affine.constant
        name, shift = getattr(affine.terms[0][0], "name", ""), affine.constant
        if len(affine.terms) == 1 and affine.terms[0][1] == 1 and type(affine.terms[0][0]).__name__ == "Index":
            return lambda letters: letters[name] + shift
        return lambda letters: self.sizes.value(affine, letters, lambda atom: self.integer(atom, letters))

    def integer(self, atom: Expr, letters: Letters) -> int:
        """A place that is given by data, or at which something is largest."""
        if isinstance(atom, Place):
            return self.extreme(atom, letters)[0]
        return self.field.integer(primal(self.compile(atom)(letters)))

    def extreme(self, expr: Extreme, letters: Letters) -> tuple[int, Number]:
        """The first place at which the body is largest or smallest, and its value there."""
        (bound,), body = expr.bounds, self.compile(expr.body)
        lo, hi = self.compile_affine(bound.lo), self.compile_affine(bound.hi)
        best, place = body({**letters, bound.index.name: lo(letters)}), lo(letters)
        for other in range(lo(letters) + 1, hi(letters) + 1):
            value = body({**letters, bound.index.name: other})
            small, large = (best, value) if expr.op == "max" else (value, best)
            if self.field.below(primal(small), primal(large)):
                best, place = value, other
        return place, best

    def compile_extreme(self, expr: Extreme) -> Compiled:
        return lambda letters: self.extreme(expr, letters)[1]

    def compile_number(self, expr: NumberNode) -> Compiled:
        value = self.field.rational(expr.value)
        return lambda letters: value

    def compile_constant(self, expr: Constant) -> Compiled:
        value = self.field.constant(expr.name)
        return lambda letters: value

    def compile_count(self, expr: Count) -> Compiled:
        position = self.compile_affine(expr.of)
        return lambda letters: self.field.rational(Fraction(position(letters)))

    def compile_access(self, expr: Access) -> Compiled:
        positions = tuple(self.compile_affine(p) for p in expr.at)
        return lambda letters: self.read(expr.tensor, tuple(p(letters) for p in positions))

    def compile_add(self, expr: Add) -> Compiled:
        terms = tuple(self.compile(t) for t in expr.terms)
        pair = difference(expr)
        if pair is not None:
            first, second = (tuple(map(self.compile_affine, entry.at)) for entry in pair)

            def subtract(letters: Letters) -> Number:
                same = all(p(letters) == q(letters) for p, q in zip(first, second, strict=True))
                return self.zero if same else total(tuple(t(letters) for t in terms))

            return subtract
        return lambda letters: total(tuple(t(letters) for t in terms))

    def compile_mul(self, expr: Mul) -> Compiled:
        """Brackets first: where one is 0 the other factors need not exist."""
        guards = tuple(self.condition(f) for f in expr.factors if isinstance(f, Bracket))
        factors = tuple(self.compile(f) for f in expr.factors if not isinstance(f, Bracket))

        def product(letters: Letters) -> Number:
            if not all(guard(letters) for guard in guards):
                return self.zero
            return times(tuple(f(letters) for f in factors)) if factors else self.one

        return product

    def compile_pow(self, expr: Pow) -> Compiled:
        base = self.compile(expr.base)
        if isinstance(expr.exponent, NumberNode) and expr.exponent.value == 2:
            return lambda letters: square(base(letters))
        exponent = self.compile(expr.exponent)
        times = expr.exponent.value if isinstance(expr.exponent, NumberNode) else Fraction(0)
        root = times.denominator > 1 and (times >= HALF or (-HALF <= times < 0 and not self.stated))

        def raise_base(letters: Letters) -> Number:
            value = base(letters)
            if root and self.flat is not None and primal(value) == 0 and self.flat(expr.base, letters):
                return Dual(self.zero, {KINK: self.zero}) if isinstance(value, Dual) else self.zero
            return power(self.field, value, exponent(letters))

        return raise_base

    def compile_call(self, expr: Call) -> Compiled:
        args = tuple(self.compile(a) for a in expr.args)
        return lambda letters: self.functions.call(expr.function, tuple(a(letters) for a in args), expr.orders)

    def compile_choice(self, expr: Choice) -> Compiled:
        branches = tuple((c.op, self.compile(c.left), self.compile(c.right), self.compile(v)) for c, v in expr.branches)
        otherwise = self.compile(expr.otherwise)

        def choose(letters: Letters) -> Number:
            for op, left, right, value in branches:
                if self.functions.compare(op, left(letters), right(letters)):
                    return value(letters)
            return otherwise(letters)

        return choose

    def compile_sum(self, expr: Sum) -> Compiled:
        body = self.compile(expr.body)
        ranges = tuple(
            (b.index.name, self.compile_affine(b.lo), self.compile_affine(b.hi)) for b in nested(expr.bounds)
        )

        def add_up(letters: Letters, depth: int) -> Number:
            if depth == len(ranges):
                return body(letters)
            name, lo, hi = ranges[depth]
            inner = dict(letters)
            result = None
            for place in range(lo(letters), hi(letters) + 1):
                inner[name] = place
                term = add_up(inner, depth + 1)
                result = term if result is None else result + term
            return self.zero if result is None else result

        return lambda letters: add_up(letters, 0)

    def compile_product(self, expr: Product) -> Compiled:
        (bound,), body = expr.bounds, self.compile(expr.body)
        lo, hi = self.compile_affine(bound.lo), self.compile_affine(bound.hi)

        def multiply(letters: Letters) -> Number:
            stretch = range(lo(letters), hi(letters) + 1)
            return times((self.one, *(body({**letters, bound.index.name: place}) for place in stretch)))

        return multiply

    def compile_bracket(self, expr: Bracket) -> Compiled:
        holds = self.condition(expr)
        return lambda letters: self.one if holds(letters) else self.zero

    def condition(self, expr: Bracket) -> Callable[[Letters], bool]:
        """Does the bracket hold? A plain answer: a ball is never false."""
        left, right = self.compile_affine(expr.left), self.compile_affine(expr.right)
        if expr.op in ("=", "=="):
            return lambda letters: left(letters) == right(letters)
        assert expr.op == "<=", expr.op
        return lambda letters: left(letters) <= right(letters)

    def compile_partial(self, expr: Partial) -> Compiled:
        of = tuple(self.compile_affine(p) for p in expr.of.at)
        by = tuple(self.compile_affine(p) for p in expr.by.at)
        assert self.direct is not None, "a direct derivative stands where none is expected"
        direct = self.direct
        return lambda letters: direct(
            expr.equation, expr.of, tuple(p(letters) for p in of), expr.by, tuple(p(letters) for p in by)
        )

    def compile_functional(self, expr: Functional) -> Compiled:
        """An unknown function of all entries of its rows; `by` counts how often each was differentiated by."""
        bodies = tuple(self.compile(b) for b in expr.bodies)
        ranges = tuple((b.index.name, self.compile_affine(b.lo), self.compile_affine(b.hi)) for b in expr.bounds)
        by = tuple((row, self.compile_affine(p)) for row, p in expr.by)

        def apply(letters: Letters) -> Number:
            slots = [
                (row, place) for row, (_, lo, hi) in enumerate(ranges) for place in range(lo(letters), hi(letters) + 1)
            ]
            args = tuple(bodies[row]({**letters, ranges[row][0]: place}) for row, place in slots)
            plain = tuple(primal(a) for a in args)
            taken = [(row, p(letters)) for row, p in by]
            orders = tuple(taken.count(slot) for slot in slots)
            if sum(orders) < len(taken):
                return self.zero
            name = f"{expr.name}{len(bodies)}"

            def slope(k: int) -> Number:
                return self.field.unknown(name, plain, tuple(o + (q == k) for q, o in enumerate(orders)))

            return chain(self.field.unknown(name, plain, orders), args, slope)

        return apply

    def compile_matrixfunction(self, expr: MatrixFunction) -> Compiled:
        """One elimination for all places at which a function of one matrix is read."""
        whole = expr.moved(())
        own = tuple(x.name for x in whole.letters)
        places = tuple(self.compile_affine(p) for p in expr.at)
        first = self.compile_affine(expr.bounds[0].lo)

        def entry(letters: Letters) -> Number:
            key = whole.key, tuple(letters[x] for x in own)
            if key not in self.matrices:
                self.matrices[key] = self.matrix_function(expr, letters)
            value = self.matrices[key]
            for place in places:
                value = value[place(letters) - first(letters)]
            return value

        return entry

    def matrix_function(self, expr: MatrixFunction, letters: Letters) -> Any:
        """The determinant, its logarithm, the solution, or the rows of the inverse."""
        row, column = (
            tuple((b.index.name, place) for place in range(lo(letters), hi(letters) + 1))
            for b in expr.bounds
            for lo, hi in ((self.compile_affine(b.lo), self.compile_affine(b.hi)),)
        )
        bodies = tuple(map(self.compile, expr.bodies))
        matrix = [[bodies[0]({**letters, **dict((r, c))}) for c in column] for r in row]
        unit = [[self.one if p == q else self.zero for q in range(len(row))] for p in range(len(row))]
        right = [[bodies[1]({**letters, **dict((r,))})] for r in row] if expr.op == "solve" else unit
        found = eliminate(matrix, right, Arithmetic(self.reciprocal, self.size))
        largest = max(self.size(v) for line in matrix for v in line)
        self.steepest = min(self.steepest, *(float(self.size(v) / largest) for v in found.pivots))
        if expr.op in ("det", "logdet"):
            size = -found.determinant if self.negative(found.determinant) else found.determinant
            return found.determinant if expr.op == "det" else self.functions.call("log", (size,), (0,))
        return [line[0] for line in found.solution] if expr.op == "solve" else found.solution

    def size(self, value: Number) -> Any:
        """|value|, of a ball that of its middle."""
        return abs(self.field.middle(primal(value)))

    def reciprocal(self, value: Number) -> Number:
        """1/value"""
        return power(self.field, value, -self.one)

    def negative(self, value: Number) -> bool:
        """Is the number below 0?"""
        return self.field.below(primal(value), self.zero)


def remembered(function: Compiled, expr: Expr) -> Compiled:
    """The function with one evaluation for all places that differ in other letters than the free ones."""
    names = tuple(x.name for x in expr.letters)
    known: dict[tuple[int | None, ...], Number] = {}

    def recall(letters: Letters) -> Number:
        key = tuple(letters.get(name) for name in names)
        if key not in known:
            known[key] = function(letters)
        return known[key]

    return recall


def difference(expr: Add) -> tuple[Access, Access] | None:
    """The two entries of one tensor of which the sum is the difference; None if it is none."""
    minus = [
        t.factors[1] for t in expr.terms if isinstance(t, Mul) and len(t.factors) == 2 and t.factors[0] == MINUS_ONE
    ]
    plus = [t for t in expr.terms if isinstance(t, Access)]
    if len(expr.terms) != 2 or len(plus) != 1 or len(minus) != 1:
        return None
    (first,), (second,) = plus, minus
    return (first, second) if isinstance(second, Access) and first.tensor == second.tensor else None


def square(value: Number) -> Number:
    """value**2"""
    return value * value
