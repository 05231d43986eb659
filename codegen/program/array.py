"""Typed values and statements of the array program.

A value has axes, one index letter with its range each; a loop letter is a plain integer. Nothing here is spelled in
NumPy: `codegen.module` owns phrases, and another target would own others.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from codegen.program.special import BY_HEAD
from derive.values.affine import Affine, Index
from derive.values.binders import Bound

Axes = tuple[Bound, ...]

ARITHMETIC = ("+", "-", "*", "/", "**", "neg", "<", "<=", ">", ">=", "==", "!=", "&")
CHOICE = "where"
ELEMENTARY = frozenset(
    """exp log sqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh expm1 log1p Abs abs
sign floor ceiling Max maximum Min minimum arcsin arccos arctan arcsinh arccosh arctanh atan2""".split()
) | frozenset(BY_HEAD)


@dataclass(frozen=True)
class Span:
    """A stretch of one array axis, zero-based start up to but without stop; `whole` if it is all of it."""

    axis: Bound
    start: Affine
    stop: Affine
    step: int = 1
    whole: bool = False


@dataclass(frozen=True)
class Through:
    """Places that an array gives: argument `number` of the index of a gather."""

    number: int


Pick: TypeAlias = Affine | Span | Through


@dataclass(frozen=True)
class Store:
    """Where a tensor lives: one array for every value of the `keys`, with `axes` in order.

    `role` is parameter, data, hyper, variable or gradient. `allocated`: filled in parts. `local`: alive within
    one pass of a loop only, so that its keys are not stored. `integer`: places that count from 0. `holes`:
    entries that no equation defines and nothing reads, which are 0.
    """

    name: str
    tensor: str
    role: str
    keys: Axes = ()
    axes: Axes = ()
    layout: tuple[bool, ...] = ()
    allocated: bool = False
    local: bool = False
    integer: bool = False
    holes: bool = False


@dataclass(frozen=True)
class Literal:
    """A rational number."""

    value: Fraction
    axes: Axes = ()


@dataclass(frozen=True)
class Named:
    """A real constant, `pi`."""

    name: str
    axes: Axes = ()


@dataclass(frozen=True)
class Formal:
    """An argument, or a helper value, inside the body of a scalar function."""

    name: str
    axes: Axes = ()


@dataclass(frozen=True)
class Length:
    """An integer: a size, a width, a loop letter, or a sum of such."""

    of: Affine
    axes: Axes = ()


@dataclass(frozen=True)
class Places:
    """The integers `of` for every place of one axis, as floats of the arrays' type unless `integer`."""

    axis: Bound
    of: Affine
    integer: bool = False

    @property
    def axes(self) -> Axes:
        return (self.axis,)


@dataclass(frozen=True)
class Read:
    """Part of a store: its array at `keys`, one pick for every axis of it."""

    store: str
    keys: tuple[Affine, ...] = ()
    picks: tuple[Pick, ...] = ()

    @property
    def axes(self) -> Axes:
        return tuple(p.axis for p in self.picks if isinstance(p, Span))


@dataclass(frozen=True)
class Map:
    """Element by element; an argument without one of the axes is the same along it."""

    op: str
    args: tuple[Value, ...]
    axes: Axes


@dataclass(frozen=True)
class Gather(Read):
    """A read at places that arrays give; `index` holds them, over its axes."""

    index: Map = Map("index", (), ())

    @property
    def axes(self) -> Axes:
        """Axes of the index stand where its places stand, in front if a stretch stands between them, as in NumPy."""
        arrays = [q for q, p in enumerate(self.picks) if not isinstance(p, Span)]
        first = arrays[0] if arrays == list(range(arrays[0], arrays[-1] + 1)) else 0
        before = tuple(p.axis for p in self.picks[:first] if isinstance(p, Span))
        return (*before, *self.index.axes, *(p.axis for p in self.picks[first:] if isinstance(p, Span)))


@dataclass(frozen=True)
class Turn:
    """The same value with its axes in another order."""

    value: Value
    axes: Axes


@dataclass(frozen=True)
class Reduce:
    """Sum ("+"), product ("*"), an extreme entry ("max"), or its place ("argmax"), over some axes of a value."""

    op: str
    value: Value
    over: tuple[Index, ...]

    @property
    def axes(self) -> Axes:
        return tuple(a for a in self.value.axes if a.index not in self.over)


@dataclass(frozen=True)
class Contract:
    """Sum over the letters `over` of left times right; axes: common ones, those of left, those of right."""

    left: Value
    right: Value
    over: tuple[Index, ...]

    @property
    def axes(self) -> Axes:
        theirs = {a.index for a in self.right.axes}
        ours = {a.index for a in self.left.axes}
        common = tuple(a for a in self.left.axes if a.index in theirs and a.index not in self.over)
        return (
            *common,
            *(a for a in self.left.axes if a.index not in theirs),
            *(a for a in self.right.axes if a.index not in ours),
        )


@dataclass(frozen=True)
class Total:
    """Sum, product, or an extreme, of `body` over a loop letter: arrays may differ in shape inside the body."""

    bound: Bound
    body: Value
    op: str = "+"

    @property
    def axes(self) -> Axes:
        return self.body.axes


@dataclass(frozen=True)
class Scatter:
    """Values added up along `axis` at the places that `index` gives; the axes of `index` are the first of `value`."""

    value: Value
    index: Value
    axis: Bound

    @property
    def axes(self) -> Axes:
        return (self.axis, *self.value.axes[len(self.index.axes) :])


@dataclass(frozen=True)
class Shifted:
    """The axis `over` of a value as part of the longer `axis`: so many zeros before and after."""

    value: Value
    over: Index
    axis: Bound
    before: Affine
    after: Affine

    @property
    def axes(self) -> Axes:
        return tuple(self.axis if a.index == self.over else a for a in self.value.axes)


@dataclass(frozen=True)
class When:
    """The value where all tests of loop letters hold, else 0; where one fails the value is not looked at."""

    tests: tuple[Value, ...]
    value: Value

    @property
    def axes(self) -> Axes:
        return self.value.axes


@dataclass(frozen=True)
class Cumulative:
    """At every place of `axis` the sum of a value along `over` up to it, or from it on if `down`.

    `op` "*" is the product up to it, "others" the product of all entries but its own.
    """

    value: Value
    over: Index
    axis: Bound
    down: bool = False
    op: str = "+"

    @property
    def axes(self) -> Axes:
        return tuple(self.axis if a.index == self.over else a for a in self.value.axes)


@dataclass(frozen=True)
class Opaque:
    """A functional given as a callable: `args` are arrays whose last axis is the vector; `by` counts derivatives."""

    name: str
    by: tuple[int, ...]
    args: tuple[Value, ...]
    axes: Axes


@dataclass(frozen=True)
class Linear:
    """A function of matrices, stacked over the axes `stack`: inverse, det, logdet, or the solution of equations.

    The last two axes of the first argument are rows and columns. The right side has the rows, then the columns `last`.
    """

    op: str
    args: tuple[Value, ...]
    axes: Axes
    stack: Axes = ()
    last: Axes = ()


Value: TypeAlias = (
    Literal
    | Named
    | Formal
    | Length
    | Places
    | Read
    | Map
    | Turn
    | Reduce
    | Contract
    | Total
    | Scatter
    | Shifted
    | When
    | Cumulative
    | Opaque
    | Linear
)


@dataclass(frozen=True)
class Assign:
    """`target = value`; `id` is the equation, `label` its textbook name if it has one."""

    id: str
    target: Read
    value: Value
    label: str = ""


@dataclass(frozen=True)
class Repeat:
    """Run the body for every value of a letter, upwards, or downwards if `down`."""

    bound: Bound
    down: bool
    body: tuple[Line, ...]


Line: TypeAlias = Assign | Repeat


def letters(axes: Axes) -> tuple[Index, ...]:
    """The letters of some axes."""
    return tuple(a.index for a in axes)
