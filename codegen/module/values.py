"""NumPy phrases: how each value of the array program is spelled, and with which brackets."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Self

from codegen.lowering.elements import HALF
from codegen.lowering.functional import opaque_name
from codegen.module.contractions import Contractions, Phrase
from codegen.program.array import (
    CHOICE,
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
from codegen.module.integers import replace_letter
from codegen.module.phrases import (
    ATOM,
    COMPARISON,
    CONSTANTS,
    FOLDS,
    FUNCTIONS,
    INFIX,
    MATH,
    MATMUL,
    POWER,
    PRODUCT,
    REDUCTIONS,
    RUNNING,
    SCATTERED,
    SUM,
    turned,
)
from codegen.program.special import BY_HEAD
from codegen.program.walks import is_untyped, values
from derive.errors import Refused
from derive.values.affine import Affine
from derive.values.binders import Bound


@dataclass
class ValueSpeller(Contractions):
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

    def atom(
        self,
        value: Named
        | Formal
        | Places
        | Read
        | Turn
        | Reduce
        | Total
        | Scatter
        | Shifted
        | When
        | Cumulative
        | Opaque
        | Linear,
    ) -> str:
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
            inner = self.inside(value.bound)
            steps = self.span(value.bound.lo, value.bound.hi + 1)
            terms = f"{inner.text(value.body)} for {self.letter(value.bound.index)} in range({steps})"
            if value.op in FOLDS:
                return f"{FOLDS[value.op]}({terms})"
            return f"np.{value.op}([{terms}], axis=0)"
        if isinstance(value, Scatter):
            self.used[SCATTERED] = None
            count = self.length(value.axis.hi - value.axis.lo + 1)
            return f"{SCATTERED}({self.text(value.index)}, {self.text(value.value)}, {count})"
        if isinstance(value, Shifted):
            own = f"({self.affine(value.before)}, {self.affine(value.after)})"
            widths = ", ".join(own if a.index == value.over else "(0, 0)" for a in value.value.axes)
            padded = f"np.pad({self.text(value.value)}, {own if len(value.axes) == 1 else f'({widths})'})"
            return padded + self.clipped(value)
        if isinstance(value, When):
            return self.when(value)
        if isinstance(value, Linear):
            return self.linear(value)
        if isinstance(value, Cumulative):
            return self.cumulative(value)
        if isinstance(value, Opaque):
            return (
                f"{self.names['f.' + opaque_name(value.name, value.by)]}({', '.join(self.text(a) for a in value.args)})"
            )
        stretch, step = replace_letter(value.of, value.axis), value.of.coefficient(value.axis.index)
        stop = stretch[1] + (1 if step > 0 else -1)
        by = "" if step == 1 else f", {step}"
        if value.integer:
            return (
                f"np.arange({self.affine(stretch[0])}, {self.affine(stop)}{by})"
                if by
                else (f"np.arange({self.span(stretch[0], stop)})")
            )
        return f"np.arange({self.affine(stretch[0])}, {self.affine(stop)}{by}, dtype={self.like()}.dtype)"

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

    def map(self, value: Map) -> Phrase:
        """Infix operations with brackets by precedence; functions by name."""
        if value.op == "spread":
            return self.spread(value), ATOM
        if value.op == "typed":
            return self.typed_guard(value), ATOM
        if value.op == "neg":
            return f"-{self.arg(value, 0, PRODUCT)}", PRODUCT
        if value.op == "**" and is_plain(value) and is_root(value.args[1]):
            if value.args[1] == Literal(HALF):
                return f"math.sqrt({self.text(value.args[0])})", ATOM
            return f"math.pow({self.text(value.args[0])}, {self.text(value.args[1])})", ATOM
        if value.op == "**":
            return f"{self.arg(value, 0, ATOM)}**{self.arg(value, 1, ATOM)}", POWER
        if (same := self.identity(value, "bool")) is not None:
            return same, ATOM
        if (triangle := self.triangle(value)) is not None:
            return triangle
        if value.op in INFIX:
            level = INFIX[value.op]
            left = self.arg(value, 0, level if level != COMPARISON else SUM)
            right = self.arg(value, 1, POWER if level == PRODUCT else MATMUL if level == SUM else SUM)
            return f"{left} {value.op} {right}", level
        args = [self.arg(value, q, COMPARISON) for q in range(len(value.args))]
        if value.op == CHOICE:
            typed = f".astype({self.typed(value)}.dtype)" if all(map(is_untyped, value.args[1:])) else ""
            return f"np.where({', '.join(args)}){typed}", ATOM
        name = self.function(value.op)
        if is_plain(value) and name in MATH:
            return f"{MATH[name]}({', '.join(args)})", ATOM
        if f"f.{value.op}" in self.names:
            args = [
                f"np.full((), {text}, {self.like()}.dtype)" if not arg.axes and is_untyped(arg) else text
                for text, arg in zip(args, value.args, strict=True)
            ]
        while len(args) > 2 and name in ("np.maximum", "np.minimum"):
            args = [f"{name}({args[0]}, {args[1]})", *args[2:]]
        text = f"{name}({', '.join(args)})"
        if f"f.{value.op}" in self.names:
            return text, ATOM
        part = BY_HEAD[value.op].part if value.op in BY_HEAD else None
        if part is not None:
            text += ".real" if part == "real" else f"[{part}]"
        if is_plain(value):
            return f"float({text})", ATOM
        return text + (f".astype({self.typed(value)}.dtype)" if part == "real" else ""), ATOM

    def typed_guard(self, value: Map) -> str:
        """1 where a condition holds, else 0; `np.eye(n)` where one letter equals another."""
        (test,) = value.args
        if isinstance(test, Map) and (same := self.identity(test, f"{self.like()}.dtype")) is not None:
            return same
        return f"({self.arg(value, 0, COMPARISON)}).astype({self.like()}.dtype)"

    def typed(self, value: Map) -> str:
        """An array whose type a choice between plain numbers takes: they alone would give integers or float64."""
        formal = next((v.name for v in values(value) if isinstance(v, Formal)), None)
        return formal or self.like()

    def function(self, op: str) -> str:
        """The name of a function in code. Refused if NumPy and the program have none."""
        name = self.names.get(f"f.{op}") or FUNCTIONS.get(op)
        if name is None:
            raise Refused(f"{op} has no NumPy form", fix="write it by functions that NumPy has")
        self.used[name] = None
        return name

    def arg(self, value: Map, number: int, least: int) -> str:
        """An argument with `None` where it lacks an axis between or after its own."""
        arg = value.args[number]
        own, wanted = letters(arg.axes), letters(value.axes)
        first = next((q for q, x in enumerate(wanted) if x in own), len(wanted))
        marks = [":" if x in own else "None" for x in wanted[first:]]
        if "None" not in marks:
            return self.text(arg, least)
        if isinstance(arg, Reduce) and len(arg.over) == 1 and len(arg.value.axes) == len(marks):
            place = letters(arg.value.axes).index(arg.over[0])
            if marks[place] == "None":
                return self.reduce(arg, keep=True)
        return f"{self.text(arg, ATOM)}[{', '.join(marks)}]"

    def spread(self, value: Map) -> str:
        """The same value along new axes."""
        shape = ", ".join(self.length(a.hi - a.lo + 1) for a in value.axes)
        shape = f"({shape},)" if len(value.axes) == 1 else f"({shape})"
        if not value.args[0].axes:
            return f"np.full({shape}, {self.text(value.args[0])}, {self.like()}.dtype)"
        return f"np.broadcast_to({self.arg(value, 0, COMPARISON)}, {shape})"

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


def is_plain(value: Value) -> bool:
    """A number or a size, or what is computed from such alone: a scalar of Python, which takes the type of arrays."""
    return isinstance(value, (Literal, Named, Length)) or (
        isinstance(value, Map) and value.op not in (CHOICE, "spread") and all(map(is_plain, value.args))
    )


def is_root(exponent: Value) -> bool:
    """Is the exponent no integer?"""
    return not isinstance(exponent, Length) and not (isinstance(exponent, Literal) and exponent.value.denominator == 1)
