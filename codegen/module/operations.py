"""Operations and functions in NumPy, entry by entry: signs, brackets by precedence, axes that an argument lacks."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.lowering.elements import HALF
from codegen.module.contractions import Contractions, Phrase
from codegen.module.phrases import (
    ATOM,
    COMPARISON,
    FUNCTIONS,
    INFIX,
    MATH,
    MATMUL,
    POWER,
    PRODUCT,
    SUM,
)
from codegen.program.array import CHOICE, Formal, Length, Literal, Map, Named, Reduce, Value, letters
from codegen.program.special import BY_HEAD
from codegen.program.walks import is_untyped, values
from derive.errors import Refused


@dataclass
class Operations(Contractions):
    """Spells operations between values, and functions of them."""

    def reduce(self, value: Reduce, keep: bool = False) -> str:
        """A reduction along axes, which stay with length 1 if `keep`."""
        raise NotImplementedError

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


def is_plain(value: Value) -> bool:
    """A number or a size, or what is computed from such alone: a scalar of Python, which takes the type of arrays."""
    return isinstance(value, (Literal, Named, Length)) or (
        isinstance(value, Map) and value.op not in (CHOICE, "spread") and all(map(is_plain, value.args))
    )


def is_root(exponent: Value) -> bool:
    """Is the exponent no integer?"""
    return not isinstance(exponent, Length) and not (isinstance(exponent, Literal) and exponent.value.denominator == 1)
