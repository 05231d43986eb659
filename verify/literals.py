"""The numbers that are written in a source text, as what they mean: 1 / 3 is a third, math.log(2) is log 2.

Floats round them, and that rounding is judged with the floats; the balls judge the formula.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
from flint import arb, fmpq

from verify.linear import Routines
from verify.products import matmul
from verify.shadow import Shadow
from verify.special import replace_special

MATH = {
    n: n for n in "sqrt exp log log1p expm1 sin cos tan asin acos atan sinh cosh tanh erf erfc gamma lgamma".split()
}
LINEAR = {f"np.linalg.{name}" for name in ("inv", "solve", "det", "slogdet")}
CONSTANTS: dict[str, Callable[[], arb]] = {"pi": arb.pi, "e": arb.const_e, "inf": lambda: arb("inf")}


def exact_module(module: ModuleType) -> ModuleType:
    """The same functions with exact literals, for balls; the module itself if its text is not known."""
    lines = linecache.getlines(str(module.__file__))
    if not lines:
        return module
    tree = exact_tree(ast.parse("".join(lines)))
    exact = ModuleType(module.__name__)
    exact.__file__ = module.__file__
    exact.__dict__.update(
        _ratio=ratio,
        _whole=whole,
        _entry=whole,
        _balls=balls,
        _constant=constant,
        _function=function,
        _linear=Routines(),
        _matmul=matmul,
    )
    exec(compile(tree, str(module.__file__), "exec"), exact.__dict__)
    replace_special(exact.__dict__)
    return exact


def exact_tree(tree: ast.Module) -> ast.Module:
    """The same statements with exact literals, in place."""
    exact: ast.Module = ast.fix_missing_locations(_Literals().visit(tree))
    return exact


def ratio(above: Any, below: Any) -> Any:
    """A quotient; that of two integers is a rational number, not the float nearest to it."""
    if isinstance(above, int) and isinstance(below, int):
        return Fraction(above, below)
    return balls(above) / below if isinstance(above, np.ndarray) else above / below


def whole(value: int, unit: float = 0.0) -> Shadow:
    """An integer among balls: `np.minimum(z, 0)` hands it on to functions that an int does not have.

    As an entry of an array it has the roundoff `unit` of the array: `np.exp` of a plain integer would be a float.
    """
    return Shadow(arb(value), unit)


def balls(values: Any) -> Any:
    """The integers among the values as balls, such as those that `np.sign` and comparisons give.

    A quotient of two integers would be a float.
    """
    made = np.array(values, dtype=object)
    for place in np.ndindex(made.shape):
        if isinstance(made[place], (bool, int, np.bool_, np.integer)):
            made[place] = whole(int(made[place]))
    return made[()]


def constant(name: str, unit: float = 0.0) -> arb | Shadow:
    """A named constant at the precision of the moment; with a unit, the float nearest to it. Infinity is exact."""
    ball = CONSTANTS[name]()
    if not unit:
        return ball
    return Shadow(ball, unit).rounded(ball) if ball.is_finite() else Shadow(ball, unit)


def function(name: str, value: Any) -> arb:
    """A function of `math` of a number, as a ball."""
    if isinstance(value, (int, float)):
        value = Fraction(repr(value))
    if isinstance(value, Fraction):
        value = arb(fmpq(value.numerator, value.denominator))
    ball: arb = getattr(value, MATH[name])()
    return ball


class _Literals(ast.NodeTransformer):
    """Quotients, named constants, functions of `math` of literals, and integers that choices and arrays hand on."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            return _call("_matmul", node.left, node.right)
        return _call("_ratio", node.left, node.right) if isinstance(node.op, ast.Div) else node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        if _integer(node.value) and isinstance(node.targets[0], ast.Subscript):
            node.value = _call("_entry", node.value)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ("np", "math") and node.attr in CONSTANTS:
            return _call("_constant", ast.Constant(node.attr))
        if ast.unparse(node) in LINEAR:
            return ast.Attribute(ast.Name("_linear", ast.Load()), node.attr, ast.Load())
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        head = node.func
        if isinstance(head, ast.Name) and head.id == "float" and len(node.args) == 1 and _special(node.args[0]):
            return node.args[0]
        if not (isinstance(head, ast.Attribute) and isinstance(head.value, ast.Name)):
            return node
        if head.value.id == "math" and head.attr in MATH and len(node.args) == 1 and _known(node.args[0]):
            return _call("_function", ast.Constant(head.attr), node.args[0])
        if head.value.id == "np" and head.attr == "sign":
            return _call("_balls", node)
        if head.value.id == "np" and head.attr == "full" and len(node.args) == 3 and _integer(node.args[1]):
            node.args[1] = _call("_entry", node.args[1])
        if head.value.id == "np" and head.attr in ("minimum", "maximum", "where"):
            node.args = [_call("_whole", a) if _integer(a) else a for a in node.args]
        return node


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _special(node: ast.expr) -> bool:
    """Is it a function of SciPy, or one of its results?"""
    while isinstance(node, (ast.Call, ast.Subscript, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id == "special"


def _integer(node: ast.expr) -> bool:
    """Is it an integer literal, perhaps with a sign?"""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _integer(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) is int


def _known(node: ast.expr) -> bool:
    """Is it a number that the text alone determines?"""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("_ratio", "_constant", "_function")
    return isinstance(node, ast.Constant) or _integer(node)
