"""The objective that a model file states, as a number: its text evaluated term by term, over any kind of numbers.

`Numbers` is the kind: torch scalars that remember where they come from, or numbers of many digits.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Protocol

from text_layout import Layout, Letters, Place
from text_model import Unread, Written, bound, entry_of, name_of

Entry = tuple[str, tuple[int, ...]]
PLAIN = ("exp", "log", "log1p", "sin", "cos", "tanh", "atan", "sqrt", "erf", "asinh", "cosh")
COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Numbers(Protocol):
    """A kind of numbers; `plain` functions have one argument."""

    plain: Mapping[str, Callable[[Any], Any]]

    def number(self, value: int) -> Any: ...
    def stop(self, value: Any, key: Any) -> Any: ...
    def size(self, value: Any) -> float: ...


class Reading:
    """One text at concrete sizes and entries. `nearest` is the smallest relative gap of two numbers compared."""

    def __init__(self, layout: Layout, entries: Mapping[Entry, Any], numbers: Numbers) -> None:
        self.layout, self.text, self.entries, self.numbers = layout, layout.text, entries, numbers
        self.done: dict[Entry, Any] = {}
        self.nearest = 1.0

    def objective(self) -> Any:
        """J, a number."""
        return self.value(self.text.objective, {})

    def variable(self, name: str, at: tuple[int, ...]) -> Any:
        """An entry of a variable."""
        if (name, at) not in self.done:
            found = [
                (e, x) for e in self.text.equations if e.target == name for x in [self.letters(e, at)] if x is not None
            ]
            if not found:
                raise Unread(f"no equation of {name} at {at}")
            fixed = [(e, x) for e, x in found if len(x) < len(at)] if len(found) > 1 else found
            equation, letters = fixed[0]
            self.done[name, at] = self.value(equation.value, letters)
        return self.done[name, at]

    def letters(self, equation: Written, at: tuple[int, ...]) -> dict[str, int] | None:
        positions = [p for p in equation.at if not (isinstance(p, ast.Tuple) and not p.elts)]
        if len(positions) != len(at):
            return {} if not positions and not at else None
        return self.layout.letters_at(equation, at)

    def entry(self, name: str, at: tuple[int, ...]) -> Any:
        return self.entries[name, at] if name in self.text.given else self.variable(name, at)

    def value(self, node: ast.expr, letters: Letters) -> Any:
        """An expression at these letters."""
        if isinstance(node, ast.Constant):
            return self.numbers.number(int(node.value))
        if isinstance(node, ast.Name):
            return self.named(node.id, letters)
        if isinstance(node, ast.UnaryOp):
            return -self.value(node.operand, letters)
        if isinstance(node, ast.BinOp):
            return ARITHMETIC[type(node.op)](self.value(node.left, letters), self.value(node.right, letters))
        if isinstance(node, ast.Subscript):
            name, at = entry_of(node)
            return self.entry(name, tuple(self.layout.place(p, letters) for p in at if not empty(p)))
        if isinstance(node, ast.Call):
            return self.call(node, letters)
        raise Unread(ast.unparse(node))

    def named(self, name: str, letters: Letters) -> Any:
        """A letter, a size, or a scalar."""
        if name in letters or name in self.text.sizes:
            return self.numbers.number(self.layout.place(ast.Name(name), letters))
        return self.entry(name, ())

    def call(self, node: ast.Call, letters: Letters) -> Any:
        name = name_of(node.func)
        if bound(node, self.text.letters):
            terms = [self.value(node.args[0], inner) for inner in self.layout.span(node, letters)]
            return self.fold(name, terms)
        if name in self.text.widths:
            return self.numbers.number(self.layout.place(node, letters))
        if name == "Piecewise":
            return self.piecewise(node, letters)
        if name == "softmax":
            return self.softmax(node, letters)
        args = [self.value(a, letters) for a in node.args]
        if name == "stop":
            return self.numbers.stop(args[0], (ast.unparse(node), tuple(sorted(letters.items()))))
        if name in ("Max", "Min"):
            return self.fold(name, args)
        if name in self.numbers.plain:
            return self.numbers.plain[name](args[0])
        if name in FORMULAS:
            return FORMULAS[name](self, *args)
        raise Unread(ast.unparse(node))

    def fold(self, name: str, terms: list[Any]) -> Any:
        """A sum, a product, or the largest or smallest, the first of equal ones."""
        if name == "Sum":
            return reduce(operator.add, terms, self.numbers.number(0))
        if name == "Product":
            return reduce(operator.mul, terms, self.numbers.number(1))
        better = operator.gt if name == "Max" else operator.lt
        return reduce(lambda best, term: term if self.compare(better, term, best) else best, terms)

    def compare(self, test: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
        """A comparison, and how near it was; an entry compared with itself is no tie."""
        if left is not right:
            scale = max(self.numbers.size(left), self.numbers.size(right), 1e-300)
            self.nearest = min(self.nearest, self.numbers.size(left - right) / scale)
        return bool(test(left, right))

    def piecewise(self, node: ast.Call, letters: Letters) -> Any:
        """The value of the first branch whose condition holds."""
        for branch in node.args:
            assert isinstance(branch, ast.Tuple)
            value, condition = branch.elts
            if isinstance(condition, ast.Constant):
                return self.value(value, letters)
            if not isinstance(condition, ast.Compare):
                raise Unread(ast.unparse(condition))
            left, right = self.value(condition.left, letters), self.value(condition.comparators[0], letters)
            if self.compare(COMPARE[type(condition.ops[0])], left, right):
                return self.value(value, letters)
        raise Unread(ast.unparse(node))

    def softmax(self, node: ast.Call, letters: Letters) -> Any:
        """exp(z_j) / Sum_k exp(z_k), shifted by the largest z, which changes nothing"""
        body, letter = node.args[0], name_of(node.args[1])
        ends = getattr(letters[letter], "ends", None)
        if ends is None:
            raise Unread(ast.unparse(node))
        terms = {k: self.value(body, {**letters, letter: Place.within(k, ends)}) for k in range(ends[0], ends[1] + 1)}
        largest = max(terms.values(), key=float)
        shift = self.numbers.stop(largest, None)
        powers = {k: self.numbers.plain["exp"](z - shift) for k, z in terms.items()}
        return powers[letters[letter]] / reduce(operator.add, powers.values())

    # functions by their formula

    def sigmoid(self, z: Any) -> Any:
        """1 / (1 + exp(-z)) = exp(z) / (1 + exp(z))"""
        power = self.numbers.plain["exp"](-z if float(z) > 0 else z)
        return (self.numbers.number(1) if float(z) > 0 else power) / (1 + power)

    def softplus(self, z: Any) -> Any:
        """log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|))"""
        positive = float(z) > 0
        return (z if positive else 0 * z) + self.numbers.plain["log1p"](
            self.numbers.plain["exp"](-z if positive else z)
        )

    def swish(self, z: Any) -> Any:
        return z * self.sigmoid(z)

    def gelu(self, z: Any) -> Any:
        return z * (1 + self.numbers.plain["erf"](z / self.numbers.plain["sqrt"](self.numbers.number(2)))) / 2

    def mish(self, z: Any) -> Any:
        return z * self.numbers.plain["tanh"](self.softplus(z))

    def elu(self, z: Any, alpha: Any) -> Any:
        positive = self.compare(operator.gt, z, self.numbers.number(0))
        return z if positive else alpha * (self.numbers.plain["exp"](z) - 1)

    def huber(self, a: Any, y: Any, c: Any) -> Any:
        away = self.magnitude(a - y)
        return (a - y) ** 2 / 2 if self.compare(operator.le, away, c) else c * (away - c / 2)

    def magnitude(self, z: Any) -> Any:
        """|z|, with the derivative 0 at 0"""
        zero = self.numbers.number(0)
        return z if self.compare(operator.gt, z, zero) else -z if z < zero else 0 * z

    def rational(self, numerator: Any, denominator: Any) -> Any:
        return numerator / denominator


FORMULAS: dict[str, Callable[..., Any]] = {
    "sigmoid": Reading.sigmoid,
    "softplus": Reading.softplus,
    "swish": Reading.swish,
    "gelu": Reading.gelu,
    "mish": Reading.mish,
    "elu": Reading.elu,
    "huber": Reading.huber,
    "Abs": Reading.magnitude,
    "Rational": Reading.rational,
}


def empty(position: ast.expr) -> bool:
    """The position `()` of a scalar."""
    return isinstance(position, ast.Tuple) and not position.elts
