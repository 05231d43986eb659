"""Index expressions and matrix forms as numbers: entries are pseudo-random, equal names at equal places are equal."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from derive.derivation import Derivation
from derive.matrix.nodes import (
    Applied,
    Diagonal,
    Entries,
    Hadamard,
    Identity,
    Matrix,
    Norm,
    Ones,
    Plus,
    Product,
    Raised,
    Scalar,
    Scaled,
    Series,
    Transpose,
)
from derive.samples import sample_size
from derive.system import System
from derive.values.affine import Affine, Index, Node, Size, Width, indices
from derive.values.binders import Bound, Functional, Sum
from derive.values.nodes import Access, Add, Bracket, Call, Constant, Count, Expr, Mul, Number, Pow

Places = Mapping[str, int]


@dataclass(frozen=True)
class World:
    """Sizes, and a number in (1/4, 3/4) for every entry that is asked for."""

    sizes: Mapping[str, int]
    widths: tuple[int, ...]
    special: Mapping[str, float] = field(default_factory=dict)

    def entry(self, name: str, at: tuple[int, ...]) -> float:
        return self.special.get(name, 0.25 + zlib.crc32(f"{name}{at}".encode()) / 2**33)

    def integer(self, affine: Affine, places: Places) -> int:
        return affine.constant + sum(c * self.atom(a, places) for a, c in affine.terms)

    def atom(self, atom: Node, places: Places) -> int:
        if isinstance(atom, Index):
            return places[atom.name]
        if isinstance(atom, Size):
            return self.sizes[atom.name]
        assert isinstance(atom, Width)
        return self.widths[self.integer(atom.at, places) - 1]

    def run(self, bounds: tuple[Bound, ...], places: Places) -> Iterator[dict[str, int]]:
        """Every assignment of the letters, outermost first."""
        if not bounds:
            yield dict(places)
            return
        first = next(b for b in bounds if all(x.name in places for x in (*indices(b.lo), *indices(b.hi))))
        for value in range(self.integer(first.lo, places), self.integer(first.hi, places) + 1):
            yield from self.run(tuple(b for b in bounds if b is not first), {**places, first.index.name: value})

    def function(self, name: str, orders: tuple[int, ...], args: list[float]) -> float:
        """The elementary ones as they are; any other some smooth function of its own."""
        known = {"exp": math.exp, "log": math.log}
        if name in known and not any(orders):
            return known[name](args[0])
        return math.sin(zlib.crc32(name.encode()) % 7 + sum(args) + sum(orders) * math.pi / 2)

    def value(self, expr: Expr, places: Places) -> float:
        """The value of an index expression at places of its letters."""
        match expr:
            case Number():
                return float(expr.value)
            case Constant():
                return {"pi": math.pi, "E": math.e, "Exp1": math.e}[expr.name]
            case Count():
                return float(self.integer(expr.of, places))
            case Access():
                return self.entry(expr.tensor, tuple(self.integer(p, places) for p in expr.at))
            case Add():
                return sum(self.value(t, places) for t in expr.terms)
            case Mul():
                return math.prod(self.value(f, places) for f in expr.factors)
            case Pow():
                return float(self.value(expr.base, places) ** self.value(expr.exponent, places))
            case Call():
                return self.function(expr.function, expr.orders, [self.value(a, places) for a in expr.args])
            case Sum():
                return sum(self.value(expr.body, inner) for inner in self.run(expr.bounds, places))
            case Bracket():
                left, right = self.integer(expr.left, places), self.integer(expr.right, places)
                return float(left == right if expr.op == "=" else left <= right)
            case Functional():
                return self.entry(expr.name, tuple(self.integer(p, places) for _, p in expr.by))
        raise NotImplementedError(type(expr).__name__)

    def matrix(self, matrix: Matrix, axes: Mapping[Index, Bound], places: Places) -> np.ndarray:
        """The value of a matrix form; a column is (n, 1), a scalar (1, 1)."""
        match matrix:
            case Scalar():
                return np.full((1, 1), self.value(matrix.of, places))
            case Entries():
                cells = [
                    self.value(matrix.of, inner) for inner in self.run(tuple(axes[i] for i in matrix.axes), places)
                ]
                rows = 1 if not matrix.axes else len(list(self.run((axes[matrix.axes[0]],), places)))
                return np.array(cells).reshape(rows, -1)
            case Ones():
                return np.ones(
                    (
                        self.integer(matrix.count, places),
                        1 if matrix.cols is None else self.integer(matrix.cols, places),
                    )
                )
            case Identity():
                return np.eye(self.integer(matrix.count, places))
            case Transpose():
                return self.matrix(matrix.of, axes, places).T
            case Product():
                left, right = self.matrix(matrix.left, axes, places), self.matrix(matrix.right, axes, places)
                assert left.shape[1] == right.shape[0], "a product of matrices that do not fit"
                return left @ right
            case Hadamard():
                parts = [self.matrix(p, axes, places) for p in matrix.parts]
                assert len({p.shape for p in parts}) == 1, "a Hadamard product of different shapes"
                return math.prod(parts[1:], start=parts[0])
            case Plus():
                terms = [self.matrix(t, axes, places) for t in matrix.terms]
                assert len({t.shape for t in terms}) == 1, "a sum of different shapes"
                return sum(terms[1:], terms[0])
            case Scaled():
                factor = self.matrix(matrix.factor, axes, places)
                assert factor.shape == (1, 1), "a factor that is no scalar"
                return factor[0, 0] * self.matrix(matrix.of, axes, places)
            case Applied():
                args = [self.matrix(a, axes, places) for a in matrix.args]
                return np.vectorize(lambda *xs: self.function(matrix.function, matrix.orders, list(xs)))(*args)
            case Raised():
                return self.matrix(matrix.of, axes, places) ** float(matrix.exponent)
            case Diagonal():
                return np.diag(self.matrix(matrix.of, axes, places)[:, 0])
            case Series():
                parts = [self.matrix(matrix.of, axes, inner) for inner in self.run(matrix.bounds, places)]
                return sum(parts[1:], parts[0])
            case Norm():
                return np.full((1, 1), (self.matrix(matrix.of, axes, places) ** 2).sum())
        raise NotImplementedError(type(matrix).__name__)


SQUARE, RAGGED = (3, 3, 3, 3), (3, 2, 2, 3)


def world(system: System, widths: tuple[int, ...], samples: int = 2) -> World:
    """Four layers of those widths; every other size is the number of samples."""
    size = sample_size(system)
    return World({name: samples if size and name == size.name else 4 for name in system.sizes}, widths)


def equations(derivation: Derivation) -> list[tuple[str, Access, tuple[Bound, ...], Expr]]:
    """Every equation of a model and every derived one."""
    system = derivation.system
    given = [(e.id, e.target, e.bounds, e.value) for e in (*system.equations, system.objective)]
    return given + [(a.id, a.target, a.bounds, a.value) for a in derivation.adjoints]
