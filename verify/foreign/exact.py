"""The text of a foreign function with exact numbers: literals, quotients, powers, conversions, products of matrices."""

from __future__ import annotations

import ast
import copy
import math
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
from flint import arb

from verify.foreign.numpy_on_balls import UNIT, Namespace, balls, converted
from verify.literals import ratio
from verify.numbers import Undecided
from verify.products import matmul
from verify.shadow import LONG, Shadow, of_float

FLOATS = ("float", "float16", "float32", "float64", "longdouble")


class Exact(ast.NodeTransformer):
    """Literals and quotients as exact numbers, conversions to floats that keep balls."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return call("_number", ast.Constant(repr(node.value))) if type(node.value) is float else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return call("_power", node.left, node.right)
        if isinstance(node.op, ast.MatMult):
            return call("_matmul", node.left, node.right)
        return call("_ratio", node.left, node.right) if isinstance(node.op, ast.Div) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        read = copy.deepcopy(node.target)
        read.ctx = ast.Load()
        return ast.Assign([node.target], call("_divided", read, node.value))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        head = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if head in FLOATS and len(node.args) == 1 and not node.keywords:
            return call("_float", node.args[0], ast.Constant(head))
        if head in ("round", "around"):
            owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            return ast.Call(ast.Name("_round", ast.Load()), [*owner, *node.args], node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "dot" and len(node.args) == 1:
            return call("_dot", node.func.value, node.args[0])
        if isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
            return ast.Call(ast.Name("_astype", ast.Load()), [node.func.value, *node.args], node.keywords)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.returns = None
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        self.generic_visit(node)
        return node


def call(name: str, *args: ast.expr) -> ast.Call:
    """A call of one of our own functions."""
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def number(text: str) -> Any:
    """A literal: the decimal that is written, or a ball of all that round to it."""
    value = float(text)
    return value if math.isinf(value) or math.isnan(value) else rounded_constant(value)


def rounded_constant(value: float) -> Any:
    """A float of few digits is exact; one of many stands for a real number that rounds to it."""
    exact = Fraction(repr(value)) if math.isfinite(value) else None
    if exact is None or len(repr(value).partition("e")[0].replace(".", "").strip("-0")) >= LONG:
        return value if exact is None else of_float(value, UNIT.get())
    return exact


def ratio_of(above: Any, below: Any) -> Any:
    """A quotient; that of two plain numbers is a fraction."""
    plain_numbers = (int, float, Fraction)
    if isinstance(above, plain_numbers) and isinstance(below, plain_numbers) and not isinstance(below, bool):
        return exactly(above) / exactly(below)
    if isinstance(above, np.ndarray) and above.dtype != object:
        return balls(above) / below
    if isinstance(below, np.ndarray) and below.dtype != object:
        return balls(above) / balls(below)
    if isinstance(above, np.generic) or isinstance(below, np.generic):
        return balls(above) / balls(below)
    return ratio(above, below) if not isinstance(above, np.ndarray) else balls(above) / below


def power_of(base: Any, exponent: Any) -> Any:
    """A power; of a plain number to a fraction, or of an integer to a negative one, it is no float."""
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        exponent = int(exponent)
    if isinstance(exponent, int) and exponent >= 0:
        return base**exponent
    plain_numbers = (int, float, Fraction)
    if isinstance(exponent, int) and isinstance(base, plain_numbers):
        return exactly(base) ** exponent
    return balls(base) ** exponent


def exactly(value: Any) -> Fraction:
    """A plain number as the decimal that is written."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def divided(target: Any, by: Any) -> Any:
    """`target /= by`, in place where that is an array of objects."""
    if isinstance(target, np.ndarray) and target.dtype == object:
        target[...] = balls(target) / by
        return target
    return ratio_of(target, by)


def dot(left: Any, right: Any) -> Any:
    """`left.dot(right)`."""
    return matmul(left, right) if isinstance(left, np.ndarray) else left.dot(right)


def astype(values: Any, dtype: Any = float, **options: Any) -> Any:
    """`values.astype(dtype)`."""
    return converted(values, dtype)


def round_of(*given: Any, **named: Any) -> Any:
    """`round(value, digits)`, `np.round(values, digits)`, `values.round(digits)`."""
    values, *digits = given[1:] if isinstance(given[0], (Namespace, ModuleType)) else given
    return rounded_to(values, next(iter([*digits, *named.values()]), None))


def rounded_to(values: Any, places: int | None) -> Any:
    """A number, or an array of them, rounded to decimal places, a tie to the even digit."""
    if isinstance(values, np.ndarray):
        if values.dtype != object:
            return values.round(places or 0)
        made = np.array(values, dtype=object)
        for q, value in enumerate(made.flat):
            made.flat[q] = rounded_to(value, places or 0)
        return made
    if not isinstance(values, Shadow):
        return round(values, places)
    scale = arb(10) ** (places or 0)
    raised = values.settled() * scale + arb(0.5)
    whole = raised.floor().unique_fmpz()
    if whole is None and values.unit and places is not None:  # what floats may give
        return Shadow(values.settled() + arb(0, 0.5) / scale, values.unit)
    if whole is None:
        raise Undecided(f"{values!r} cannot be rounded to {places or 0} places")
    even = int(whole) - (raised.is_integer() and int(whole) % 2)
    return even if places is None else Shadow(arb(even) / scale, values.unit)


OWN = {
    "_ratio": ratio_of,
    "_matmul": matmul,
    "_dot": dot,
    "_power": power_of,
    "_number": number,
    "_round": round_of,
    "_float": converted,
    "_divided": divided,
    "_astype": astype,
}
