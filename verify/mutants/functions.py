"""Faults in functions, their arguments, comparisons and choices."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from verify.mutants.operator import Operator, Spot, pattern

ELEMENTARY = (
    pattern("exp to expm1", "np.exp(A)", "np.expm1(A)"),
    pattern("exp of the opposite", "np.exp(A)", "np.exp(-A)"),
    pattern("exp dropped", "np.exp(A)", "A"),
    pattern("log to log1p", "np.log(A)", "np.log1p(A)"),
    pattern("log dropped", "np.log(A)", "A"),
    pattern("log1p to log", "np.log1p(A)", "np.log(A)"),
    pattern("log1p dropped", "np.log1p(A)", "A"),
    pattern("tanh to arctan", "np.tanh(A)", "np.arctan(A)"),
    pattern("tanh to sigmoid", "np.tanh(A)", "1 / (1 + np.exp(-A))"),
    pattern("tanh dropped", "np.tanh(A)", "A"),
    pattern("square root dropped", "np.sqrt(A)", "A"),
    pattern("square root of a number dropped", "math.sqrt(A)", "A"),
    pattern("absolute value dropped", "np.abs(A)", "A"),
    pattern("absolute value to square", "np.abs(A)", "A**2"),
    pattern("sign dropped", "np.sign(A)", "A"),
    pattern("sign to absolute value", "np.sign(A)", "np.abs(A)"),
    pattern("cosine to sine", "np.cos(A)", "np.sin(A)"),
    pattern("sine to cosine", "np.sin(A)", "np.cos(A)"),
    pattern("pi to 3", "math.pi", "3"),
    pattern("inverse dropped", "np.linalg.inv(A)", "A"),
    pattern("inverse of the transpose", "np.linalg.inv(A)", "np.linalg.inv(A.T)"),
    pattern("solution for the transpose", "np.linalg.solve(A, B)", "np.linalg.solve(A.T, B)"),
    pattern("digamma to loggamma", "special.psi(A)", "special.gammaln(A)"),
    pattern("digamma of one more", "special.psi(A)", "special.psi(A + 1)"),
)

OWN = (
    pattern("function dropped", "F(A)", "A"),
    pattern("function to tanh", "F(A)", "np.tanh(A)"),
    pattern("function twice", "F(A)", "F(F(A))"),
    pattern("function of the opposite", "F(A)", "F(-A)"),
    pattern("function of the double", "F(A)", "F(2 * A)"),
    pattern("function to its argument times it", "F(A)", "A * F(A)"),
    pattern("arguments of a function swapped", "F(A, B)", "F(B, A)"),
)


def neighbour(spot: Spot) -> Iterator[ast.AST]:
    """Another function of the module with as many arguments."""
    call = spot.node
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        return
    functions = spot.kernels.functions
    own = spot.kernels.function(call.func.id)
    if own is None or own.name.startswith("_"):
        return
    alike = [f.name for f in functions if len(f.args.args) == len(own.args.args) and not f.name.startswith("_")]
    if len(alike) > 1:
        other = alike[alike.index(own.name) - 1]
        yield ast.copy_location(ast.Call(ast.Name(other, ast.Load()), call.args, call.keywords), call)


CHOICES = (
    pattern("branches exchanged", "np.where(A, B, C)", "np.where(A, C, B)"),
    pattern("first branch always", "np.where(A, B, C)", "np.where(A, B, B)"),
    pattern("second branch always", "np.where(A, B, C)", "np.where(A, C, C)"),
    pattern("larger to smaller", "np.maximum(A, B)", "np.minimum(A, B)"),
    pattern("larger to the first", "np.maximum(A, B)", "A + 0 * B"),
    pattern("larger to the second", "np.maximum(A, B)", "B + 0 * A"),
    pattern("smaller to larger", "np.minimum(A, B)", "np.maximum(A, B)"),
    pattern("smaller to the first", "np.minimum(A, B)", "A + 0 * B"),
    pattern("smaller to the second", "np.minimum(A, B)", "B + 0 * A"),
    pattern("at least to more", "A >= B", "A > B"),
    pattern("at least to less", "A >= B", "A < B"),
    pattern("at least to at most", "A >= B", "A <= B"),
    pattern("more to at least", "A > B", "A >= B"),
    pattern("more to less", "A > B", "A < B"),
    pattern("more to at most", "A > B", "A <= B"),
    pattern("equal to unequal", "A == B", "A != B"),
    pattern("equal to at least", "A == B", "A >= B"),
    pattern("opposite condition dropped", "~A", "A"),
)

FUNCTIONS = (
    *ELEMENTARY,
    *OWN,
    Operator("another function", "F(A)  ->  G(A), another function of the module", neighbour),
    *CHOICES,
)
