"""From index form to matrix form by rule: contraction patterns become products, shared letters Hadamard products.

An axis is a letter that stands alone in slots that number no layers. A form with rows = samples comes straight from
the equation; the column form of the textbooks is the same conversion after the sample index is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from derive.matrix.axes import Stuck, apart, axes_of
from derive.matrix.nodes import MATRIX_RULES, Entries, Matrix, Ones, Plus, Raised, Scalar, Scaled, Series
from derive.system import System
from derive.values.affine import Affine, Index, indices
from derive.values.binders import Bound, Functional, Sum
from derive.values.nodes import MINUS_ONE, ONE, Access, Add, Bracket, Call, Count, Expr, Mul, Number, Pow, mul, number
from derive.values.text import split_sign
from derive.values.walks import walk


@dataclass(frozen=True)
class MatrixForm:
    """`left = right` as matrices; `rules` are those used, in order of first use."""

    left: Matrix
    right: Matrix
    rules: tuple[str, ...]


@dataclass(frozen=True)
class NoForm:
    """Why an equation has no matrix form."""

    reason: str


def matrix_form(system: System, target: Access, bounds: tuple[Bound, ...], value: Expr) -> MatrixForm | NoForm:
    """The matrix form of the equation `target = value`, or why there is none."""
    try:
        value = apart(value, {b.index: b for b in bounds})
        axes = axes_of(system, target, bounds, value)
        work = _Conversion(system, axes)
        own = work.letters(target)
        if len(own) > 2:
            raise Stuck(f"{target.tensor} has {len(own)} axes")
        rows, cols = (*own, None, None)[:2]
        left = Entries(target, own)
        right = work.spread(value, rows, cols)
    except Stuck as stuck:
        return NoForm(str(stuck))
    return MatrixForm(left, right, tuple(work.used))


def scaled(factor: Expr, of: Matrix) -> Matrix:
    """A number, size or hyper-parameter times a matrix; two such factors become one."""
    if isinstance(of, Scaled) and isinstance(of.factor, Scalar):
        return scaled(mul(factor, of.factor.of), of.of)
    return of if factor == ONE else Scaled(Scalar(factor), of)


Axis = Index | None


@dataclass(frozen=True)
class Item:
    """A factor: its axes, and how to get it as a matrix with given rows and columns."""

    letters: frozenset[Index]
    get: Callable[[Axis, Axis], Matrix]
    of: Expr | None = None


@dataclass(frozen=True)
class _Conversion:
    """One conversion; `used` collects the names of the rules."""

    system: System
    axes: dict[Index, Bound]
    used: dict[str, None] = field(default_factory=dict)

    def use(self, rule: str, *arguments: object) -> Matrix:
        """Apply a rule and remember it."""
        self.used[rule] = None
        return MATRIX_RULES[rule](*arguments)

    def count(self, letter: Index) -> Affine:
        """How many values a letter takes."""
        return self.axes[letter].hi - self.axes[letter].lo + 1

    def letters(self, expr: Expr) -> tuple[Index, ...]:
        """The free letters that are axes, in order of appearance."""
        return tuple(i for i in expr.letters if i in self.axes)

    def spread(self, expr: Expr, rows: Axis, cols: Axis) -> Matrix:
        """The matrix of an expression, repeated along the axes that it does not have."""
        own = set(self.letters(expr))
        if rows is not None and cols is not None and own != {rows, cols}:
            if own == {cols}:
                return self.use("broadcast_down", self.form(expr, cols, None), self.count(rows))
            if not own:
                return self.repeated(expr, Ones(self.count(rows), self.count(cols)))
            return self.use("broadcast_across", self.form(expr, rows, None), self.count(cols))
        if rows is not None and cols is None and not own:
            return self.repeated(expr, Ones(self.count(rows)))
        return self.form(expr, rows, cols)

    def repeated(self, expr: Expr, ones: Ones) -> Matrix:
        """A scalar in every place."""
        value = self.form(expr, None, None)
        return scaled(value.of, ones) if isinstance(value, Scalar) else Scaled(value, ones)

    def form(self, expr: Expr, rows: Axis, cols: Axis) -> Matrix:
        """The matrix of an expression whose axes are exactly `rows` and `cols`."""
        if rows is None and cols is None and not any(isinstance(n, Sum) for n in walk(expr)):
            return Entries(expr, ()) if isinstance(expr, (Access, Functional)) else Scalar(expr)
        if isinstance(expr, (Access, Functional)):
            return self.entries(expr, rows, cols)
        if isinstance(expr, Add):
            signed = [split_sign(t) for t in expr.terms]
            return Plus(
                tuple(scaled(MINUS_ONE if negative else ONE, self.spread(t, rows, cols)) for negative, t in signed)
            )
        if isinstance(expr, (Mul, Sum)):
            return self.contraction(expr, rows, cols)
        if isinstance(expr, Pow) and isinstance(expr.exponent, Number):
            return Raised(self.form(expr.base, rows, cols), expr.exponent.value)
        if isinstance(expr, Call):
            args = tuple(self.spread(a, rows, cols) for a in expr.args)
            return self.use("entrywise", expr.function, expr.orders, args)
        if isinstance(expr, Bracket) and expr.op == "=" and {expr.left.alone, expr.right.alone} == {rows, cols}:
            assert rows is not None
            return self.use("identity_matrix", self.count(rows))
        raise Stuck(f"no rule for {type(expr).__name__} with axes")

    def entries(self, expr: Access | Functional, rows: Axis, cols: Axis) -> Matrix:
        """All entries of a tensor, transposed if its rows are wanted as columns."""
        own = self.letters(expr)
        if isinstance(expr, Functional) and len(own) == 2:
            moving = {i for _, p in expr.by for i in indices(p)}
            own = tuple(sorted(own, key=lambda i: i in moving))
        slots = [p for p in expr.places for i in indices(p) if i in self.axes]
        if isinstance(expr, Access) and len(slots) != len(own):
            raise Stuck(f"{expr.tensor} is read along a diagonal")
        plain = Entries(expr, own)
        if own == tuple(a for a in (rows, cols) if a is not None) and (rows is not None or not own):
            return plain
        return self.use("transpose", plain)

    def contraction(self, expr: Expr, rows: Axis, cols: Axis) -> Matrix:
        """A product of factors, summed over letters or not."""
        bounds = expr.bounds if isinstance(expr, Sum) else ()
        body = expr.body if isinstance(expr, Sum) else expr
        outer = tuple(b for b in bounds if b.index not in self.axes)
        inner = [b.index for b in bounds if b.index in self.axes]
        factors = list(body.factors) if isinstance(body, Mul) else [body]
        constant = [
            f
            for f in factors
            if not self.letters(f)
            and not (set(f.letters) & {b.index for b in outer})
            and not any(isinstance(n, Sum) for n in walk(f))
        ]
        items = [self.item(f) for f in factors if f not in constant]
        scale = list(constant)
        if rows is None and cols is None and self.is_square(items, inner):
            base = items[0].of
            assert isinstance(base, Pow)
            result = self.use("squared_norm", self.form(base.base, *(*inner, None)[:2]))
        else:
            items, lengths = self.eliminate(items, inner)
            scale.extend(lengths)
            result = self.join(items, rows, cols)
        result = Series(outer, result) if outer else result
        return scaled(mul(*scale, ONE), result)

    def item(self, factor: Expr) -> Item:
        return Item(frozenset(self.letters(factor)), lambda r, c: self.form(factor, r, c), factor)

    def is_square(self, items: list[Item], inner: list[Index]) -> bool:
        """Is it the sum of the squares of all entries of one thing?"""
        only = items[0].of if len(items) == 1 else None
        return (
            isinstance(only, Pow)
            and only.exponent == number(2)
            and set(inner) == items[0].letters
            and 1 <= len(inner) <= 2
        )

    def eliminate(self, items: list[Item], summed: list[Index]) -> tuple[list[Item], list[Expr]]:
        """Sum the letters away, one contraction at a time."""
        lengths: list[Expr] = []
        left = list(summed)
        while left:
            letter = next((k for k in left if len(self.others(items, k)) <= 2), None)
            if letter is None:
                raise Stuck(f"the sum over {left[0].name} joins three axes")
            left.remove(letter)
            group = [x for x in items if letter in x.letters]
            if not group:
                lengths.append(Count(self.count(letter)))
                continue
            place = items.index(group[0])
            made = Item(self.others(items, letter), self.contracted(letter, tuple(group)))
            items = [made if q == place else x for q, x in enumerate(items) if q == place or x not in group]
        return items, lengths

    def others(self, items: list[Item], letter: Index) -> frozenset[Index]:
        return frozenset(i for x in items if letter in x.letters for i in x.letters) - {letter}

    def contracted(self, letter: Index, group: tuple[Item, ...]) -> Callable[[Axis, Axis], Matrix]:
        """Sum_letter of the product of a group, for wanted rows and columns."""

        def get(rows: Axis, cols: Axis) -> Matrix:
            if rows is None and cols is not None:
                return self.use("transpose", get(cols, None))
            if any(rows in x.letters and cols in x.letters for x in group if rows and cols):
                raise Stuck(f"a factor joins {letter.name} with two other axes")
            first = [x for x in group if rows in x.letters]
            last = [x for x in group if x not in first and (cols is None or cols in x.letters)]
            first += [x for x in group if x not in first and x not in last]
            if not first:
                if len(last) == 1:
                    return self.use("total", last[0].get(letter, None), self.count(letter))
                return self.use("scalar_product", last[0].get(letter, None), self.join(last[1:], letter, None))
            left = self.join(first, rows, letter)
            if not last:
                return self.use("sum_with_ones", left, self.count(letter))
            return self.use("matrix_product", left, self.join(last, letter, cols))

        return get

    def join(self, items: list[Item], rows: Axis, cols: Axis) -> Matrix:
        """The product of factors entry by entry: Hadamard where they share axes, outer where they do not."""
        full = [x for x in items if len(x.letters) == 2]
        tall = [x.get(rows, None) for x in items if x.letters == {rows}]
        wide = [x.get(cols, None) for x in items if x.letters == {cols}]
        single = [x.get(None, None) for x in items if not x.letters]
        parts: list[Matrix] = []
        column = self.hadamard(tall)
        across = self.hadamard(wide)
        if full:
            result = self.hadamard([x.get(rows, cols) for x in full])
            assert result is not None
            result = self.use("row_scaling", column, result) if column else result
            parts.append(self.use("column_scaling", result, across) if across else result)
        elif column and across:
            parts.append(self.use("outer_product", column, across))
        elif column or across:
            parts.append(column or self.use("transpose", across))
        for value in reversed(single):
            parts = [Scaled(value, parts[0]) if parts else value]
        if not parts:
            raise Stuck("nothing is left to multiply")
        return parts[0]

    def hadamard(self, parts: list[Matrix]) -> Matrix | None:
        if len(parts) < 2:
            return parts[0] if parts else None
        return self.use("hadamard_product", *parts)
