"""NumPy phrases: how each value of the array program is spelled, and with which brackets."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Self

from codegen.lowering.functional import opaque_name
from codegen.module.contractions import Phrase
from codegen.module.integers import replace_letter
from codegen.module.operations import Operations
from codegen.module.phrases import (
    ATOM,
    COMPARISON,
    CONSTANTS,
    FOLDS,
    PRODUCT,
    REDUCTIONS,
    RUNNING,
    SCATTERED,
    SUM,
    turned,
)
from codegen.program.array import (
    Contract,
    Cumulative,
    Formal,
    Gather,
    Length,
    Linear,
    Literal,
    Map,
    Named,
    Opaque,
    Pick,
    Places,
    Read,
    Reduce,
    Scatter,
    Shifted,
    Span,
    Through,
    Total,
    Turn,
    Value,
    When,
    letters,
)
from derive.values.affine import Affine
from derive.values.binders import Bound


@dataclass
class ValueSpeller(Operations):
    """Spells the values of one function body."""

    def inside(self, bound: Bound) -> Self:
        """The same speller inside a loop."""
        return with_changes(self, loops={**self.loops, bound.index: bound})

    def span(self, start: Affine, stop: Affine) -> str:
        """The arguments of a range."""
        return self.affine(stop) if start.number == 0 else f"{self.affine(start)}, {self.affine(stop)}"

    def text(self, value: Value, least: int = COMPARISON) -> str:
        """The phrase of a value, in brackets if it binds less tightly than `least`."""
        text, binds = self.phrase(value)
        return text if binds >= least else f"({text})"

    def phrase(self, value: Value) -> Phrase:
        """The phrase and how tightly it binds."""
        if isinstance(value, Map):
            return self.map(value)
        if isinstance(value, Contract):
            return self.contract(value)
        if isinstance(value, Literal):
            whole = value.value.denominator == 1
            return (
                (str(value.value), ATOM if value.value >= 0 else SUM)
                if whole
                else (f"{value.value.numerator} / {value.value.denominator}", PRODUCT if value.value >= 0 else SUM)
            )
        if isinstance(value, Length):
            text = self.affine(value.of)
            return text, ATOM if value.of.alone or value.of.number is not None else SUM
        return self.atom(value), ATOM

    def atom(self, value: Value) -> str:
        """Phrases that bind like a name."""
        if isinstance(value, Read):
            return self.read(value)
        if isinstance(value, Reduce):
            return self.reduce(value)
        if isinstance(value, Named):
            return CONSTANTS[value.name]
        if isinstance(value, Formal):
            return value.name
        if isinstance(value, Turn):
            return turned(self.text(value.value, ATOM), letters(value.value.axes), letters(value.axes))
        if isinstance(value, Total):
            return self.total(value)
        if isinstance(value, Scatter):
            return self.scatter(value)
        if isinstance(value, Shifted):
            return self.shift(value)
        if isinstance(value, When):
            return self.when(value)
        if isinstance(value, Linear):
            return self.linear(value)
        if isinstance(value, Cumulative):
            return self.cumulative(value)
        if isinstance(value, Opaque):
            name = self.names["f." + opaque_name(value.name, value.by)]
            return f"{name}({', '.join(self.text(a) for a in value.args)})"
        assert isinstance(value, Places), type(value).__name__
        return self.places(value)

    def total(self, value: Total) -> str:
        """`sum(x[l] for l in range(L))`"""
        inner = self.inside(value.bound)
        steps = self.span(value.bound.lo, value.bound.hi + 1)
        terms = f"{inner.text(value.body)} for {self.letter(value.bound.index)} in range({steps})"
        return f"{FOLDS[value.op]}({terms})" if value.op in FOLDS else f"np.{value.op}([{terms}], axis=0)"

    def scatter(self, value: Scatter) -> str:
        """Rows added up at the places that an array names."""
        self.used[SCATTERED] = None
        count = self.length(value.axis.hi - value.axis.lo + 1)
        return f"{SCATTERED}({self.text(value.index)}, {self.text(value.value)}, {count})"

    def shift(self, value: Shifted) -> str:
        """`np.pad(x, (1, 0))`"""
        own = f"({self.affine(value.before)}, {self.affine(value.after)})"
        widths = ", ".join(own if a.index == value.over else "(0, 0)" for a in value.value.axes)
        padded = f"np.pad({self.text(value.value)}, {own if len(value.axes) == 1 else f'({widths})'})"
        return padded + self.clipped(value)

    def places(self, value: Places) -> str:
        """`np.arange(1, n + 1, dtype=w.dtype)`"""
        (start, last), step = replace_letter(value.of, value.axis), value.of.coefficient(value.axis.index)
        stop = last + (1 if step > 0 else -1)
        if value.integer and step == 1:
            return f"np.arange({self.span(start, stop)})"
        by = "" if step == 1 else f", {step}"
        kind = "" if value.integer else f", dtype={self.like()}.dtype"
        return f"np.arange({self.affine(start)}, {self.affine(stop)}{by}{kind})"

    def clipped(self, value: Shifted) -> str:
        """`[:K]` after zeros of which there are too many where nothing stands between them."""
        stretch = next(a for a in value.value.axes if a.index == value.over)
        if self.never_negative(stretch.hi - stretch.lo + 1):
            return ""
        whole = [":"] * letters(value.axes).index(value.axis.index)
        return f"[{', '.join([*whole, f':{self.length(value.axis.hi - value.axis.lo + 1)}'])}]"

    def when(self, value: When) -> str:
        """`(x[t + 1] if t <= T - 1 else 0)`"""
        shape = ", ".join(self.length(a.hi - a.lo + 1) for a in value.axes)
        zero = f"np.zeros(({shape}{',' * (len(value.axes) == 1)}), {self.like()}.dtype)" if value.axes else "0"
        tests = " and ".join(self.text(test, COMPARISON) for test in value.tests)
        return f"({self.text(value.value)} if {tests} else {zero})"

    def cumulative(self, value: Cumulative) -> str:
        """`np.cumsum(x, axis=1)`, from the other end if it runs down."""
        place = letters(value.value.axes).index(value.over)
        if value.op != "+":
            self.used[RUNNING[value.op]] = None
            return f"{RUNNING[value.op]}({self.text(value.value)}, axis={place})"
        text = self.text(value.value, ATOM if value.down else COMPARISON)
        back = f"[{', '.join([':'] * place + ['::-1'])}]"
        return f"np.cumsum({text}{back}, axis={place}){back}" if value.down else f"np.cumsum({text}, axis={place})"

    def read(self, value: Read) -> str:
        """`w[l]`, `h[t - 1, :, 2:n]`: trailing whole axes are not written."""
        store = self.program.store(value.store)
        self.used[store.name] = None
        if store.local:
            return store.name
        text = store.name + (f"[{', '.join(map(self.affine, value.keys))}]" if value.keys else "")
        index = value.index if isinstance(value, Gather) else None
        picks = [
            self.arg(index, p.number, COMPARISON) if index and isinstance(p, Through) else self.pick(p)
            for p in value.picks
        ]
        while picks and picks[-1] == ":":
            picks.pop()
        return text + (f"[{', '.join(picks)}]" if picks else "")

    def pick(self, pick: Pick) -> str:
        """One place or a stretch."""
        if isinstance(pick, Affine):
            return self.affine(pick)
        assert isinstance(pick, Span), type(pick).__name__
        if pick.whole:
            return ":"
        start = "" if pick.start.number == 0 else self.affine(pick.start)
        return f"{start}:{self.length(pick.stop)}" + (f":{pick.step}" if pick.step != 1 else "")

    def reduce(self, value: Reduce, keep: bool = False) -> str:
        """`x.sum(axis=0)`"""
        order = letters(value.value.axes)
        places = [order.index(x) for x in value.over]
        name = REDUCTIONS.get(value.op, value.op)
        axis = (
            ""
            if len(places) == len(order) and not keep
            else (f"axis={places[0]}" if len(places) == 1 else f"axis=({', '.join(map(str, places))})")
        )
        return f"{self.text(value.value, ATOM)}.{name}({axis}{', keepdims=True' if keep else ''})"
