"""The derivative of NumPy code on balls: every operation is written down, and read backwards.

A `Taped` element is a ball that knows which others it came from and by which slopes. The slope of a function is what
SymPy derives, compiled to balls. On exact balls the slopes are enclosures; on balls that widen as floats round, they
are what a gradient in floats may lose: a slope that floats take from the value of its function, as a (1 - a), has an
error of the size of that value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy
from flint import arb
from sympy.core.function import AppliedUndef

from codegen.program.special import SPECIAL
from verify.foreign.source import NotOnBalls
from verify.numbers import CONSTANTS, Balls, integer_power
from verify.products import multiplied
from verify.shadow import FUNCTION_UNITS, FUNCTIONS, Shadow, finite, like, size

Slope = Any  # a ball; a shadow where numbers round
X, Y, _ = LETTERS = sympy.symbols("x y z")
FORMULAS = {
    "expm1": sympy.exp(X) - 1,
    "log1p": sympy.log(1 + X),
    "arctan2": sympy.atan2(X, Y),
    "gammaln": sympy.loggamma(X),
    "betaln": sympy.loggamma(X) + sympy.loggamma(Y) - sympy.loggamma(X + Y),
    "erfcx": sympy.exp(X**2) * sympy.erfc(X),
    "ndtr": sympy.erfc(-X / sympy.sqrt(2)) / 2,
    "log_ndtr": sympy.log(sympy.erfc(-X / sympy.sqrt(2)) / 2),
    "gammainc": sympy.lowergamma(X, Y) / sympy.gamma(X),
    "gammaincc": sympy.uppergamma(X, Y) / sympy.gamma(X),
}
STEPS = ("rint",)  # no slope but 0
HEADS = {f"{row.name} {row.part}": row.head for row in SPECIAL}
LONG = 2000  # bits of a constant


Parents = tuple[tuple[int, Slope], ...]


class Tape:
    """Operations in their order, and the comparisons that were made: gaps, and how many numbers were equal."""

    def __init__(self, unit: float = 0.0) -> None:
        self.unit = unit
        self.nodes: list[Parents | Product] = []
        self.minus = self.number(arb(-1))
        self.gaps: list[float] = []
        self.ties = 0

    def leaf(self, number: Shadow) -> Taped:
        """A number by which the derivative is taken."""
        return Taped(number, self, ())

    def slopes(self, result: Any, leaves: int) -> list[arb]:
        """d result / d leaf for the first `leaves` elements of the tape, which are its leaves."""
        bars: list[Any] = [None] * len(self.nodes)
        if isinstance(result, Taped):
            bars[result.place] = self.number(arb(1))
        place = len(self.nodes)
        while place > leaves:
            place -= 1
            node, bar = self.nodes[place], bars[place]
            if isinstance(node, Product):
                place = node.first
                self.add(bars, node.terms(bars, self))
            elif bar is not None:
                self.add(bars, ((parent, bar if slope is None else bar * slope) for parent, slope in node))
        found = [arb(0) if bar is None else bar.settled() if self.unit else bar for bar in bars[:leaves]]
        return [finite(ball, "a derivative") for ball in found]

    def add(self, bars: list[Any], terms: Iterable[tuple[int, Any]]) -> None:
        """Add terms to the derivatives by some elements."""
        for place, term in terms:
            before = bars[place]
            bars[place] = term if before is None else before + term

    def number(self, ball: arb) -> Slope:
        """A slope that does not round."""
        return Shadow(ball, self.unit) if self.unit else ball


@dataclass(frozen=True)
class Product:
    """A product of matrices, whose entries are the elements from `first` on.

    d J/d left = (d J/d product) right^T, d J/d right = left^T (d J/d product)
    """

    first: int
    left: list[Shadow]
    right: list[Shadow]
    shape: tuple[int, int, int]

    def terms(self, bars: list[Any], tape: Tape) -> Iterator[tuple[int, Any]]:
        """What the derivatives by the entries of both factors gain."""
        rows, inner, columns = self.shape
        own = bars[self.first : self.first + rows * columns]
        if all(bar is None for bar in own):
            return
        bar = matrix([arb(0) if b is None else b for b in own], rows, columns, tape.unit)
        left, right = matrix(self.left, rows, inner, 0.0), matrix(self.right, inner, columns, 0.0)
        for factor, one, two in ((self.left, bar, right.T), (self.right, left.T, bar)):
            mine = [(q, ball.place) for q, ball in enumerate(factor) if isinstance(ball, Taped)]
            if not mine:
                continue
            found = multiplied([*one.flat], [*two.flat], (len(one), len(two), two.shape[1]))
            yield from ((place, found[q] if tape.unit else found[q].ball) for q, place in mine)


def matrix(values: list[Any], rows: int, columns: int, unit: float) -> Any:
    """Balls as a matrix of elements, sums settled."""
    made = np.empty(rows * columns, dtype=object)
    made[:] = [
        Shadow(v.settled(), v.unit) if type(v) is Taped else v if isinstance(v, Shadow) else Shadow(v, unit)
        for v in values
    ]
    return made.reshape(rows, columns)


class Taped(Shadow):
    """A ball on a tape."""

    __slots__ = ("place", "tape")

    def __init__(self, made: Shadow, tape: Tape, parents: Parents | Product) -> None:
        self.ball, self.unit, self.mass, self.count = made.ball, made.unit, made.mass, made.count
        self.tape, self.place = tape, len(tape.nodes)
        tape.nodes.append(parents)

    def value(self, other: Shadow) -> Slope:
        """A number as a slope."""
        return Shadow(other.settled(), self.tape.unit) if self.tape.unit else other.settled()

    def made(self, result: Shadow, *parents: tuple[Shadow, Slope]) -> Taped:
        """The result of an operation on elements, with the slope by each of them; None is 1."""
        return Taped(result, self.tape, tuple([(p.place, slope) for p, slope in parents if isinstance(p, Taped)]))

    def multiplied(
        self, made: list[Shadow], left: list[Shadow], right: list[Shadow], shape: tuple[int, int, int]
    ) -> list[Shadow]:
        """The entries of a product of matrices, which is one step of the tape."""
        product = Product(len(self.tape.nodes), left, right, shape)
        return [Taped(entry, self.tape, product) for entry in made]

    def sloped(self, ball: arb, value: arb) -> Slope:
        """The slope of a function that has a value: floats may have taken it from that value, or from the sum in it."""
        if not self.tape.unit:
            return ball
        return Shadow(ball, self.tape.unit).rounded(ball, FUNCTION_UNITS, max(1.0, size(value)))

    def __add__(self, other: Any) -> Any:
        theirs = other if isinstance(other, Shadow) else like(other, self)
        if theirs is None:
            return NotImplemented
        return self.made(Shadow.__add__(self, theirs), (self, None), (theirs, None))

    def __neg__(self) -> Taped:
        return self.made(Shadow.__neg__(self), (self, self.tape.minus))

    def __sub__(self, other: Any) -> Any:
        theirs = like(other, self)
        if theirs is None:
            return NotImplemented
        made = Shadow.__add__(self, Shadow.__neg__(theirs))
        return self.made(made, (self, None), (theirs, self.tape.minus))

    def __mul__(self, other: Any) -> Any:
        theirs = other if isinstance(other, Shadow) else like(other, self)
        if theirs is None:
            return NotImplemented
        return self.made(Shadow.__mul__(self, theirs), (self, self.value(theirs)), (theirs, self.value(self)))

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Any:
        """d(a/b) = da/b - (a/b) db/b"""
        theirs = like(other, self)
        return NotImplemented if theirs is None else self.quotient(self, theirs)

    def __rtruediv__(self, other: Any) -> Any:
        theirs = like(other, self)
        return NotImplemented if theirs is None else self.quotient(theirs, self)

    def quotient(self, above: Shadow, below: Shadow) -> Taped:
        """above / below"""
        made = Shadow.__truediv__(above, below)
        under = self.value(below)
        return self.made(made, (above, 1 / under), (below, -self.value(made) / under))

    def __pow__(self, other: Any) -> Any:
        """d b^e = e b^(e-1) db + log b b^e de"""
        made = Shadow.__pow__(self, other)
        if made is NotImplemented:
            return made
        if isinstance(other, (int, np.integer)):
            slope = self.sloped_power(int(other))
            return self.made(made, (self, slope))
        theirs = like(other, self)
        assert theirs is not None
        mine, exponent = self.settled(), theirs.settled()
        whole = exponent.unique_fmpz()
        lower = integer_power(mine, int(whole) - 1) if whole is not None else mine ** (exponent - 1)
        first = self.relative(exponent * lower)
        parents = ((self, first), (theirs, self.relative(mine.log() * made.settled())))
        return self.made(made, *(parents if isinstance(theirs, Taped) else parents[:1]))

    def __rpow__(self, other: Any) -> Any:
        theirs = like(other, self)
        if theirs is None:
            return NotImplemented
        base = theirs.settled()
        made = Shadow.__pow__(theirs, self)
        return self.made(made, (self, self.relative(base.log() * made.settled())))

    def sloped_power(self, exponent: int) -> Slope:
        """n b^(n-1)"""
        return self.relative(exponent * integer_power(self.settled(), exponent - 1) if exponent else arb(0))

    def relative(self, ball: arb) -> Slope:
        """A slope that floats take as it is written."""
        return Shadow(ball, self.tape.unit).rounded(ball, FUNCTION_UNITS) if self.tape.unit else ball

    def __abs__(self) -> Taped:
        ball = self.settled()
        self.tape.gaps.append(float(ball.mid()))
        if ball.contains(0):
            self.tape.ties += 1
        sign = arb(1) if ball > 0 else arb(-1) if ball < 0 else arb(0, 1) if self.tape.unit else arb(0)
        return self.made(Shadow.__abs__(self), (self, self.tape.number(sign)))

    def arctan2(self, other: Any) -> Any:
        theirs = like(other, self)
        return None if theirs is None else self.function("arctan2", (self, theirs), Shadow.arctan2(self, theirs))

    def compare(
        self, other: Any, yes: Callable[[arb, arb], bool], no: Callable[[arb, arb], bool], if_equal: bool
    ) -> bool:
        theirs = like(other, self)
        if theirs is not None:
            mine, yours = self.settled(), theirs.settled()
            self.tape.gaps.append(float((mine - yours).mid()))
            self.tape.ties += bool(mine.overlaps(yours))
        return super().compare(other, yes, no, if_equal)

    def called(self, name: str, args: tuple[Shadow, ...], ball: arb, units: float, scale: float = 0.0) -> Shadow:
        """A special function."""
        return self.function(HEADS[name], args, self.rounded(ball, units, scale))

    def function(self, name: str, args: tuple[Shadow, ...], made: Shadow) -> Taped:
        """A function of some arguments."""
        plain = tuple(a.settled() for a in args)
        mine = [(k, arg) for k, arg in enumerate(args) if isinstance(arg, Taped)]
        slopes = [finite(partial(name, len(args), k)(*plain), f"the slope of {name}") for k, _ in mine]
        pairs = [(arg, self.sloped(s, made.ball)) for (_, arg), s in zip(mine, slopes, strict=True)]
        return self.made(made, *pairs)

    def elementary(self, name: str) -> Shadow:
        made = super().elementary(name)
        return made if name in STEPS else self.function(name, (self,), made)


@cache
def partial(name: str, count: int, k: int) -> Callable[..., arb]:
    """The derivative of a function by its argument k, for balls. NotOnBalls if SymPy knows none."""
    letters = LETTERS[:count]
    formula = FORMULAS.get(name)
    if formula is None:
        head = getattr(sympy, FUNCTIONS.get(name, name), None)
        if head is None:
            raise NotOnBalls(f"no derivative of {name} is known")
        formula = head(*letters)
    slope = formula.diff(letters[k])
    if slope.has(sympy.Derivative, sympy.Subs, AppliedUndef, sympy.Integral):
        raise NotOnBalls(f"no derivative of {name} is known")
    found: Callable[..., arb] = sympy.lambdify(letters, slope, modules=[dict(names_in(slope))])
    return lambda *args: as_ball(found(*args))


def names_in(formula: Any) -> Iterator[tuple[str, Callable[..., arb] | arb]]:
    """What the functions and constants of a formula mean for balls."""
    for head in {f.func.__name__ for f in formula.atoms(sympy.Function)}:
        yield head, elementary(head)
    yield "sqrt", lambda ball: as_ball(ball).sqrt()
    with Balls(0, LONG).context():
        yield from {name: Balls(0, LONG).constant(name) for name in CONSTANTS}.items()


def elementary(head: str) -> Callable[..., arb]:
    """A function of balls by SymPy's name."""
    return lambda *args: Balls(0).elementary(head, tuple(map(as_ball, args)))


def as_ball(value: Any) -> arb:
    """A whole number as a ball."""
    return value if isinstance(value, arb) else arb(value)
